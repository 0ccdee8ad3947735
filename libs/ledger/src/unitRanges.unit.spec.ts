import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { expandRange, lengthOf, rangeOf, rangesOf, type SerialRange } from '#contracts/serials';
import { outside, UnitMap, type UnitRange } from './unitRanges.ts';

const ranges = fc
  .record({
    item: fc.constantFrom('D1', 'D2'),
    prefix: fc.constantFrom('A-', 'A-0', '1', 'B1x'),
    digits: fc.constantFrom(4, 5),
    from: fc.nat(4_000),
    length: fc.oneof(fc.nat(3), fc.nat(3_000)),
  })
  .map(({ item, prefix, digits, from, length }): UnitRange => {
    const [range] = rangesOf({ prefix, digits, from, to: from + length });
    if (range === undefined) throw new Error('a range is a range');
    return { item, ...range };
  });
const units = ({ item, ...range }: UnitRange): string[] => expandRange(range).map((serial) => `${item} ${serial}`);
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

describe('a map of units that is kept by ranges', () => {
  it('has the values that a map of single units has, in whatever order ranges are put, overlapping or not', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ranges, fc.nat(3)), { maxLength: 12 }), ranges, (puts, asked) => {
        const map = new UnitMap<number>();
        const plain = new Map<string, number>();
        for (const [range, value] of puts) {
          map.put(range, value);
          for (const unit of units(range)) plain.set(unit, value);
        }
        const all = [...map.all()].flatMap(({ value, ...range }) => units(range).map((unit) => `${unit} ${value}`));
        expect(sorted(all)).toEqual(sorted([...plain].map(([unit, value]) => `${unit} ${value}`)));
        const pieces = map.pieces(asked).flatMap(({ value, ...piece }) => units(piece).map((unit) => [unit, value]));
        expect(pieces).toEqual(units(asked).map((unit) => [unit, plain.get(unit)]));
      }),
      { numRuns: 60 },
    );
  });

  it('leaves of a range what others do not take out of it, with what stands beside it', () => {
    const range = { item: 'D1', prefix: 'A-', digits: 4, from: 1, to: 1_200, account: 'here' };
    const taken = [3, 5, 6].map((number) => ({ ...range, from: number, to: number }));
    expect(outside([range], taken).map(({ from, to, account }) => [from, to, account])).toEqual([
      [1, 2, 'here'],
      [4, 4, 'here'],
      [7, 1_200, 'here'],
    ]);
  });

  it('finds a unit again however its range was written', () => {
    const map = new UnitMap<string>();
    const put = (range: SerialRange) => {
      for (const one of rangesOf(range)) map.put({ item: 'D1', ...one }, 'there');
    };
    put({ prefix: 'H100-0', from: 10, to: 99, digits: 3 });
    put({ prefix: '99999', from: 0, to: 9, digits: 12 });
    for (const serial of ['H100-0010', 'H100-0099', '99999000000000009']) {
      expect(map.pieces({ item: 'D1', ...rangeOf(serial) })).toMatchObject([{ value: 'there' }]);
    }
    for (const serial of ['H100-010', 'H100-0100', 'H100-00010', 'H100-']) {
      expect(map.pieces({ item: 'D1', ...rangeOf(serial) })).toMatchObject([{ value: undefined }]);
    }
  });

  it('takes as many entries as it has ranges, and not as many as there are units', () => {
    const map = new UnitMap<string>();
    map.put({ item: 'D1', prefix: 'A', digits: 6, from: 1, to: 100_000 }, 'there');
    map.put({ item: 'D1', prefix: 'A', digits: 6, from: 500, to: 500 }, 'elsewhere');
    expect([...map.all()].map(lengthOf)).toEqual([499, 1, 99_500]);
  });
});
