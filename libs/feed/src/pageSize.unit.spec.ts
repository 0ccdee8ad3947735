import { describe, expect, it } from '@jest/globals';
import { PageSize } from './pageSize.ts';

const page = (...sizes: number[]) => sizes.map((size) => ({ bytes: Buffer.alloc(size) }));

describe('the size of a page', () => {
  it('supposes the largest events until it has seen some', () => {
    expect(new PageSize().within(1_000_000, 1_000)).toBe(15);
  });

  it('follows what the last page was like, up to the events asked for, and is never nothing', () => {
    const size = new PageSize(100);
    size.learn(page(900, 900));
    expect(size.within(100_000, 1_000)).toBe(100);
    expect(size.within(100_000, 50)).toBe(50);
    expect(size.within(10, 50)).toBe(1);
    size.learn([]);
    size.learn(page(9_900));
    expect(size.within(100_000, 1_000)).toBe(10);
  });
});
