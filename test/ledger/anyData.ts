import fc from 'fast-check';
import { z } from 'zod';
import { catalog, type EventType } from '#contracts/catalog';
import type { Told } from './facts.ts';

const parties = ['nvidia', 'amd', 'tesla', 'x', 'xai', 'dhl', 'nobody', '__proto__1', 'constructor'];

/** Ids that a ledger may know, and some that it never does, by the name of their field. */
const ids: Readonly<Record<string, readonly string[]>> = {
  order: ['PO-1', 'PO-2', 'PO-X', 'PO-D', 'toString'],
  line: ['1', '2', 'hasOwnProperty'],
  item: ['H100', 'D1', 'B200'],
  shipment: ['S-1', 'S-2', 'S-9'],
  swap: ['SW-1', 'SW-2', 'SW-3'],
  reallocation: ['RA-1', 'RA-2'],
  return: ['R-1', 'R-2'],
  hold: ['H-1', 'H-2', 'H-3'],
};
const texts: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['party', 'buyer', 'supplier', 'consignee', 'carrier', 'owner', 'custodian', 'by'].map((f) => [f, parties]),
  ),
  ...ids,
  uri: ['https://example.org/memo'],
  sha256: ['0'.repeat(64)],
  expires: ['2023-01-01T00:00:00Z', '2030-01-01T00:00:00+02:00'],
  until: ['2023-01-01T00:00:00Z', '2030-01-01T00:00:00+02:00'],
  amount: ['0', '30000.00'],
  currency: ['USD'],
  prefix: ['D-', ''],
};
/** Days, parties, serial numbers: whatever a string of another name may stand for; the schema says which of them it takes. */
const others = [...parties, '2023-12-01', '2024-06-30', 'D-1', 'D-2'];
const numbers = [0, 1, 2, 3, 5, 10, 11, 12, 100, 2 ** 31 - 1];

/** Any data that the contract takes as this type, over a small world, so that it often meets something that is there. */
export const anyData = (type: EventType): fc.Arbitrary<Told> =>
  any(catalog[type].submitted, '')
    .filter((data) => catalog[type].submitted.safeParse(data).success)
    .map((data) => ({ type, data }) as Told);

/** Follows the shape of a schema; what its checks ask for beyond that is left to the filter. */
function any(schema: z.ZodType, field: string): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    const required = Object.keys(shape).filter((key) => !(shape[key] instanceof z.ZodOptional));
    const fields = Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, any(part, key)]));
    return fc.record(fields, { requiredKeys: required });
  }
  if (schema instanceof z.ZodOptional) return any(schema.unwrap() as z.ZodType, field);
  if (schema instanceof z.ZodArray) {
    return fc.array(any(schema.element as z.ZodType, field), { minLength: 1, maxLength: 3 });
  }
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map((option) => any(option as z.ZodType, field)));
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return fc.constantFrom(...numbers).filter((n) => schema.safeParse(n).success);
  const taken = (texts[field] ?? others).filter((text) => schema.safeParse(text).success);
  return fc.constantFrom(...(taken.length > 0 ? taken : ['text']));
}
