import type { LedgerEvent } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import { bigint, id, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';

// How many units of a line came instead of units of another line, which were ordered.
const substitutes = new Table('substitutes', {
  columns: { order: id, line: id, item: id, for_order: id, for_line: id, for_item: id, quantity: bigint },
  key: ['order', 'line', 'for_order', 'for_line'],
  indexes: { substitutes_for: { on: ['for_order', 'for_line'] } },
});

interface Replacing {
  readonly order: string;
  readonly line: string;
  readonly item: string;
  readonly owner: string;
  readonly quantity: number;
  readonly ordered: { readonly order: string; readonly line: string; readonly item: string };
}

type Lines = LedgerEvent<'lading.shipment.dispatched.v1' | 'lading.shipment.received.v1'>['data']['lines'];

/** The lines of an event that send, or found, another item than was ordered. */
export function replacing(lines: Lines): Replacing[] {
  const found: Replacing[] = [];
  for (const { order, line, item, owner, substitutes: ordered, ...units } of lines) {
    if (ordered === undefined) continue;
    const quantity = 'received' in units ? units.received + (units.damaged ?? 0) : units.quantity;
    found.push({ order, line, item, owner, quantity, ordered });
  }
  return found;
}

const add = substitutes.add<Replacing>(
  {
    order: ({ order }) => order,
    line: ({ line }) => line,
    item: ({ item }) => item,
    for_order: ({ ordered }) => ordered.order,
    for_line: ({ ordered }) => ordered.line,
    for_item: ({ ordered }) => ordered.item,
    quantity: ({ quantity }) => quantity,
  },
  ['quantity'],
);

export const substitutesModel: Model = {
  tables: [substitutes],
  types: ['lading.shipment.dispatched.v1', 'lading.shipment.received.v1'],
  apply: ({ ledger, events }, db) => add(db, ledger, replacedBy(events)),
};

/** What the events replaced, summed a pair of lines. */
function replacedBy(events: readonly LedgerEvent[]): Replacing[] {
  const found = new Map<string, Replacing>();
  for (const { type, data } of events) {
    if (type !== 'lading.shipment.dispatched.v1' && type !== 'lading.shipment.received.v1') continue;
    for (const one of replacing(data.lines)) {
      const key = keyOf(one.order, one.line, one.ordered.order, one.ordered.line);
      found.set(key, { ...one, quantity: one.quantity + (found.get(key)?.quantity ?? 0) });
    }
  }
  return [...found.values()].filter(({ quantity }) => quantity > 0);
}
