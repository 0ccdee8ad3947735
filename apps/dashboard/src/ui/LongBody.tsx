import { type ReactNode, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type Shown, shownOf } from './shownRows.ts';

/** Shorter tables are there as a whole: they can be searched by the browser itself. Longer ones would take too long at every step of the bar of time. */
const LONG = 60;
const FIRST_HEIGHT = 44;
/** So many rows are printed. */
const PRINTED = 2000;

interface Props<T> {
  readonly rows: readonly T[];
  readonly columns: number;
  /** The end is near: more rows can be asked for. */
  readonly onEnd?: (() => void) | undefined;
  /** A row, and the place of it in its table, whose head is 1. */
  readonly children: (row: T, place: number) => ReactNode;
}

/** The body of a table that may have a hundred thousand rows, of which those that can be seen are there. */
export function LongBody<T>({ rows, columns, onEnd, children }: Props<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const height = useRef(FIRST_HEIGHT);
  // Before anybody knows where the table stands.
  const [shown, setShown] = useState<Shown>(() => ({ from: 0, to: Math.ceil(window.innerHeight / FIRST_HEIGHT) }));
  const isPrinted = useIsPrinted();
  const count = rows.length;
  const { from, to } = isPrinted
    ? { from: 0, to: Math.min(count, PRINTED) }
    : count <= LONG
      ? { from: 0, to: count }
      : { from: Math.min(shown.from, Math.max(0, count - 1)), to: Math.min(shown.to, count) };
  const end = useRef(onEnd);
  useEffect(() => {
    end.current = onEnd;
  });

  useEffect(() => {
    let frame: number | undefined;
    const look = () => {
      frame = undefined;
      height.current = heightOf(body.current) ?? height.current;
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      const next = shownOf({ count, top, view: window.innerHeight, height: height.current });
      setShown((now) => (now.from === next.from && now.to === next.to ? now : next));
      if (next.to >= count) end.current?.();
    };
    const later = () => {
      frame ??= requestAnimationFrame(look);
    };
    later();
    window.addEventListener('scroll', later, { passive: true });
    window.addEventListener('resize', later);
    return () => {
      if (frame !== undefined) cancelAnimationFrame(frame);
      window.removeEventListener('scroll', later);
      window.removeEventListener('resize', later);
    };
  }, [count]);

  return (
    <tbody ref={body}>
      <Room height={from * height.current} columns={columns} />
      {rows.slice(from, to).map((row, i) => children(row, from + i + 2))}
      <Room height={(count - to) * height.current} columns={columns} />
    </tbody>
  );
}

/**
 * How high the rows that are there are: texts wrap on narrow screens. It is asked where somebody scrolled, and not with every answer: the browser
 * has to lay the table out for it at once, which was a fifth of the time of a step of the bar of time.
 */
function heightOf(body: HTMLTableSectionElement | null): number | undefined {
  const all = [...(body?.rows ?? [])].filter((row) => row.ariaHidden !== 'true');
  const [first, last] = [all[0]?.getBoundingClientRect().top, all.at(-1)?.getBoundingClientRect().bottom];
  return first !== undefined && last !== undefined && last > first ? (last - first) / all.length : undefined;
}

/** Before the page is printed, what is printed has to be in it. */
function useIsPrinted(): boolean {
  const [isPrinted, setIsPrinted] = useState(false);
  useEffect(() => {
    const print = (isOn: boolean) => () => {
      flushSync(() => {
        setIsPrinted(isOn);
      });
    };
    const [before, after] = [print(true), print(false)];
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  return isPrinted;
}

/** As high as the rows that are not there. */
function Room({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="room">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
