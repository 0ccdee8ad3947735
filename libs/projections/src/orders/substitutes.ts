import type { LedgerEvent } from '#contracts/cloudEvent';
import { keyOf, microseconds } from '#contracts/scalars';
import { bigint, id, moment, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';

// How many units of a line came instead of units of another line, which were ordered, by which event; of what takes such an event back as
// many less, so that both are in what was known then. (Every event's sequence is
// above 0: without that condition PostgreSQL, which may have no statistics, would also take the index for the line that came.)
const substitutes = new Table('substitutes', {
  columns: {
    order: id,
    line: id,
    item: id,
    for_order: id,
    for_line: id,
    for_item: id,
    quantity: bigint,
    sequence: bigint,
    occurred: moment,
  },
  key: ['order', 'line', 'for_order', 'for_line', 'sequence'],
  indexes: { substitutes_for: { on: ['for_order', 'for_line'], where: 'sequence > 0' } },
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
  for (const told of lines) {
    const { order, line, item, owner, substitutes: ordered } = told;
    if (ordered === undefined) continue;
    const quantity = 'received' in told ? told.received + (told.damaged ?? 0) : told.quantity;
    found.push({ order, line, item, owner, quantity, ordered });
  }
  return found;
}

const add = substitutes.insert<Replaced>({
  order: ({ order }) => order,
  line: ({ line }) => line,
  item: ({ item }) => item,
  for_order: ({ ordered }) => ordered.order,
  for_line: ({ ordered }) => ordered.line,
  for_item: ({ ordered }) => ordered.item,
  quantity: ({ quantity }) => quantity,
  sequence: ({ sequence }) => sequence,
  occurred: ({ occurred }) => occurred,
});

interface Replaced extends Replacing {
  readonly sequence: number;
  /** In microseconds since 1970. */
  readonly occurred: number;
}

export const substitutesModel: Model = {
  tables: [substitutes],
  types: ['lading.shipment.dispatched.v1', 'lading.shipment.received.v1'],
  apply: ({ ledger, events }, db) => add(db, ledger, replacedBy(events)),
  undo: ({ by, event }, { ledger }, db) =>
    add(
      db,
      ledger,
      replacedBy([event]).map((one) => ({ ...one, quantity: -one.quantity, sequence: by.sequence })),
    ),
};

/** What each event replaced, summed a pair of lines. */
function replacedBy(events: readonly LedgerEvent[]): Replaced[] {
  const found = new Map<string, Replaced>();
  for (const { type, data, sequence, time } of events) {
    if (type !== 'lading.shipment.dispatched.v1' && type !== 'lading.shipment.received.v1') continue;
    for (const one of replacing(data.lines)) {
      const key = keyOf(one.order, one.line, one.ordered.order, one.ordered.line, String(sequence));
      const quantity = one.quantity + (found.get(key)?.quantity ?? 0);
      found.set(key, { ...one, quantity, sequence, occurred: microseconds(time) });
    }
  }
  return [...found.values()].filter(({ quantity }) => quantity > 0);
}
