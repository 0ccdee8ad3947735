import type { Page } from './client.ts';

/** A line of an event. */
export interface Numbered {
  readonly sequence: number;
  readonly voids?: number | null;
  readonly voidedBy?: number | null;
}

interface Pages<T> {
  pages: Page<T>[];
  pageParams: (string | undefined)[];
}

/** Whoever looks at the newest is shown so many at the most, however long the page is open. */
const MOST_LIVE = 1_000;

/**
 * A list that begins with the newest, after more were recorded: they stand before it. Where they do not reach what is there, or it has grown
 * long while somebody looked at its beginning, it begins anew.
 *
 * @param scrolled how far the page is scrolled, in pixels
 */
export function withNewest<T extends Numbered>(before: Pages<T>, newest: Page<T>, scrolled: number): Pages<T> {
  const top = before.pages[0]?.data[0]?.sequence ?? 0;
  const come = newest.data.filter(({ sequence }) => sequence > top);
  const reaches = newest.data.some(({ sequence }) => sequence <= top);
  const count = before.pages.reduce((sum, { data }) => sum + data.length, come.length);
  const isLong = scrolled < 400 && count > MOST_LIVE;
  if ((!reaches && newest.next !== null) || isLong) return { pages: [newest], pageParams: [undefined] };
  const takenBack = new Map(come.flatMap(({ sequence, voids }) => (voids == null ? [] : [[voids, sequence]])));
  const asTakenBack = (row: T): T =>
    takenBack.has(row.sequence) ? { ...row, voidedBy: takenBack.get(row.sequence) ?? null } : row;
  const pages = before.pages.map((page, i) => ({
    ...page,
    ...(i === 0 && newest.sequence !== undefined && { sequence: newest.sequence }),
    data: [...(i === 0 ? come : []), ...(takenBack.size === 0 ? page.data : page.data.map(asTakenBack))],
  }));
  return { pages, pageParams: before.pageParams };
}
