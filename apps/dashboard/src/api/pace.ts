import { useEffect, useState } from 'react';

/** Which moment is asked about: the one that is chosen, and at least up to an event that is known to be there. */
export interface Moment {
  readonly at?: string | undefined;
  readonly known?: number;
  readonly 'min-sequence'?: number;
}

/** Whoever rests at a moment for so long wants it, and not the one that is still being asked about. */
const RESTS_MS = 250;
/** What is about now is not asked again for as long as the last answer took, but never longer than this. */
const MOST_PAUSE_MS = 10_000;

export const chosenIn = ({ at, known }: Moment): string => JSON.stringify([at, known]);

/**
 * One question is on its way at a time, and the next is about what is wanted by then: a handle that is dragged, and fifty events a second, are
 * answered all along, and no answer is thrown away because a newer one is wanted.
 *
 * @param pause milliseconds until as much time has passed since the last answer as it took
 * @returns in how many milliseconds to ask about what is wanted; undefined: not until something changes
 */
export function waitFor(wanted: Moment, asked: Moment, isAsking: boolean, pause: number): number | undefined {
  if (JSON.stringify(wanted) === JSON.stringify(asked)) return undefined;
  if (chosenIn(wanted) !== chosenIn(asked)) return isAsking ? RESTS_MS : 0;
  return isAsking ? undefined : Math.min(Math.max(0, pause), MOST_PAUSE_MS);
}

/** What a value was when it last stayed the same for so long. */
export function useSettled<T extends string | number | undefined>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(value);
    }, ms);
    return () => {
      clearTimeout(timer);
    };
  }, [value, ms]);
  return settled;
}

/** What waits becomes faint after so long. A transition that waits as long would draw the page anew sixty times a second meanwhile. */
const FAINT_MS = 200;

/** Whether something has been so for longer than nobody minds. */
export function useLasting(isSo: boolean): boolean {
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    if (!isSo) return;
    const timer = setTimeout(() => {
      setIsLong(true);
    }, FAINT_MS);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [isSo]);
  return isSo && isLong;
}

interface Turn {
  readonly ledger: string;
  readonly moment: Moment;
}

/** Whose turn it is to be asked about: of what is wanted, the one that `useNext` let pass. */
export function useTurn(ledger: string, wanted: Moment) {
  const [turn, setTurn] = useState<Turn>({ ledger, moment: wanted });
  return { moment: turn.ledger === ledger ? turn.moment : wanted, setTurn };
}

/** Gives the turn to what is wanted now, when that is due. @param due when as much time will have passed since the last answer as it took */
export function useNext(
  ledger: string,
  wanted: Moment,
  { moment, setTurn }: ReturnType<typeof useTurn>,
  isAsking: boolean,
  due: number,
): void {
  const [next, now] = [JSON.stringify(wanted), JSON.stringify(moment)];
  // Not after the page was drawn for the moment, which takes as long as the answer: the question goes out first.
  if (chosenIn(wanted) !== chosenIn(moment) && !isAsking) setTurn({ ledger, moment: wanted });
  useEffect(() => {
    const asked = JSON.parse(next) as Moment;
    const wait = waitFor(asked, JSON.parse(now) as Moment, isAsking, due - Date.now());
    if (wait === undefined) return;
    const timer = setTimeout(() => {
      setTurn({ ledger, moment: asked });
    }, wait);
    return () => {
      clearTimeout(timer);
    };
  }, [ledger, next, now, isAsking, due, setTurn]);
}
