import { z } from 'zod';
import { catalog, type EventType, eventTypes } from './catalog.ts';
import type { LedgerEvent } from './cloudEvent.ts';
import { unwrap } from './names.ts';

/** What a submitter may say, by field; `all`: whatever stands there. */
type Shape = 'all' | ReadonlyMap<string, Shape>;

function shapeOf(schema: z.ZodType): Shape {
  const object = unwrap(schema);
  if (!(object instanceof z.ZodObject)) return 'all';
  const shape: Readonly<Record<string, z.ZodType>> = object.shape;
  return new Map(Object.entries(shape).map(([field, part]) => [field, shapeOf(part)]));
}

/**
 * The types that move units and have no id by which the ledger knows a fact again: the same data at the same time may be two facts, or
 * one that was reported twice. A line that is added has a name of its own in its order.
 */
export const repeatable: readonly EventType[] = eventTypes.filter((type) => {
  const completed = unwrap(catalog[type].completed);
  if (type === 'lading.order.lines_added.v1') return false;
  return catalog[type].stream !== 'begins' && completed instanceof z.ZodObject && 'moves' in completed.shape;
});

// Worked out once, when this file is loaded.
const shapes = new Map(repeatable.map((type) => [type, shapeOf(catalog[type].submitted)]));

/** What an event's submitter said, as text: the same text for the same data (RFC 8785). What the ledger added is left out. */
export const saidIn = ({ type, data }: Pick<LedgerEvent, 'type' | 'data'>): string =>
  text(data, shapes.get(type) ?? 'all');

function text(value: unknown, shape: Shape): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => text(entry, shape)).join()}]`;
  const fields = Object.entries(value)
    .filter(([field, part]) => part !== undefined && (shape === 'all' || shape.has(field)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([field, part]) =>
        `${JSON.stringify(field)}:${text(part, shape === 'all' ? shape : (shape.get(field) ?? 'all'))}`,
    );
  return `{${fields.join()}}`;
}
