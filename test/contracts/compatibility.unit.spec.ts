import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { incompatibilities, WIDENED } from './compatibility.ts';
import type { JsonSchema } from '#contracts/jsonSchema';

const line = {
  type: 'object',
  properties: {
    order: { type: 'string', maxLength: 100, pattern: '^[A-Z]' },
    quantity: { type: 'integer', minimum: 1, maximum: 100 },
    stage: { type: 'string', enum: ['held', 'damaged'] },
  },
  required: ['order', 'quantity'],
  additionalProperties: false,
};
const published = {
  type: 'object',
  properties: {
    lines: { type: 'array', items: line, minItems: 1, maxItems: 10 },
    reason: { anyOf: [{ type: 'string', const: 'a' }, { type: 'null' }] },
    facts: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} },
  },
  required: ['lines'],
  additionalProperties: false,
};

/** The published schema with one thing planted: `path` set to `value`, or taken out. */
function planted(path: string, value?: unknown): JsonSchema {
  const copy = structuredClone(published) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((node, key) => node[key] as Record<string, unknown>, copy);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return copy;
}

const LINE = 'properties.lines.items';
const ORDER = `${LINE}.properties.order`;
const QUANTITY = `${LINE}.properties.quantity`;
const STAGE = `${LINE}.properties.stage`;

describe('a change to a published schema', () => {
  it.each(WIDENED)('may widen the pattern %s: each text that it took is taken by %s', (old, wider) => {
    const pattern = { type: 'string', pattern: old };
    expect(incompatibilities(pattern, { ...pattern, pattern: wider })).toEqual([]);
    expect(incompatibilities({ ...pattern, pattern: wider }, pattern)).not.toEqual([]);
    fc.assert(
      fc.property(fc.stringMatching(new RegExp(old)), (text) => {
        expect(text).toMatch(new RegExp(wider, 'u'));
      }),
    );
  });

  it.each([
    ['a property is taken out', '/lines/items/stage', planted(STAGE)],
    ['a property becomes required', '/lines/items/stage', planted(`${LINE}.required`, ['order', 'quantity', 'stage'])],
    ['a new property is required', '/by', planted('required', ['lines', 'by'])],
    ['a type is narrowed', '/lines/items/order', planted(`${ORDER}.type`, 'integer')],
    ['a value of an enum goes', '/lines/items/stage', planted(`${STAGE}.enum`, ['held'])],
    ['free text gets an enum', '/lines/items/order', planted(`${ORDER}.enum`, ['PO-1'])],
    ['a minimum rises', '/lines/items/quantity', planted(`${QUANTITY}.minimum`, 2)],
    ['a maximum falls', '/lines/items/quantity', planted(`${QUANTITY}.maximum`, 99)],
    ['a text gets shorter', '/lines/items/order', planted(`${ORDER}.maxLength`, 50)],
    ['a limit appears', '/lines/items/order', planted(`${ORDER}.minLength`, 3)],
    ['a pattern changes', '/lines/items/order', planted(`${ORDER}.pattern`, '^[A-F]')],
    ['a format appears', '/lines/items/order', planted(`${ORDER}.format`, 'uuid')],
    ['a list gets shorter', '/lines', planted('properties.lines.maxItems', 5)],
    ['an alternative goes', '/reason/alternative 1', planted('properties.reason', { type: 'string', const: 'a' })],
    ['open facts are closed', '/facts', planted('properties.facts.additionalProperties', false)],
    ['a keyword appears that nobody judges', '/lines', planted('properties.lines.uniqueItems', true)],
  ])('is refused when %s', (_what, where, changed) => {
    const reasons = incompatibilities(published, changed);
    expect(reasons).not.toHaveLength(0);
    expect(reasons.filter((reason) => !reason.startsWith(`${where}:`))).toEqual([]);
  });

  it.each([
    ['nothing changes', published],
    ['an optional property is added', planted('properties.note', { type: 'string' })],
    ['a required property becomes optional', planted(`${LINE}.required`, ['order'])],
    ['an enum grows', planted(`${STAGE}.enum`, ['held', 'damaged', 'ordered'])],
    ['limits widen', planted(`${QUANTITY}.maximum`, 1000)],
    ['a limit goes', planted(`${ORDER}.maxLength`)],
    ['an integer may be any number', planted(`${QUANTITY}.type`, 'number')],
    ['an alternative is added', planted('properties.reason.anyOf', [{ type: 'null' }, { type: 'string' }])],
    ['one thing becomes a choice', planted(ORDER, { anyOf: [{ type: 'null' }, line.properties.order] })],
    ['unknown properties are taken', planted('additionalProperties')],
    ['a description changes', planted('description', 'better words')],
  ])('is taken when %s', (_what, changed) => {
    expect(incompatibilities(published, changed)).toEqual([]);
  });
});
