import type { FlagRow } from '#contracts/flagRows';
import { keyOf } from '#contracts/scalars';
import { groupBy } from '../reading/groupBy.ts';
import { partialIf, Where } from '../reading/page.ts';
import { dayOf, type ReadModel } from '../reading/readModel.ts';
import { ownOrder, promisedIn } from '../orders/queries.ts';
import { seenLine, ownLine } from '../shipments/queries.ts';
import { flagIdSql } from './flagId.ts';
import { distinct } from './rules.ts';

/** Which flags of one rule that is judged when asked: those after a place in the list, and no more than so many. */
export interface Judged {
  readonly flag?: string;
  readonly party?: string | undefined;
  readonly item?: string | undefined;
  readonly after?: readonly [raised: number, flag: string];
  readonly limit: number;
}

const LINE_FLAG = flagIdSql(`'overdue-line'`, 'q."order"', 'q.line', 'q.owner');

interface LateLine {
  readonly flag: string;
  readonly raised: number;
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly item: string;
  readonly buyer: string;
  readonly supplier: string;
  readonly due: string;
  readonly ordered: number;
  readonly inTransit: number;
  readonly from: string;
  readonly to: string;
  readonly promise: string | null;
}

/**
 * `overdue-line`: the window that a line's supplier is held to is over, and an owner still waits for units of it: they are ordered or in transit.
 * One flag an owner and line. It is raised by the event that placed the order.
 */
export async function overdueLines({ db, ledger, asOf, party: self }: ReadModel, which: Judged): Promise<FlagRow[]> {
  const where = new Where(ledger, 'q').and('q.waiting').equals('q.item', which.item);
  where.and(`q.due_to < ${where.value(dayOf(asOf.occurred))}::date`);
  if (which.party !== undefined) {
    const party = where.value(which.party);
    where.and(`(q.owner = ${party} OR o.supplier = ${party} OR o.buyer = ${party})`);
  }
  where.only(self, (own) => `q.owner = ${own} OR ${ownOrder('o')(own)}`);
  among(where, 'q.placed', LINE_FLAG, which);
  // OFFSET 0 keeps each line a search of its own: else all lines of the order are looked at for each of them.
  const { rows } = await db.query<LateLine>(
    `SELECT ${LINE_FLAG} AS flag, q.placed AS raised, q."order", q.line, q.owner, q.item, o.buyer, o.supplier, q.due_to AS due,
       q.ordered, q.in_transit AS "inTransit", l.window_from AS "from", l.window_to AS "to", l.promise
     FROM queue q JOIN orders o ON o.ledger = $1 AND o."order" = q."order"
       CROSS JOIN LATERAL (SELECT * FROM order_lines WHERE ledger = $1 AND "order" = q."order" AND line = q.line OFFSET 0) l
     ${where.sql} ORDER BY q.placed, ${LINE_FLAG} LIMIT ${which.limit}`,
    where.values,
  );
  return rows.map(({ flag, raised, item, from, to, promise, ...line }) => {
    const promised = promisedIn(promise);
    return {
      flag,
      rule: 'overdue-line',
      raised,
      parties: distinct(line.owner, line.buyer, line.supplier),
      item,
      facts: {
        ...line,
        missing: line.ordered + line.inTransit,
        ...(promised !== null && { window: { from, to }, promised }),
      },
      events: promised === null ? [raised] : [raised, promised.sequence],
    };
  });
}

/** Lines and parties that a flag names, the first ones: a shipment may have thousands, and a page a thousand flags. */
const MOST_LINES = 20;
const MOST_PARTIES = 20;

const SHIPMENT_FLAG = flagIdSql(`'overdue-shipment'`, 's.shipment', 'l.item');

interface LateShipment {
  readonly flag: string;
  readonly raised: number;
  readonly shipment: string;
  readonly carrier: string;
  readonly consignee: string;
  readonly due: string;
  readonly item: string;
}
interface LateUnits {
  readonly shipment: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly supplier: string;
  readonly quantity: number;
}

/**
 * `overdue-shipment`: the day on which a shipment was expected is over, and units of it are in transit that no receipt has called
 * missing. One flag a shipment and item. It is raised by the event that dispatched the shipment first.
 */
export async function overdueShipments(model: ReadModel, which: Judged): Promise<FlagRow[]> {
  const { db, ledger, asOf } = model;
  const where = new Where(ledger, 's').and('NOT s.final').equals('l.item', which.item);
  where.and(`s.eta < ${where.value(dayOf(asOf.occurred))}::date`);
  // Whose lines they are is found out while they are grouped: to look for them again for each group is the square of a shipment's lines.
  const ofLines: string[] = [];
  if (which.party !== undefined) {
    const party = where.value(which.party);
    ofLines.push(`, bool_or(p.owner = ${party} OR o.supplier = ${party}) AS of_party`);
    where.and(`(s.consignee = ${party} OR s.carrier = ${party} OR l.of_party)`);
  }
  where.only(model.party, (own) => {
    ofLines.push(`, bool_or(${ownLine('p')(own)}) AS own`);
    return `s.consignee = ${own} OR s.carrier = ${own} OR l.own`;
  });
  among(where, 's.sequence', SHIPMENT_FLAG, which);
  const { rows } = await db.query<LateShipment>(
    `SELECT ${SHIPMENT_FLAG} AS flag, s.sequence AS raised, s.shipment, s.carrier, s.consignee, s.eta AS due, l.item
     FROM (SELECT p.ledger, p.shipment, p.item${ofLines.join('')}
         FROM shipment_lines p JOIN orders o ON o.ledger = $1 AND o."order" = p."order"
         WHERE p.ledger = $1 AND p.in_transit > 0 GROUP BY p.ledger, p.shipment, p.item) l
       JOIN shipments s ON s.ledger = $1 AND s.shipment = l.shipment
     ${where.sql} ORDER BY s.sequence, ${SHIPMENT_FLAG} LIMIT ${which.limit}`,
    where.values,
  );
  const units = await unitsOnTheWay(model, rows);
  return rows.map(({ flag, raised, item, ...shipment }) => {
    const lines = units.get(keyOf(shipment.shipment, item)) ?? [];
    const { consignee, carrier } = shipment;
    const parties = distinct(consignee, carrier, ...lines.flatMap(({ owner, supplier }) => [owner, supplier]));
    return {
      flag,
      rule: 'overdue-shipment',
      raised,
      parties: parties.slice(0, MOST_PARTIES),
      item,
      facts: {
        ...shipment,
        missing: lines.reduce((sum, { quantity }) => sum + quantity, 0),
        lines: lines.slice(0, MOST_LINES).map(({ order, line, owner, quantity }) => ({ order, line, owner, quantity })),
        ...(lines.length > MOST_LINES && { more: lines.length - MOST_LINES }),
      },
      events: [raised],
      ...partialIf(parties.length > MOST_PARTIES || lines.length > MOST_LINES),
    };
  });
}

async function unitsOnTheWay({ db, ledger, party }: ReadModel, late: readonly LateShipment[]) {
  const { rows } = await db.query<LateUnits>(
    `SELECT l.shipment, l.item, l."order", l.line, l.owner, o.supplier, l.in_transit AS quantity
     FROM shipment_lines l JOIN orders o ON o.ledger = $1 AND o."order" = l."order"
     WHERE l.ledger = $1 AND l.shipment = ANY($2) AND l.in_transit > 0 ${party === undefined ? '' : `AND ${seenLine('$3')}`} ORDER BY l.shipment, l."order", l.line, l.owner`,
    [ledger, [...new Set(late.map(({ shipment }) => shipment))], ...(party === undefined ? [] : [party])],
  );
  return groupBy(rows, ({ shipment, item }) => keyOf(shipment, item));
}

export function among(where: Where, raised: string, id: string, { flag, after }: Judged): void {
  if (flag !== undefined) where.and(`${id} = ${where.value(flag)}`);
  if (after === undefined) return;
  // The index has the first condition only.
  where.and(`${raised} >= ${where.value(after[0])}::bigint`).after([raised, id], after);
}
