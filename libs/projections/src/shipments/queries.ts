import type { ShipmentRow, ShipmentStatus } from '#contracts/rows';
import { Turns } from '#platform/service/turns';
import { instantOf } from '../engine/values.ts';
import { ownOrder } from '../orders/queries.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, partialIf, partsOf, Where } from '../reading/page.ts';
import { dayOf, type Planned, plannedOnce, type ReadModel, unplanned } from '../reading/readModel.ts';
import { STATES } from './tables.ts';

interface ShipmentsQuery extends PageQuery {
  readonly consignee?: string | undefined;
  readonly carrier?: string | undefined;
  /** Shipments with units of this order. */
  readonly order?: string | undefined;
  readonly item?: string | undefined;
  readonly owner?: string | undefined;
  /** Shipments that this party gets, carries or supplies, or with units of its own. */
  readonly party?: string | undefined;
  /** Shipments with units that are still awaited after the day on which they were expected, or all others. */
  readonly late?: boolean | undefined;
  /** Expected on this day, or on those from one to another (`2023-12-01/2023-12-31`), where `..` is open. */
  readonly eta?: string | undefined;
}

/**
 * Whether anything of a line is on the shipment: units that were given away whole are not. At a moment of the past units may have arrived
 * for an owner of whom it was told later that they had become its own.
 */
const isOn = (l: string): string => `(${STATES.map((state) => `${l}.${state} <> 0`).join(' OR ')})`;

/** The ledger's shipments by id: what was sent on each, what arrived, what is still on the way. */
export async function shipments(model: ReadModel, query: ShipmentsQuery): Promise<Page<ShipmentRow>> {
  const where = new Where(model.ledger, 's').equals('s.consignee', query.consignee).equals('s.carrier', query.carrier);
  for (const column of ['order', 'item', 'owner'] as const) {
    if (query[column] === undefined) continue;
    where.and(
      `EXISTS (SELECT FROM shipment_lines l WHERE l.ledger = $1 AND l.shipment = s.shipment AND ${isOn('l')}
         AND l."${column}" = ${where.value(query[column])})`,
    );
  }
  if (query.party !== undefined) {
    const party = where.value(query.party);
    where.and(`(s.consignee = ${party} OR s.carrier = ${party} OR EXISTS (
       SELECT FROM shipment_lines l JOIN orders o ON o.ledger = $1 AND o."order" = l."order"
       WHERE l.ledger = $1 AND l.shipment = s.shipment AND ${isOn('l')} AND ${party} IN (l.owner, o.supplier)))`);
  }
  if (query.late !== undefined) {
    const today = where.value(dayOf(model.asOf.occurred));
    where.and(`${query.late ? '' : 'NOT '}(NOT s.final AND coalesce(s.eta < ${today}::date, false) AND EXISTS (
       SELECT FROM shipment_lines l WHERE l.ledger = $1 AND l.shipment = s.shipment AND l.in_transit > 0))`);
  }
  if (query.eta !== undefined) {
    const [from = '..', to = from] = query.eta.split('/');
    if (from !== '..') where.and(`s.eta >= ${where.value(from)}::date`);
    if (to !== '..') where.and(`s.eta <= ${where.value(to)}::date`);
  }
  return readShipments(model, where.after(['s.shipment'], pageStart(query, [''])), query);
}

export async function shipment(model: ReadModel, id: string): Promise<ShipmentRow | undefined> {
  return (await readShipments(model, new Where(model.ledger, 's').equals('s.shipment', id), {}, [id])).data[0];
}

type ShipmentLine = ShipmentRow['lines'][number];
type Header = Omit<ShipmentRow, 'lines' | 'status'> & { final: boolean };

/** @param those the ids of the shipments, where they are known: their lines are then asked for with them, in one trip */
async function readShipments(
  model: ReadModel,
  where: Where,
  query: PageQuery,
  those?: readonly string[],
): Promise<Page<ShipmentRow>> {
  where.only(model.party, ownShipment).among('s.shipment', model.among);
  const planned = those === undefined ? unplanned : plannedOnce(model);
  const headers = model.db.query<Header>(
    planned(
      `SELECT shipment, consignee, carrier, destination, eta, ${instantOf('dispatched')} AS dispatched, final
     FROM shipments s ${where.sql} ORDER BY s.shipment LIMIT ${limitOf(query) + 1}`,
      where.values,
    ),
  );
  const [{ rows }, { lines, whole, partial }] = await Promise.all([
    headers,
    linesOf(model, those ?? (await headers).rows.map((row) => row.shipment), planned),
  ]);
  const [first] = rows;
  const unseen = partial && first !== undefined ? await lookAtAll(model, first.shipment) : undefined;
  return pageOf(
    rows,
    query,
    (row) => [row.shipment],
    ({ final, ...row }) => {
      const own = lines.get(row.shipment) ?? [];
      return { ...row, status: statusOf(unseen ?? lookAt(own), final), lines: own, ...partialIf(partial) };
    },
    whole,
  );
}

/** What a shipment's status depends on: whether some of its units arrived, and whether some are on the way. */
interface Underway {
  readonly arrived: boolean;
  readonly moving: boolean;
}

const lookAt = (lines: readonly ShipmentLine[]): Underway => ({
  arrived: lines.some((line) => line.received + line.damaged + line.surplus > 0),
  moving: lines.some((line) => line.inTransit > 0),
});

/** The same of a shipment with more lines than an answer has. */
async function lookAtAll({ db, ledger, party }: ReadModel, shipment: string): Promise<Underway> {
  const some = (condition: string) =>
    `EXISTS (SELECT FROM shipment_lines l WHERE l.ledger = $1 AND l.shipment = $2 AND ${isOn('l')} AND ${condition}
       ${party === undefined ? '' : `AND ${seenLine('$3')}`})`;
  const { rows } = await db.query<Underway>(
    `SELECT ${some('received + damaged + surplus > 0')} AS arrived, ${some('in_transit > 0')} AS moving`,
    [ledger, shipment, ...(party === undefined ? [] : [party])],
  );
  return rows[0] ?? { arrived: false, moving: false };
}

function statusOf({ arrived, moving }: Underway, final: boolean): ShipmentStatus {
  const coming = !final && moving;
  if (coming) return arrived ? 'partly_received' : 'in_transit';
  return arrived ? 'received' : 'ended';
}

/** A line of a shipment that is a party's: of an order that it supplies or has bought, or of its units. */
export const ownLine =
  (l: string) =>
  (self: string): string =>
    `${l}.owner = ${self} OR EXISTS (SELECT FROM orders o WHERE o.ledger = $1 AND o."order" = ${l}."order" AND (${ownOrder('o')(self)}))
   OR EXISTS (SELECT FROM holdings h WHERE h.ledger = $1 AND h."order" = ${l}."order" AND h.line = ${l}.line AND h.shipment = ${l}.shipment
     AND h.open AND h.custodian = ${self})`;

/** A shipment that a party sends, carries or gets, or has units on. */
const ownShipment = (self: string): string =>
  `s.consignee = ${self} OR s.carrier = ${self} OR EXISTS (
    SELECT FROM shipment_lines l WHERE l.ledger = $1 AND l.shipment = s.shipment AND (${ownLine('l')(self)}))`;

/** Who carries or gets a shipment knows all that is on it; others know their own lines. */
export const seenLine = (self: string): string => `(${ownLine('l')(self)} OR EXISTS (
  SELECT FROM shipments s WHERE s.ledger = $1 AND s.shipment = l.shipment AND (s.consignee = ${self} OR s.carrier = ${self})))`;

async function linesOf({ db, ledger, party }: ReadModel, ids: readonly string[], planned: Planned) {
  type Part = ShipmentLine & { readonly shipment: string };
  const { parts, whole, partial } = await partsOf<Part>(
    ids,
    ({ shipment }) => shipment,
    async (of, most) => {
      const { rows } = await db.query<Part>(
        planned(
          `SELECT shipment, "order", line, item, owner, advised, received, damaged, surplus, lost, in_transit AS "inTransit",
         ${instantOf('arrived')} AS arrived
       FROM shipment_lines l WHERE ledger = $1 AND shipment = ANY($2) AND ${isOn('l')} ${party === undefined ? '' : `AND ${seenLine('$4')}`}
       ORDER BY shipment, "order", line, owner LIMIT $3`,
          [ledger, of, most, ...(party === undefined ? [] : [party])],
        ),
      );
      return rows;
    },
  );
  const turns = new Turns();
  const lines = new Map<string, ShipmentLine[]>();
  for (const { shipment, ...line } of parts) {
    if (turns.over) await turns.next();
    const others = lines.get(shipment);
    if (others === undefined) lines.set(shipment, [line]);
    else others.push(line);
  }
  return { lines, whole, partial };
}
