import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Batch, BookedMove } from '../engine/batch.ts';
import { columns, overRows } from '../engine/columns.ts';
import { microseconds, momentOf } from '../engine/moment.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { shipmentsTables } from './table.ts';

// Dispatched again, a shipment keeps its header.
const DISPATCH = `
  INSERT INTO shipments
  SELECT $1, shipment, consignee, carrier, destination, eta, ${momentOf('dispatched')}, false
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::float8[]) AS t (shipment, consignee, carrier, destination, eta, dispatched)
  ON CONFLICT DO NOTHING`;

const CHANGE = `
  UPDATE shipments s SET consignee = coalesce(t.consignee, s.consignee), destination = coalesce(t.destination, s.destination),
    eta = coalesce(t.eta, s.eta), final = s.final OR t.final
  FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::bool[]) AS t (shipment, consignee, destination, eta, final)
  WHERE s.ledger = $1 AND s.shipment = ANY($2::text[]) AND s.shipment = t.shipment`;

const ADD_LINES = `
  INSERT INTO shipment_lines AS l
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::bigint[], $12::bigint[], $13::bigint[])
  ON CONFLICT (ledger, shipment, "order", line, owner) DO UPDATE SET advised = l.advised + excluded.advised,
    received = l.received + excluded.received, damaged = l.damaged + excluded.damaged, surplus = l.surplus + excluded.surplus,
    lost = l.lost + excluded.lost, refused = l.refused + excluded.refused, in_transit = l.in_transit + excluded.in_transit`;

export const shipmentsModel: Model = { name: 'shipments', tables: shipmentsTables, apply };

async function apply(batch: Batch, db: Db): Promise<void> {
  await addHeaders(batch, db);
  await changeHeaders(batch, db);
  await addLines(batch, db);
}

async function addHeaders({ ledger, events }: Batch, db: Db): Promise<void> {
  const first = new Map<string, LedgerEvent<'lading.shipment.dispatched.v1'>>();
  for (const event of events) {
    if (event.type === 'lading.shipment.dispatched.v1' && !first.has(event.data.shipment))
      first.set(event.data.shipment, event);
  }
  await overRows(
    db,
    DISPATCH,
    ledger,
    columns(
      [...first.values()],
      ({ data }) => data.shipment,
      ({ data }) => data.consignee,
      ({ data }) => data.carrier,
      ({ data }) => data.destination ?? null,
      ({ data }) => data.eta ?? null,
      ({ time }) => microseconds(time),
    ),
  );
}

interface Change {
  consignee?: string;
  destination?: string | undefined;
  eta?: string | undefined;
  final?: boolean;
}

async function changeHeaders({ ledger, events }: Batch, db: Db): Promise<void> {
  const changes = new Map<string, Change>();
  const add = (shipment: string, { consignee, destination, eta, final }: Change): void => {
    const before = changes.get(shipment);
    changes.set(shipment, {
      ...before,
      ...(consignee !== undefined && { consignee }),
      ...(destination !== undefined && { destination }),
      ...(eta !== undefined && { eta }),
      ...(final === true && { final }),
    });
  };
  for (const { data } of events) {
    if ('consignees' in data)
      data.consignees?.forEach((change) => {
        add(change.shipment, change);
      });
    if ('final' in data && data.final === true) add(data.shipment, { final: true });
  }
  await overRows(
    db,
    CHANGE,
    ledger,
    columns(
      [...changes],
      ([shipment]) => shipment,
      ([, { consignee }]) => consignee ?? null,
      ([, { destination }]) => destination ?? null,
      ([, { eta }]) => eta ?? null,
      ([, { final }]) => final ?? false,
    ),
  );
}

/** What of a line's units is where; `advised` is what was sent for this owner, so that the others sum to it (but for surplus). */
const COUNTS = ['advised', 'received', 'damaged', 'surplus', 'lost', 'refused', 'in_transit'] as const;
type Count = (typeof COUNTS)[number];
type Line = Record<Count, number> & { shipment: string; order: string; line: string; owner: string; item: string };

/** Where units that leave a shipment are counted. */
const ARRIVED: Readonly<Partial<Record<string, Count>>> = {
  held: 'received',
  damaged: 'damaged',
  lost: 'lost',
  returned: 'refused',
};

async function addLines({ ledger, events, moves }: Batch, db: Db): Promise<void> {
  const lines = new Map<string, Line>();
  const lineOf = (shipment: string, order: string, line: string, owner: string, item: string): Line => {
    const key = `${shipment}|${order}|${line}|${owner}`;
    const found = lines.get(key) ?? { shipment, order, line, owner, item, ...NOTHING };
    lines.set(key, found);
    return found;
  };
  for (const { move } of moves) count(move, lineOf);
  for (const event of events) {
    if (event.type !== 'lading.shipment.received.v1') continue;
    for (const { order, line, owner, item, surplus } of event.data.lines) {
      if (surplus !== undefined && surplus > 0)
        lineOf(event.data.shipment, order, line, owner, item).surplus += surplus;
    }
  }
  await overRows(
    db,
    ADD_LINES,
    ledger,
    columns(
      [...lines.values()],
      ({ shipment }) => shipment,
      ({ order }) => order,
      ({ line }) => line,
      ({ owner }) => owner,
      ({ item }) => item,
      ...COUNTS.map((of) => (line: Line) => line[of]),
    ),
  );
}

const NOTHING = { advised: 0, received: 0, damaged: 0, surplus: 0, lost: 0, refused: 0, in_transit: 0 };

/** Onto a shipment units are advised; off it they arrived somehow, or (another owner, another shipment) are advised there. */
function count(
  { item, order, line, quantity, from, to }: BookedMove['move'],
  lineOf: (shipment: string, order: string, line: string, owner: string, item: string) => Line,
): void {
  if (from.shipment !== undefined) {
    const off = lineOf(from.shipment, order, line, from.owner, item);
    off.in_transit -= quantity;
    off[ARRIVED[to.stage] ?? 'advised'] += ARRIVED[to.stage] === undefined ? -quantity : quantity;
  }
  if (to.shipment !== undefined) {
    const onto = lineOf(to.shipment, order, line, to.owner, item);
    onto.in_transit += quantity;
    onto[ARRIVED[from.stage] ?? 'advised'] += ARRIVED[from.stage] === undefined ? quantity : -quantity;
  }
}
