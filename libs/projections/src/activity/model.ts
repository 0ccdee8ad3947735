import type { EventType } from '#contracts/catalog';
import { isVoid, type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { keyOf, microseconds } from '#contracts/scalars';
import type { Batch } from '../engine/batch.ts';
import { bigint, id, moment, optional, Table, text } from '../engine/table.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { insertSpans, spans, spansOf } from '../postings/model.ts';

// Parties and items are ids with tabs between them, since every array costs more to read than the rest of the row.
const activity = new Table('activity', {
  columns: {
    sequence: bigint,
    type: text,
    id: text,
    source: text,
    subject: id,
    actor: text,
    occurred: moment,
    recorded: moment,
    parties: text,
    items: text,
    quantity: bigint,
    reason_code: optional(id),
    note: optional(text),
    voided_by: optional(bigint),
    voids: optional(bigint),
  },
  key: ['sequence'],
  indexes: {
    activity_voided: { on: ['type'], where: 'voided_by IS NOT NULL' },
    activity_subject: { on: ['subject', 'sequence'], forQuestions: true },
    activity_reason: { on: ['reason_code', 'sequence'], where: 'reason_code IS NOT NULL' },
  },
});

// Whom an event concerns: a key that speaks for a party reads these events and no others.
const eventParties = new Table('event_parties', {
  columns: { party: id, sequence: bigint },
  key: ['party', 'sequence'],
});

interface Concerned {
  readonly party: string;
  readonly sequence: number;
}
const insertParties = eventParties.insert<Concerned>({
  party: ({ party }) => party,
  sequence: ({ sequence }) => sequence,
});

// How often each reason code is there, by type: so nobody counts events when it is asked. Of all events under the empty party, which no
// id is, and of those that concern a party under its own.
const reasons = new Table('reasons', {
  columns: { party: id, reason_code: id, type: id, events: bigint, quantity: bigint, last: bigint },
  key: ['party', 'reason_code', 'type'],
  fillfactor: 70,
});

interface Reason {
  readonly party: string;
  readonly reasonCode: string;
  readonly type: string;
  events: number;
  quantity: number;
  last: number;
}

const addReasons = reasons.over<Reason>(
  {
    party: ({ party }) => party,
    reason_code: ({ reasonCode }) => reasonCode,
    type: ({ type }) => type,
    events: ({ events }) => events,
    quantity: ({ quantity }) => quantity,
    last: ({ last }) => last,
  },
  (given) => `
    INSERT INTO reasons AS stored (ledger, party, reason_code, type, events, quantity, last) SELECT $1, given.* FROM ${given}
    ON CONFLICT (ledger, party, reason_code, type) DO UPDATE
    SET events = stored.events + excluded.events, quantity = stored.quantity + excluded.quantity, last = excluded.last`,
);

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
  reason_code: ({ event }) => reasonCodeOf(event),
  note: ({ event }) => event.data.note ?? null,
  voids: ({ event }) => (isVoid(event) ? event.data.sequence : null),
});

const reasonCodeOf = ({ data }: LedgerEvent): string | null =>
  'reasonCode' in data ? (data.reasonCode ?? null) : null;

export const activityModel: Model = {
  tables: [activity, eventParties, reasons, spans],
  apply: async (batch, db) => {
    const { ledger, events } = batch;
    // Asked first: other models write what these tables have of the batch itself.
    const known = knownBefore(batch, db);
    const rows = events.map((event) => ({ event, ...mentioned(event) }));
    const inserted = Promise.all([insert(db, ledger, rows), insertSpans(db, ledger, spansOf(rows, batch.postings))]);
    const counted = known.then(async (before) => {
      const concerned = concernedBy(events, before);
      await insertParties(db, ledger, concerned);
      await addReasons(db, ledger, reasonsIn(events, concerned));
    });
    await Promise.all([inserted, counted]);
  },
  /** It concerns whoever the event concerns that it takes back, and names the same; that one is not counted among the reasons any more. */
  undo: async ({ by, event }, { ledger, postings }, db) => {
    const named = { ...mentioned(event), quantity: unitsMoved(by) };
    const rows = [{ event: by, ...named }];
    await insert(db, ledger, rows);
    await insertSpans(db, ledger, spansOf(rows, postings));
    const both = [ledger, event.sequence, by.sequence];
    await db.query('UPDATE activity SET voided_by = $3 WHERE ledger = $1 AND sequence = $2', both);
    await db.query(
      `INSERT INTO event_parties (ledger, party, sequence) SELECT ledger, party, $3::bigint FROM event_parties
       WHERE ledger = $1 AND sequence = $2`,
      both,
    );
    const reasonCode = reasonCodeOf(event);
    if (reasonCode === null) return;
    await db.query(LESS_REASONS, [ledger, event.sequence, reasonCode, event.type, unitsMoved(event)]);
    await db.query('DELETE FROM reasons WHERE ledger = $1 AND reason_code = $2 AND type = $3 AND events = 0', [
      ledger,
      reasonCode,
      event.type,
    ]);
  },
};

// `last` is the newest that stands.
const LESS_REASONS = `
  UPDATE reasons r SET events = r.events - 1, quantity = r.quantity - $5::bigint, last = coalesce((
      SELECT a.sequence FROM activity a
      WHERE a.ledger = $1 AND a.reason_code = r.reason_code AND a.type = r.type AND a.voided_by IS NULL
        AND (r.party = '' OR EXISTS (
          SELECT FROM event_parties c WHERE c.ledger = $1 AND c.party = r.party AND c.sequence = a.sequence))
      ORDER BY a.sequence DESC LIMIT 1), 0)
  WHERE r.ledger = $1 AND r.reason_code = $3 AND r.type = $4
    AND (r.party = '' OR r.party IN (SELECT party FROM event_parties c WHERE c.ledger = $1 AND c.sequence = $2))`;

function reasonsIn(events: readonly LedgerEvent[], concerned: readonly Concerned[]): Reason[] {
  const coded = new Map(
    events.flatMap((event) => {
      const reasonCode = reasonCodeOf(event);
      return reasonCode === null ? [] : [[event.sequence, { event, reasonCode }] as const];
    }),
  );
  if (coded.size === 0) return [];
  const found = new Map<string, Reason>();
  const everybody = [...coded.keys()].map((sequence) => ({ party: '', sequence }));
  for (const { party, sequence } of [...everybody, ...concerned]) {
    const of = coded.get(sequence);
    if (of === undefined) continue;
    const { type } = of.event;
    const key = keyOf(party, of.reasonCode, type);
    const reason = found.get(key) ?? { party, reasonCode: of.reasonCode, type, events: 0, quantity: 0, last: 0 };
    reason.events += 1;
    reason.quantity += unitsMoved(of.event);
    reason.last = Math.max(reason.last, sequence);
    found.set(key, reason);
  }
  return [...found.values()];
}

/** Who is behind what events name: of orders their sides, of shipments who carries and gets them, of swaps who is in them. */
interface Known {
  readonly orders: Map<string, { readonly buyer: string; readonly supplier: string }>;
  readonly shipments: Map<string, { readonly consignee: string; readonly carrier: string }>;
  readonly swaps: Map<string, readonly string[]>;
}

type Sides = { readonly order: string; readonly buyer: string; readonly supplier: string };
type Header = { readonly shipment: string; readonly consignee: string; readonly carrier: string };
type Terms = { readonly swap: string; readonly parties: readonly string[] };

const SIDES = 'SELECT "order", buyer, supplier FROM orders WHERE ledger = $1 AND "order" = ANY($2)';
const HEADERS = 'SELECT shipment, consignee, carrier FROM shipments WHERE ledger = $1 AND shipment = ANY($2)';
const TERMS = `
  SELECT s.swap, s.parties || s.by || ARRAY (
    SELECT o.supplier FROM swap_legs l JOIN orders o ON o.ledger = $1 AND o."order" = l."order"
    WHERE l.ledger = $1 AND l.swap = s.swap) AS parties
  FROM swaps s WHERE s.ledger = $1 AND s.swap = ANY($2)`;

async function knownBefore({ ledger, events, orders }: Batch, db: Db): Promise<Known> {
  const named = { order: new Set<string>(), shipment: new Set<string>(), swap: new Set<string>() };
  for (const event of events) {
    eachName(namingIn(event.type).completed, event.data, (name, { what }) => {
      if (what === 'order' || what === 'shipment' || what === 'swap') named[what].add(name);
    });
  }
  const known: Known = { orders: new Map(orders), shipments: new Map(), swaps: new Map() };
  const strange = [...named.order].filter((order) => !orders.has(order));
  const [sides, headers, terms] = await Promise.all([
    strange.length > 0 && db.query<Sides>(SIDES, [ledger, strange]),
    named.shipment.size > 0 && db.query<Header>(HEADERS, [ledger, [...named.shipment]]),
    named.swap.size > 0 && db.query<Terms>(TERMS, [ledger, [...named.swap]]),
  ]);
  if (sides) for (const { order, ...row } of sides.rows) known.orders.set(order, row);
  if (headers) for (const { shipment, ...row } of headers.rows) known.shipments.set(shipment, row);
  if (terms) for (const { swap, parties } of terms.rows) known.swaps.set(swap, parties);
  return known;
}

/**
 * Whom each event concerns: the parties that it names and those of its moves, the buyers and suppliers of its orders, who carries and
 * gets its shipments at that time, and who is in its swap. Who only bought what others swap is concerned when it is executed; a hold
 * concerns its owner alone.
 */
function concernedBy(events: readonly LedgerEvent[], { orders, shipments, swaps }: Known): Concerned[] {
  return events.flatMap((event) => {
    const parties = new Set<string>();
    const { data, sequence } = event;
    const isOfSwap = beforeExecution.has(event.type);
    const isOfHold = holding.has(event.type);
    const ofShipment = (name: string) => {
      const header = shipments.get(name);
      if (header !== undefined) parties.add(header.consignee).add(header.carrier);
    };
    eachName(namingIn(event.type).completed, data, (name, { what }) => {
      if (what === 'party') parties.add(name);
      else if (isOfHold) return;
      else if (what === 'order') {
        const sides = orders.get(name);
        if (sides !== undefined) parties.add(sides.supplier);
        if (sides !== undefined && !isOfSwap) parties.add(sides.buyer);
      } else if (what === 'shipment' && !isOfSwap) ofShipment(name);
      else if (what === 'swap') for (const party of swaps.get(name) ?? []) parties.add(party);
    });
    if ('maker' in data && data.maker !== undefined) parties.add(data.maker);
    // What it changes counts for the events after it.
    if (event.type === 'lading.shipment.dispatched.v1') {
      const { shipment, consignee, carrier } = event.data;
      if (!shipments.has(shipment)) shipments.set(shipment, { consignee, carrier });
    }
    const changeHeader = (shipment: string, consignee: string | undefined, carrier?: string) => {
      const header = shipments.get(shipment);
      if (header === undefined) return;
      shipments.set(shipment, { consignee: consignee ?? header.consignee, carrier: carrier ?? header.carrier });
    };
    if (event.type === 'lading.shipment.rescheduled.v1')
      changeHeader(event.data.shipment, event.data.consignee, event.data.carrier);
    if ('consignees' in data)
      for (const { shipment, consignee } of data.consignees ?? []) changeHeader(shipment, consignee);
    if (event.type === 'lading.swap.proposed.v1') swaps.set(event.data.swap, [...parties]);
    return [...parties].map((party) => ({ party, sequence }));
  });
}

/** The steps of a swap that move nothing yet: they name lines of orders, whose buyers have no part in it. */
const beforeExecution: ReadonlySet<EventType> = new Set<EventType>([
  'lading.swap.proposed.v1',
  'lading.swap.accepted.v1',
  'lading.swap.rejected.v1',
  'lading.swap.withdrawn.v1',
]);
const holding: ReadonlySet<EventType> = new Set<EventType>(['lading.units.held.v1', 'lading.units.released.v1']);

/** The parties and items that an event names or whose units it moves, each once, in the order in which it names them. */
function mentioned(event: LedgerEvent): Mentioned {
  const parties = new Set<string>();
  const items = new Set<string>();
  eachName(namingIn(event.type).completed, event.data, (id, { what }) => {
    if (what === 'party') parties.add(id);
    else if (what === 'item') items.add(id);
  });
  return { parties: [...parties], items: [...items], quantity: unitsMoved(event) };
}

const unitsMoved = (event: LedgerEvent): number => movesOf(event).reduce((sum, move) => sum + move.quantity, 0);
