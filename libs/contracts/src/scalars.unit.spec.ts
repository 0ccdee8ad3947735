import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { Count, Day, Evidence, Id, LedgerId, Moment, Money, Quantity, Window } from './scalars.ts';

const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe('an id', () => {
  it.each(['t', 'tesla', 'PO-TSLA-1', '0001', 'a.b:c~d@e+f#g_h', 'x'.repeat(100)])('may be %s', (id) => {
    expect(takes(Id, id)).toBe(true);
  });

  it.each(['', ' tesla', 'tes la', 'a/b', 'a|b', '-a', '__proto__', 'ä', 'a\n', 'x'.repeat(101), 1, null])(
    'is never %j, because ids stand in paths, subjects and joined keys as they are',
    (id) => {
      expect(takes(Id, id)).toBe(false);
    },
  );

  it('that names a ledger is lower case and short, because it is part of file names and metrics', () => {
    expect(['nvidia', '1-a', 'n'.repeat(63)].every((id) => takes(LedgerId, id))).toBe(true);
    expect(['Nvidia', 'a.b', 'a_b', '-a', '', 'n'.repeat(64)].some((id) => takes(LedgerId, id))).toBe(false);
  });
});

describe('a quantity', () => {
  it('is a whole number from 1 to 2,147,483,647; a count may be 0', () => {
    expect([1, 2 ** 31 - 1].every((n) => takes(Quantity, n) && takes(Count, n))).toBe(true);
    expect([0, -1, 1.5, 2 ** 31, 1e300, NaN, Infinity, '1', null].some((n) => takes(Quantity, n))).toBe(false);
    expect([takes(Count, 0), takes(Count, -1)]).toEqual([true, false]);
  });
});

describe('a moment', () => {
  it.each([
    '2023-12-31T10:00:00Z',
    '2023-12-31T10:00:00.123456789Z',
    '2024-02-29T23:59:59+14:00',
    '2024-02-29T00:00:00-00:30',
  ])('may be %s', (moment) => {
    expect(takes(Moment, moment)).toBe(true);
  });

  it.each([
    ['without an offset', '2023-12-31T10:00:00'],
    ['a day alone', '2023-12-31'],
    ['without seconds', '2023-12-31T10:00Z'],
    ['a day that is not', '2023-02-29T10:00:00Z'],
    ['the 31st of a month of 30 days', '2023-04-31T10:00:00Z'],
    ['an hour that is not', '2023-12-31T25:00:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset that is not', '2023-12-31T10:00:00+24:00'],
    ['lower case', '2023-12-31t10:00:00z'],
    ['with something after it', '2023-12-31T10:00:00Z '],
  ])('is refused %s', (_, moment) => {
    expect(takes(Moment, moment)).toBe(false);
  });
});

describe('a day and a window', () => {
  it('a day is one of the calendar', () => {
    expect(['2024-02-29', '2023-12-31'].every((day) => takes(Day, day))).toBe(true);
    expect(
      ['2023-02-29', '2023-13-01', '23-01-01', '2023-1-1', '2023-12-31T00:00:00Z'].some((day) => takes(Day, day)),
    ).toBe(false);
  });

  it('a window is one day at least, and never ends before it starts: the end is what is wrong', () => {
    expect(takes(Window, { from: '2024-01-01', to: '2024-01-01' })).toBe(true);
    const wrong = Window.safeParse({ from: '2024-01-02', to: '2024-01-01' });
    expect(wrong.error?.issues.map(({ path }) => path)).toEqual([['to']]);
    expect(takes(Window, { from: '2024-01-01', to: '2024-01-31', until: '' })).toBe(false);
  });
});

describe('money and evidence', () => {
  it('money is a decimal string with its currency, never a float', () => {
    expect(takes(Money, { amount: '30000.00', currency: 'USD' })).toBe(true);
    for (const amount of [30_000, '30,000', '-1', '01', '1.', '.5', '1e3', '']) {
      expect(takes(Money, { amount, currency: 'USD' })).toBe(false);
    }
    expect(takes(Money, { amount: '1', currency: 'usd' })).toBe(false);
  });

  it('evidence is an address, and a hash in lower-case hex', () => {
    const uri = 'https://example.org/memo.pdf';
    expect(takes(Evidence, { kind: 'memo', uri, sha256: 'a'.repeat(64) })).toBe(true);
    expect(takes(Evidence, { kind: 'memo', uri: 'somewhere' })).toBe(false);
    expect(takes(Evidence, { kind: 'memo', uri, sha256: 'A'.repeat(64) })).toBe(false);
  });
});
