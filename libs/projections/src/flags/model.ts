import type { LedgerEvent } from '#contracts/cloudEvent';
import { Turns } from '#platform/service/turns';
import type { Batch } from '../engine/batch.ts';
import { bigint, bigints, id, int, optional, Table, text, texts } from '../engine/table.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { Background, transfers } from './background.ts';
import { overShipped, substituted } from './sent.ts';
import { diversion, type RaisedFlag, receiptDiscrepancy, redirected, relatedParty } from './rules.ts';

// Flags that an event raises; those that the clock raises are judged when asked and never stored. `n` tells flags of one rule and
// event apart.
const flags = new Table('flags', {
  columns: { sequence: bigint, rule: id, n: int, parties: texts, item: optional(id), facts: text, events: bigints },
  key: ['sequence', 'rule', 'n'],
});

const insert = flags.insert<RaisedFlag & { readonly n: number }>({
  sequence: ({ sequence }) => sequence,
  rule: ({ rule }) => rule,
  n: ({ n }) => n,
  parties: ({ parties }) => parties,
  item: ({ item }) => item,
  facts: ({ facts }) => JSON.stringify(facts),
  events: ({ events }) => events,
});

/** Keeps flags, numbered from 1 within their event and rule in the order given: so an id says the same after a rebuild. */
export async function insertFlags(db: Db, ledger: string, raised: readonly RaisedFlag[]): Promise<void> {
  const counts = new Map<string, number>();
  const numbered = raised.map((flag) => {
    const key = `${flag.sequence}|${flag.rule}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    return { ...flag, n };
  });
  await insert(db, ledger, numbered);
}

const JUDGED = [
  'lading.reallocation.made.v1',
  'lading.swap.executed.v1',
  'lading.shipment.dispatched.v1',
  'lading.shipment.received.v1',
] as const;
type Judged = LedgerEvent<(typeof JUDGED)[number]>;
const isJudged = (event: LedgerEvent): event is Judged => (JUDGED as readonly string[]).includes(event.type);

export const flagsModel: Model = {
  tables: [flags, transfers],
  types: JUDGED,
  /**
   * Judges each event by what was known when it came: the tables have the parties, shipments and swaps from before the batch, and the
   * batch's own events are followed on top of them.
   */
  apply: async (batch, db) => {
    const background = new Background(batch);
    await background.load(db);
    const raised: RaisedFlag[] = [];
    const turns = new Turns();
    for (const event of batch.events) {
      if (turns.over) await turns.next();
      background.learn(event);
      if (isJudged(event)) raised.push(...judge(event, batch, background));
    }
    await background.keepTransfers(db);
    await insertFlags(db, batch.ledger, raised);
  },
  /** What it raised, and what was raised because of it, goes with it. Who said the same first is another's to say. */
  undo: async ({ event }, { ledger }, db) => {
    await db.query(
      `DELETE FROM flags WHERE ledger = $1 AND (sequence = $2 OR $2 = ANY(events)) AND rule <> 'possible-duplicate'`,
      [ledger, event.sequence],
    );
    await db.query('DELETE FROM transfers WHERE ledger = $1 AND sequence = $2', [ledger, event.sequence]);
  },
};

function judge(event: Judged, { orders }: Batch, background: Background): RaisedFlag[] {
  if (event.type === 'lading.shipment.dispatched.v1') return [...overShipped(event), ...substituted(event)];
  if (event.type !== 'lading.shipment.received.v1')
    return relatedParty(event, background.controls, background.proposalOf(event));
  return [
    ...redirected(
      event,
      (order) => orders.get(order)?.buyer,
      (order, line, owner) => background.transfersOf(order, line, owner),
    ),
    ...diversion(event, background.consigneeOf(event.data.shipment)),
    // The receipt's own moves are learnt: what it leaves on the way, of lines that it names or not, is missing once it is final.
    ...receiptDiscrepancy(event, background.onTheWay(event.data.shipment)),
    ...substituted(event),
  ];
}
