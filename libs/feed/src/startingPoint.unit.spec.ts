import { describe, expect, it } from '@jest/globals';
import { startingPoint } from './startingPoint.ts';

const log = { partition: 3, start: 0n, end: 100n, identity: 'monday' };
const hint = (offset: number, of = 'monday', partition = 3) => ({ partition, offset: String(offset), log: of });

describe('where a partition is read on', () => {
  it('is the furthest hint that was taken from this very log', () => {
    const point = startingPoint(log, [hint(40), hint(70), hint(99, 'sunday'), hint(90, 'monday', 4)]);
    expect(point).toEqual({ offset: 70n, warnings: [] });
  });

  it('is the start where nothing was read yet', () => {
    expect(startingPoint(log, [])).toEqual({ offset: 0n, warnings: [] });
  });

  it('may be the end, where all was read', () => {
    expect(startingPoint(log, [hint(100)]).offset).toBe(100n);
  });

  it('is the start, loudly, when the topic was made again, even where the old offset lies within it', () => {
    const { offset, warnings } = startingPoint(log, [hint(50, 'sunday')]);
    expect(offset).toBe(0n);
    expect(warnings).toEqual([expect.stringContaining('is not the one that was read up to offset 50')]);
  });

  it('is the start, loudly, when the log was cut off before the hint', () => {
    expect(startingPoint(log, [hint(101)])).toMatchObject({
      offset: 0n,
      warnings: [expect.stringContaining('cut off')],
    });
  });

  it('is the first offset that is left, loudly, when the broker deleted events', () => {
    const { offset, warnings } = startingPoint({ ...log, start: 30n }, [hint(20)]);
    expect(offset).toBe(30n);
    expect(warnings[0]).toContain('has deleted the events before offset 30');
  });
});
