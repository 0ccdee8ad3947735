import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { ActivityRow } from '#contracts/activityRows';
import { askRows } from '../api/client.ts';
import { ledgerPath } from '../api/paths.ts';
import { onEvents, useLive } from '../api/live.ts';
import { useSettled } from '../api/pace.ts';
import { usePlace } from '../url/usePlace.ts';
import { everyOf, merged, MOST_TICKS, stretchAt, type Tick, ticksOf, type Told, withTold } from './scale.ts';

/** When a ledger was opened is no part of its story: it may be years after what it is told. */
const OPENED = 1;
/** Whoever rests at a moment for so long may step from there. */
const RESTS_MS = 250;

const NONE: Told = { rows: [], every: 1 };

/** The events of the ledger as ticks, of a long ledger some of them from the first to the last; and each that comes. */
export function useTicks(): { readonly ticks: readonly Tick[]; readonly every: number } {
  const { ledger = '' } = usePlace();
  const { head } = useLive();
  const queries = useQueryClient();
  const { data = NONE } = useQuery({
    queryKey: [ledger, 'ticks'],
    queryFn: async ({ signal }) => {
      await drawn();
      return askTicks(ledger, head, signal);
    },
    staleTime: Infinity,
  });
  useEffect(
    () =>
      onEvents((events) => {
        const come = events.map(({ sequence, type, subject, time }) => ({
          ...{ sequence: Number(sequence), type, subject, occurred: time },
        }));
        queries.setQueryData<Told>([ledger, 'ticks'], (before) => before && withTold(before, come));
      }),
    [ledger, queries],
  );
  return { ticks: useMemo(() => ticksOf(data.rows), [data]), every: data.every };
}

/** When what the page has is drawn: a thousand ticks are more work than the first view, which would wait for them. */
const drawn = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });

/** One event of each so many, with the first: a million are told by a thousand. */
async function askTicks(ledger: string, head: number, signal: AbortSignal): Promise<Told> {
  const every = everyOf(head);
  const path = `${ledgerPath(ledger)}/activity`;
  const sample = { every: every === 1 ? undefined : every, 'min-sequence': head };
  const [{ rows }, first] = await Promise.all([
    askRows<ActivityRow>(path, sample, signal, MOST_TICKS),
    every === 1 ? undefined : askRows<ActivityRow>(path, { known: OPENED + 1 }, signal, 1),
  ]);
  return withTold(
    { rows: [], every },
    [...(first?.rows ?? []), ...rows].filter(({ sequence }) => sequence > OPENED),
  );
}

/**
 * The ticks with all events around the moment that is chosen, when the handle was let go and it has been so for a while: so each event can be stepped to, however many
 * there are. `isThere` says whether they are.
 */
export function useNear({ ticks, every }: ReturnType<typeof useTicks>, isHeld: boolean) {
  const { ledger = '', at } = usePlace();
  const upTo = useMemo(() => (every === 1 ? undefined : stretchAt(ticks, at)), [ticks, at, every]);
  const settled = useSettled(upTo, RESTS_MS);
  const { data, isError } = useQuery({
    queryKey: [ledger, 'ticks around', upTo, every],
    queryFn: async ({ signal }) =>
      ticksOf((await askRows<ActivityRow>(`${ledgerPath(ledger)}/activity`, { known: upTo }, signal, every)).rows),
    enabled: !isHeld && upTo !== undefined && settled === upTo,
    staleTime: Infinity,
  });
  const around = upTo === undefined ? undefined : data;
  const near = useMemo(() => (around === undefined ? ticks : merged(ticks, around)), [ticks, around]);
  return { near, isThere: upTo === undefined || around !== undefined || isError };
}
