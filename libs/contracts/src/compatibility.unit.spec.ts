import { describe, expect, it } from '@jest/globals';
import { incompatibilities } from './compatibility.ts';
import type { JsonSchema } from './jsonSchema.ts';

const line: JsonSchema = {
  type: 'object',
  properties: {
    order: { type: 'string', maxLength: 100, pattern: '^[A-Z]' },
    quantity: { type: 'integer', minimum: 1, maximum: 100 },
    stage: { type: 'string', enum: ['held', 'damaged'] },
  },
  required: ['order', 'quantity'],
  additionalProperties: false,
};
const published: JsonSchema = {
  type: 'object',
  properties: {
    lines: { type: 'array', items: line, minItems: 1, maxItems: 10 },
    reason: { anyOf: [{ type: 'string', const: 'a' }, { type: 'null' }] },
    facts: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} },
  },
  required: ['lines'],
  additionalProperties: false,
};

type Mutable = Record<string, Mutable>;
const changedBy = (change: (schema: Mutable) => void): JsonSchema => {
  const copy = structuredClone(published) as unknown as Mutable;
  change(copy);
  return copy;
};
const lineOf = (schema: Mutable) => schema['properties']!['lines']!['items']!;
const set = (schema: Mutable, key: string, value: unknown) => {
  schema[key] = value as Mutable;
};

describe('a change to a published schema', () => {
  const refused: [string, string, (schema: Mutable) => void][] = [
    ['a property is taken out', '/lines/items/stage', (s) => delete lineOf(s)['properties']!['stage']],
    [
      'a property becomes required',
      '/lines/items/stage',
      (s) => set(lineOf(s), 'required', ['order', 'quantity', 'stage']),
    ],
    ['a new property is required', '/by', (s) => set(s, 'required', ['lines', 'by'])],
    ['a type is narrowed', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'type', 'integer')],
    ['a value of an enum goes', '/lines/items/stage', (s) => set(lineOf(s)['properties']!['stage']!, 'enum', ['held'])],
    ['free text gets an enum', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'enum', ['PO-1'])],
    ['a minimum rises', '/lines/items/quantity', (s) => set(lineOf(s)['properties']!['quantity']!, 'minimum', 2)],
    ['a maximum falls', '/lines/items/quantity', (s) => set(lineOf(s)['properties']!['quantity']!, 'maximum', 99)],
    ['a text gets shorter', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'maxLength', 50)],
    ['a limit appears', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'minLength', 3)],
    ['a pattern changes', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'pattern', '^[A-F]')],
    ['a format appears', '/lines/items/order', (s) => set(lineOf(s)['properties']!['order']!, 'format', 'uuid')],
    ['a list gets shorter', '/lines', (s) => set(s['properties']!['lines']!, 'maxItems', 5)],
    [
      'an alternative goes',
      '/reason/alternative 1',
      (s) => set(s['properties']!, 'reason', { type: 'string', const: 'a' }),
    ],
    ['open facts are closed', '/facts', (s) => set(s['properties']!['facts']!, 'additionalProperties', false)],
    ['a keyword appears that nobody judges', '/lines', (s) => set(s['properties']!['lines']!, 'uniqueItems', true)],
  ];
  it.each(refused)('is refused when %s', (_what, where, change) => {
    const reasons = incompatibilities(published, changedBy(change));
    expect(reasons).not.toHaveLength(0);
    expect(reasons.some((reason) => reason.startsWith(where))).toBe(true);
  });

  const allowed: [string, (schema: Mutable) => void][] = [
    ['an optional property is added', (s) => set(s['properties']!, 'note', { type: 'string' })],
    ['a required property becomes optional', (s) => set(lineOf(s), 'required', ['order'])],
    ['an enum grows', (s) => set(lineOf(s)['properties']!['stage']!, 'enum', ['held', 'damaged', 'ordered'])],
    ['limits widen', (s) => set(lineOf(s)['properties']!['quantity']!, 'maximum', 1000)],
    ['a limit goes', (s) => delete lineOf(s)['properties']!['order']!['maxLength']],
    ['an integer may be any number', (s) => set(lineOf(s)['properties']!['quantity']!, 'type', 'number')],
    [
      'an alternative is added',
      (s) => set(s['properties']!['reason']!, 'anyOf', [{ type: 'null' }, { type: 'string' }]),
    ],
    [
      'one thing becomes a choice',
      (s) => set(s['properties']!, 'lines', { anyOf: [{ type: 'null' }, s['properties']!['lines']] }),
    ],
    ['unknown properties are taken', (s) => delete s['additionalProperties']],
    ['a description changes', (s) => set(s, 'description', 'better words')],
  ];
  it.each(allowed)('is taken when %s', (_what, change) => {
    expect(incompatibilities(published, changedBy(change))).toEqual([]);
  });
});
