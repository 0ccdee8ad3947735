import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { microseconds } from '#contracts/scalars';
import { bigint, moment, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';

// Parties and items are ids with tabs between them, since every array costs more to read than the rest of the row.
const activity = new Table('activity', {
  columns: {
    sequence: bigint,
    type: text,
    id: text,
    source: text,
    subject: text,
    actor: text,
    occurred: moment,
    recorded: moment,
    parties: text,
    items: text,
    quantity: bigint,
    note: optional(text),
  },
  key: ['sequence'],
});

interface Mentioned {
  readonly parties: string[];
  readonly items: string[];
  /** The units that the event moves. */
  readonly quantity: number;
}

const insert = activity.insert<Mentioned & { readonly event: LedgerEvent }>({
  sequence: ({ event }) => event.sequence,
  type: ({ event }) => event.type,
  id: ({ event }) => event.id,
  source: ({ event }) => event.source,
  subject: ({ event }) => event.subject,
  actor: ({ event }) => event.actor,
  occurred: ({ event }) => microseconds(event.time),
  recorded: ({ event }) => microseconds(event.recordedtime),
  parties: ({ parties }) => parties.join('\t'),
  items: ({ items }) => items.join('\t'),
  quantity: ({ quantity }) => quantity,
  note: ({ event }) => event.data.note ?? null,
});

export const activityModel: Model = {
  tables: [activity],
  apply: ({ ledger, events }, db) =>
    insert(
      db,
      ledger,
      events.map((event) => ({ event, ...mentioned(event) })),
    ),
};

/** The parties and items that an event names or whose units it moves, each once, in the order in which it names them. */
function mentioned(event: LedgerEvent): Mentioned {
  const parties = new Set<string>();
  const items = new Set<string>();
  eachName(namingIn(event.type).completed, event.data, (id, { what }) => {
    if (what === 'party') parties.add(id);
    else if (what === 'item') items.add(id);
  });
  const quantity = movesOf(event).reduce((sum, move) => sum + move.quantity, 0);
  return { parties: [...parties], items: [...items], quantity };
}
