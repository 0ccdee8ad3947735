import { describe, expect, it } from '@jest/globals';
import { countSerials, expandSerials, MAX_SERIALS, Serials } from './serials.ts';

const range = (from: number, to: number, digits = 6) => ({ prefix: 'H100-', from, to, digits });
const takes = (serials: unknown) => Serials.safeParse(serials).success;

describe('serial numbers', () => {
  it('are a list, a range, or both, and are kept as they are given', () => {
    for (const given of [['a', 'b'], range(1, 12_000), ['a', range(1, 3), 'b']]) {
      expect(Serials.parse(given)).toEqual(given);
    }
  });

  it('that are given as a range are written out with all their digits, both ends included', () => {
    expect(expandSerials(range(9, 11, 3))).toEqual(['H100-009', 'H100-010', 'H100-011']);
    expect(expandSerials(['x', range(1, 2, 1), 'y'])).toEqual(['x', 'H100-1', 'H100-2', 'y']);
  });

  it('are counted without being written out', () => {
    expect(countSerials(range(1, 12_000))).toBe(12_000);
    expect(countSerials(['x', range(7, 7), range(1, 2)])).toBe(4);
  });

  it('never run backwards, nor out of digits', () => {
    expect(Serials.safeParse(range(2, 1)).success).toBe(false);
    expect(takes(range(1, 1_000, 3))).toBe(false);
    expect(takes(range(1, 999, 3))).toBe(true);
  });

  it('are some, but no more than one event can name', () => {
    expect(takes([])).toBe(false);
    expect(takes(range(1, MAX_SERIALS))).toBe(true);
    expect(takes(range(0, MAX_SERIALS))).toBe(false);
    expect(takes([range(1, MAX_SERIALS), 'one more'.replace(/ /g, '')])).toBe(false);
  });

  it('are printable and without blanks', () => {
    expect(takes(['SN|1/ä'])).toBe(false);
    expect(takes(['a b'])).toBe(false);
    expect(takes(['x'.repeat(65)])).toBe(false);
    expect(takes(['SN|1/{}"'])).toBe(true);
  });
});
