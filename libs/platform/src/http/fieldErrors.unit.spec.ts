import { expect, it } from 'vitest';
import { z } from 'zod';
import { fieldErrors } from './fieldErrors.ts';

const wrong = (schema: z.ZodType, input: unknown) => fieldErrors(schema.safeParse(input).error?.issues ?? [], input);

it('the error of a list that came as one text says which of its parts is wrong, not that it is missing', () => {
  const keys = z.object({ keys: z.preprocess((text) => String(text).split(','), z.array(z.enum(['owner', 'item']))) });
  expect(wrong(keys, { keys: 'owner,colour' })).toEqual([{ pointer: '/keys/1', detail: 'expected "owner" or "item"' }]);
});

it('the error of a field that is not there says that it is missing', () => {
  expect(wrong(z.object({ tracking: z.enum(['a', 'b']) }), {})).toEqual([{ pointer: '/tracking', detail: 'missing' }]);
});

it('at most ten wrong fields are named, and a name that a sender made up is cut', () => {
  const numbers = z.strictObject({ list: z.array(z.int()) });
  const found = wrong(numbers, { list: Array.from({ length: 5_000 }, () => 'x') });
  expect(found.map(({ pointer }) => pointer)).toEqual(Array.from({ length: 10 }, (_, i) => `/list/${i}`));
  const unknown = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}${'x'.repeat(10_000)}`, 1]));
  const named = wrong(numbers, { list: [], ...unknown });
  expect(named).toHaveLength(10);
  expect(JSON.stringify(named).length).toBeLessThan(10 * 400);
});

it('the error of a text that is too long says its bound, also where one value was taken besides', () => {
  const attribute = z.union([z.literal(''), z.string().max(3), z.boolean()]);
  expect(wrong(z.object({ foo: attribute }), { foo: 'abcd' })).toEqual([
    { pointer: '/foo', detail: 'at most 3 characters' },
  ]);
});

it('the error of a value of another type says which types there are, also where one value was taken besides', () => {
  const attribute = z.union([z.literal(''), z.string().max(3), z.boolean(), z.int32()]);
  const detail = (foo: unknown) => wrong(z.object({ foo: attribute }), { foo })[0]?.detail;
  expect(detail(5.5)).toBe('expected string or boolean or whole number, got number');
  expect(detail({})).toBe('expected string or boolean or number, got object');
  const from = (sent: unknown) =>
    wrong(z.object({ from: z.union([z.literal('new'), z.array(z.string())]) }), { from: sent })[0]?.detail;
  expect(from(5)).toBe('expected "new" or array, got number');
  expect(from('old')).toBe('expected "new"');
});
