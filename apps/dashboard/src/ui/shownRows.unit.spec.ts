import { describe, expect, it } from 'vitest';
import { shownOf } from './shownRows.ts';

describe('a long table', () => {
  const count = 100_000;
  it.each([0, 5_000, 44 * 50_000, 44 * 99_990, 44 * 200_000, -300])(
    'has the rows that can be seen when it is scrolled by %s pixels, and never many more',
    (top) => {
      const { from, to } = shownOf({ count, top, view: 900, height: 44 });
      const [first, last] = [Math.floor(Math.max(0, top) / 44), Math.floor((Math.max(0, top) + 900) / 44)];
      expect(from).toBeLessThanOrEqual(Math.min(first, count - 20));
      expect(to).toBeGreaterThanOrEqual(Math.min(last, count));
      expect(to).toBeLessThanOrEqual(count);
      expect(to - from).toBeLessThan(100);
    },
  );

  it('stays as it is while a few rows are scrolled by', () => {
    const at = (top: number) => shownOf({ count, top, view: 900, height: 44 });
    expect(at(44 * 101)).toEqual(at(44 * 104));
  });

  it('is empty without rows', () => {
    expect(shownOf({ count: 0, top: 0, view: 900, height: 44 })).toEqual({ from: 0, to: 0 });
  });
});
