import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { z } from 'zod';
import { serialsBeyond } from './bounded.ts';
import { catalog, eventTypes } from './catalog.ts';
import {
  countDistinct,
  distinctOf,
  countSerials,
  expandRange,
  expandSerials,
  MAX_SERIALS,
  rangeOf,
  rangesOf,
  Serials,
  serialAt,
  serialsOf,
} from './serials.ts';

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

  it('mean the same units as ranges as they do one by one, and can be published as ranges again', () => {
    const part = fc.oneof(
      fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', '0', '1', '9', '|') }),
      fc.stringMatching(/^[a-z0-9]{59}[0-9]{3}$/),
      fc
        .record({
          prefix: fc.constantFrom('', 'a', 'a1', '0'.repeat(50)),
          from: fc.nat(120),
          more: fc.nat(9),
          digits: fc.constantFrom(3, 4, 12),
        })
        .map(({ more, ...range }) => ({ ...range, to: range.from + more })),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 30 }), (serials) => {
        const written = expandSerials(serials);
        const ranges = rangesOf(serials);
        expect(ranges.flatMap(expandRange)).toEqual(written);
        expect(countDistinct(ranges)).toBe(new Set(written).size);
        const once = distinctOf(ranges);
        expect(once.flatMap(expandRange).sort()).toEqual([...new Set(written)].sort());
        expect(
          once.some((a) => once.some((b) => a.from === b.to + 1 && a.prefix === b.prefix && a.digits === b.digits)),
        ).toBe(false);
        const published = serialsOf(ranges);
        expect(takes(published)).toBe(true);
        expect(expandSerials(published)).toEqual(written);
        for (const serial of written) expect(serialAt(rangeOf(serial), rangeOf(serial).from)).toBe(serial);
      }),
    );
  });

  it('that follow each other in a list are one range', () => {
    const list = Array.from({ length: 2_000 }, (_, n) => `H100-${String(n + 1).padStart(6, '0')}`);
    expect(rangesOf(list)).toEqual([range(1, 2_000)]);
  });

  it('are 1 to 128 printable ASCII characters as they are on hardware, and so is every number of a range', () => {
    for (const serial of ['SN|1/{}"', 'SN 1', '..', 'x'.repeat(128)])
      expect([serial, takes([serial])]).toEqual([serial, true]);
    for (const serial of ['', ' a', 'a ', 'é1', '１２', 'a\t', 'x'.repeat(129)])
      expect([serial, takes([serial])]).toEqual([serial, false]);
    const from1 = (prefix: string) => ({ prefix, from: 1, to: 100, digits: 3 });
    expect(['', 'SN ', '/|', '.', 'x'.repeat(125)].every((prefix) => takes(from1(prefix)))).toBe(true);
    expect([' SN', 'é', '\u00a0', 'x'.repeat(126)].some((prefix) => takes(from1(prefix)))).toBe(false);
  });
});

describe('the serial numbers of one event', () => {
  it('are counted in all its lines together, before any of them is written out', () => {
    const line = { order: 'PO-1', line: '1', quantity: 100_000, serials: range(1, 100_000) };
    const data = { shipment: 'S-1', consignee: 'x', carrier: 'dhl', lines: Array.from({ length: 150 }, () => line) };
    const { error } = catalog['lading.shipment.dispatched.v1'].submitted.safeParse(data);
    expect(error?.issues).toEqual([
      expect.objectContaining({
        path: ['lines', 1, 'serials'],
        message: expect.stringMatching(/^an event names at most 100000 serial numbers.*200000: divide it/),
      }),
    ]);
    const half = { ...line, serials: range(1, 50_000) };
    expect(catalog['lading.shipment.dispatched.v1'].submitted.safeParse({ ...data, lines: [half, half] }).success).toBe(
      true,
    );
  });

  it('are counted in every field of every type that has some', () => {
    const fieldsOf = (schema: z.ZodType): string[] => {
      if (schema === Serials) return [''];
      if (schema instanceof z.ZodOptional || schema instanceof z.ZodArray) {
        return fieldsOf((schema instanceof z.ZodOptional ? schema.unwrap() : schema.element) as z.ZodType);
      }
      if (!(schema instanceof z.ZodObject)) return [];
      return Object.entries(schema.shape).flatMap(([name, part]) =>
        fieldsOf(part as z.ZodType).map((path) => `${name}${path && '.'}${path}`),
      );
    };
    const fields = eventTypes.flatMap((type) => fieldsOf(catalog[type].submitted));
    expect(new Set(fields).size).toBeGreaterThan(4);
    for (const field of fields) {
      const [name = '', within] = field.split('.');
      const some = { [within ?? name]: range(1, 60_000) };
      const data = within === undefined ? some : { [name]: [{}, some, some] };
      expect(serialsBeyond(data, 59_999)?.path.at(-1)).toBe(within ?? name);
    }
  });
});
