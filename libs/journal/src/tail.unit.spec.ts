import { describe, expect, it } from 'vitest';
import type pg from 'pg';
import { PageReader } from './tail.ts';

/** Nothing is read. */
const nowhere = undefined as unknown as pg.Pool;
const page = (...sizes: number[]) => sizes.map((size) => ({ bytes: Buffer.alloc(size) }));

describe('the size of a page', () => {
  it('is reckoned with the largest possible events until a page was read', () => {
    expect(new PageReader(nowhere).within({ bytes: 1_000_000, events: 1_000 })).toBe(15);
  });

  it('is reckoned with the events of the last page, is at most the number asked for, and is never zero', () => {
    const size = new PageReader(nowhere);
    const within = (bytes: number, events: number) => size.within({ bytes, events, overhead: 100 });
    size.learn(page(900, 900));
    expect(within(100_000, 1_000)).toBe(100);
    expect(within(100_000, 50)).toBe(50);
    expect(within(10, 50)).toBe(1);
    size.learn([]);
    size.learn(page(9_900));
    expect(within(100_000, 1_000)).toBe(10);
  });
});
