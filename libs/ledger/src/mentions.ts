import type { Submitted } from '#contracts/catalog';
import type { Command } from './command.ts';
import type { EntityKey, Prefix } from './entity.ts';

/** What the ids that an event names stand for, by the name of the field. */
const standsFor: Readonly<Record<string, Prefix>> = {
  party: 'party',
  buyer: 'party',
  supplier: 'party',
  consignee: 'party',
  carrier: 'party',
  owner: 'party',
  custodian: 'party',
  from: 'party',
  to: 'party',
  by: 'party',
  item: 'item',
  order: 'order',
  shipment: 'shipment',
  swap: 'swap',
  reallocation: 'reallocation',
  return: 'return',
};

/**
 * The entities that a command names, each once: what to load before it is decided. What those lead to (the orders of a
 * swap, the items of an order's lines, the other orders of a shipment) the rules ask their view for; load it and decide
 * again, until nothing new is asked for.
 */
export function mentions({ type, data }: Command): EntityKey[] {
  if (type === 'lading.ledger.opened.v1') return ['ledger'];
  const keys = new Set<EntityKey>();
  note(data, keys);
  return [...keys];
}

/** Ids stand at the top of the data and in its lines or legs, nowhere deeper. */
function note(data: Submitted, keys: Set<EntityKey>): void {
  noteFields(data, keys);
  const parts = 'lines' in data ? data.lines : 'legs' in data ? data.legs : [];
  for (const part of parts) noteFields(part, keys);
}

function noteFields(fields: object, keys: Set<EntityKey>): void {
  for (const [field, id] of Object.entries(fields)) {
    const prefix = typeof id === 'string' ? standsFor[field] : undefined;
    if (prefix !== undefined) keys.add(`${prefix}/${String(id)}`);
  }
}
