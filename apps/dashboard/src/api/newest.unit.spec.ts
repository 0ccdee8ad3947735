import { describe, expect, it } from 'vitest';
import { type Numbered, withNewest } from './newest.ts';

const row = (sequence: number, voids: number | null = null): Numbered => ({ sequence, voids, voidedBy: null });
const page = (sequence: number, sequences: readonly Numbered[], next: string | null = null) => ({
  sequence,
  next,
  data: sequences,
});
type List = ReturnType<typeof withNewest<Numbered>>;
const list = (...pages: List['pages']): List => ({ pages, pageParams: pages.map(() => undefined) });
const sequences = ({ pages }: List) => pages.flatMap(({ data }) => data.map((one) => one.sequence));

describe('a list of events that is looked at while more are recorded', () => {
  const before = list(page(9, [row(9), row(8)], 'c'), page(9, [row(7), row(6)]));

  it('has the new ones before the others, none of them twice, and stands on the newest', () => {
    const after = withNewest(before, page(12, [row(12), row(11), row(9)], 'd'), 0);
    expect(sequences(after)).toEqual([12, 11, 9, 8, 7, 6]);
    expect(after.pages[0]?.sequence).toBe(12);
    expect(after.pages.map(({ next }) => next)).toEqual(['c', null]);
  });

  it('says of an event that was taken back meanwhile by which one', () => {
    const after = withNewest(before, page(10, [row(10, 7), row(9)], 'd'), 0);
    expect(after.pages[1]?.data[0]).toEqual({ sequence: 7, voids: null, voidedBy: 10 });
  });

  it('begins anew where more were recorded than one answer has, so that none is missing between', () => {
    const after = withNewest(before, page(500, [row(500), row(499)], 'd'), 9_000);
    expect(sequences(after)).toEqual([500, 499]);
  });

  it('stays short while its beginning is looked at, and keeps what is scrolled to', () => {
    let live = list(page(1, [row(1)]));
    let scrolled = live;
    for (let head = 2; head <= 1_200; head += 1) {
      const newest = page(head, [row(head), row(head - 1)], 'c');
      live = withNewest(live, newest, 0);
      scrolled = withNewest(scrolled, newest, 9_000);
    }
    expect(sequences(live).length).toBeLessThan(1_001);
    expect(sequences(scrolled)).toHaveLength(1_200);
  });
});
