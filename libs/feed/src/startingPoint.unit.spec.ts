import { describe, expect, it } from 'vitest';
import { startingPoint } from './startingPoint.ts';

const log = { partition: 3, start: 0n, end: 100n, identity: 'monday' };
const hint = (offset: number, of = 'monday', partition = 3) => ({ partition, offset: String(offset), log: of });

describe('where a partition is read on', () => {
  it('a partition is read on from the furthest hint that was taken from this very log', () => {
    const point = startingPoint(log, [hint(40), hint(70), hint(99, 'sunday'), hint(90, 'monday', 4)]);
    expect(point).toEqual({ offset: 70n, warnings: [] });
  });

  it('a partition is read from its start where nothing was read yet', () => {
    expect(startingPoint(log, [])).toEqual({ offset: 0n, warnings: [] });
  });

  it('a partition is read on from its end where everything was read', () => {
    expect(startingPoint(log, [hint(100)]).offset).toBe(100n);
  });

  it('a partition of a topic that was created again is read from its start, with a warning, even where the old offset lies within it', () => {
    const { offset, warnings } = startingPoint(log, [hint(50, 'sunday')]);
    expect(offset).toBe(0n);
    expect(warnings).toEqual([expect.stringContaining('is not the one that was read up to offset 50')]);
  });

  it('a partition whose log was cut off before the hint is read from its start, with a warning', () => {
    expect(startingPoint(log, [hint(101)])).toMatchObject({
      offset: 0n,
      warnings: [expect.stringContaining('cut off')],
    });
  });

  it('a partition whose first events the broker deleted is read from the first offset that is left, with a warning', () => {
    const { offset, warnings } = startingPoint({ ...log, start: 30n }, [hint(20)]);
    expect(offset).toBe(30n);
    expect(warnings[0]).toContain('has deleted the events before offset 30');
  });
});
