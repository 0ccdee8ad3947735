import type { OrderRow } from '#contracts/rows';
import { keyOf, PartiesStage } from '#contracts/scalars';
import { Turns } from '#platform/service/turns';
import { promiseFrom } from '../engine/promise.ts';
import { instant, instantOf } from '../engine/values.ts';
import { type HeldOnLine, heldOn } from '../holds/queries.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, partialIf, partsOf, Where } from '../reading/page.ts';
import { dayOf, type Planned, plannedOnce, type ReadModel, unplanned } from '../reading/readModel.ts';

interface OrdersQuery extends PageQuery {
  readonly buyer?: string | undefined;
  readonly supplier?: string | undefined;
  /** Orders with a line of this item. */
  readonly item?: string | undefined;
  /** Orders of which this party owns units now. */
  readonly owner?: string | undefined;
  /** Orders that this party placed or supplies, or of which it owns units now. */
  readonly party?: string | undefined;
  /** Orders with units that are still awaited after their line's window, or those without. */
  readonly late?: boolean | undefined;
}

/** The ledger's orders by id, each line with where its units are and whose they are. */
export async function orders(model: ReadModel, query: OrdersQuery): Promise<Page<OrderRow>> {
  const where = new Where(model.ledger, 'o').equals('o.buyer', query.buyer).equals('o.supplier', query.supplier);
  if (query.item !== undefined) {
    // No index has the lines of an item: orders are read in their order, and OFFSET 0 keeps each of them the one that is asked.
    where.and(
      `EXISTS (SELECT FROM order_lines l WHERE l.ledger = $1 AND l."order" = o."order" AND l.item = ${where.value(query.item)} OFFSET 0)`,
    );
  }
  if (query.owner !== undefined) {
    where.and(
      `EXISTS (SELECT FROM holdings h WHERE h.ledger = $1 AND h."order" = o."order" AND h.open AND h.owner = ${where.value(query.owner)})`,
    );
  }
  if (query.party !== undefined) {
    const party = where.value(query.party);
    where.and(
      `(o.buyer = ${party} OR o.supplier = ${party} OR EXISTS (SELECT FROM holdings h WHERE h.ledger = $1 AND h."order" = o."order" AND h.open AND h.owner = ${party}))`,
    );
  }
  if (query.late !== undefined) {
    const today = where.value(dayOf(model.asOf.occurred));
    where.and(
      `${query.late ? '' : 'NOT '}EXISTS (SELECT FROM queue q WHERE q.ledger = $1 AND q."order" = o."order" AND q.ordered + q.in_transit > 0 AND q.due_to < ${today}::date)`,
    );
  }
  return readOrders(model, where.after(['o."order"'], pageStart(query, [''])), query);
}

export async function order(model: ReadModel, id: string): Promise<OrderRow | undefined> {
  return (await readOrders(model, new Where(model.ledger, 'o').equals('o."order"', id), {}, [id])).data[0];
}

/** What a supplier confirmed, of what a table keeps. */
export function promisedIn(promise: string | null): OrderLine['promised'] {
  const found = promiseFrom(promise);
  return found === null ? null : { ...found, confirmed: instant(found.confirmed) };
}

type OrderLine = OrderRow['lines'][number];
type Header = Omit<OrderRow, 'lines'>;

/** An order that a party supplies or has bought. */
export const ownOrder = (table: string) => (party: string) =>
  `${table}.supplier = ${party} OR ${table}.buyer = ${party}`;

/** @param those the ids of the orders, where they are known: what belongs to them is then asked for with them, in one trip */
async function readOrders(
  model: ReadModel,
  where: Where,
  query: PageQuery,
  those?: readonly string[],
): Promise<Page<OrderRow>> {
  where.only(model.party, ownOrder('o')).among('o."order"', model.among);
  const planned = those === undefined ? unplanned : plannedOnce(model);
  const headers = model.db.query<Header>(
    planned(
      `SELECT "order", buyer, supplier, ${instantOf('placed')} AS placed FROM orders o ${where.sql}
       ORDER BY o."order" LIMIT ${limitOf(query) + 1}`,
      where.values,
    ),
  );
  const [{ rows }, { lines, whole, partial }] = await Promise.all([
    headers,
    linesOf(model, those ?? (await headers).rows.map((row) => row.order), planned),
  ]);
  return pageOf(
    rows,
    query,
    (row) => [row.order],
    (row) => ({ ...row, lines: lines.get(row.order) ?? [], ...partialIf(partial) }),
    whole,
  );
}

interface LineRow
  extends Omit<
    OrderLine,
    'units' | 'window' | 'due' | 'dueFirst' | 'promised' | 'onHold' | 'available' | 'holds' | Side
  > {
  readonly order: string;
  readonly from: string;
  readonly to: string;
  readonly dueFirst: string | null;
  readonly promise: string | null;
}
type UnitsRow = OrderLine['units'][number] & { readonly order: string; readonly line: string };

type Side = 'substitutes' | 'substitutedBy';
type InsteadRow = NonNullable<OrderLine[Side]>[number] & {
  /** The line that says it, and which of the two it is. */
  readonly own: { readonly order: string; readonly line: string };
  readonly side: Side;
};

const LINES = `
  SELECT "order", line, item, quantity, cancelled, nullif(due_first, window_to) AS "dueFirst", window_from AS "from", window_to AS "to", promise FROM order_lines
  WHERE ledger = $1 AND "order" = ANY($2) ORDER BY "order", n LIMIT $3`;

// Not `open`, which says the same: without statistics its index would be taken, and all that is open be read. OFFSET 0 keeps the
// accounts of each order a search of their own, by the index that has the orders, and not by the one that has their order. Sorted by what they
// are: their numbers are others in a fold of the past, where what was taken back never named an account.
const UNITS = `
  SELECT "order", line, owner, custodian, stage, shipment, quantity FROM (
    SELECT o.n, h.* FROM unnest($2::text[]) WITH ORDINALITY AS o (id, n) CROSS JOIN LATERAL (
      SELECT *, array_position($4::text[], stage) AS way FROM (
        SELECT * FROM holdings WHERE ledger = $1 AND "order" = o.id AND quantity <> 0 AND stage = ANY($4) OFFSET 0
      ) own ORDER BY line, way, owner, custodian, shipment LIMIT $3
    ) h LIMIT $3
  ) found ORDER BY n, line, way, owner, custodian, shipment`;

/** What came instead of units of the orders' lines, and what units of theirs came instead of. */
const INSTEAD = `
  SELECT json_build_object('order', own_order, 'line', own_line) AS own, side, "order", line, item,
    sum(quantity)::bigint AS quantity FROM (
    SELECT "order" AS own_order, line AS own_line, 'substitutes' AS side, for_order AS "order", for_line AS line, for_item AS item, quantity
    FROM substitutes WHERE ledger = $1 AND "order" = ANY($2)
    UNION ALL
    SELECT for_order, for_line, 'substitutedBy', "order", line, item, quantity
    FROM substitutes WHERE ledger = $1 AND for_order = ANY($2) AND sequence > 0
  ) s GROUP BY own_order, own_line, side, "order", line, item HAVING sum(quantity) <> 0 ORDER BY own_order, own_line, side, "order", line LIMIT $3`;

interface LinesOfOrders {
  readonly lines: ReadonlyMap<string, OrderLine[]>;
  /** How many of the orders, from the first on, have all that belongs to them. */
  readonly whole: number;
  /** The first order has more lines or units than these. */
  readonly partial: boolean;
}

async function linesOf(model: ReadModel, ids: readonly string[], planned: Planned): Promise<LinesOfOrders> {
  const { db, ledger } = model;
  const read = <R extends object>(orderOf: (row: R) => string, text: string, ...more: unknown[]) =>
    partsOf<R>(ids, orderOf, async (of, most) => (await db.query<R>(planned(text, [ledger, of, most, ...more]))).rows);
  const [lines, units, held, instead] = await Promise.all([
    read<LineRow>(({ order }) => order, LINES),
    read<UnitsRow>(({ order }) => order, UNITS, PartiesStage.options),
    partsOf<HeldOnLine>(
      ids,
      ({ order }) => order,
      (of, most) => heldOn(model, of, most, planned),
    ),
    read<InsteadRow>(({ own }) => own.order, INSTEAD),
  ]);
  const parts = [lines, units, held, instead];
  return {
    lines: await putTogether(lines.parts, units.parts, held.parts, instead.parts),
    whole: Math.min(...parts.map(({ whole }) => whole)),
    partial: parts.some(({ partial }) => partial),
  };
}

async function putTogether(
  lines: readonly LineRow[],
  units: readonly UnitsRow[],
  held: readonly HeldOnLine[],
  instead: readonly InsteadRow[],
): Promise<LinesOfOrders['lines']> {
  const found = new Map<string, OrderLine[]>();
  const byLine = new Map<string, OrderLine>();
  // A page has 5,000 lines, and as many units.
  const turns = new Turns();
  for (const { order, from, to, dueFirst, promise, ...row } of lines) {
    if (turns.over) await turns.next();
    const promised = promisedIn(promise);
    const due = promised?.stands === true && promised.window !== null ? promised.window.to : to;
    const line: OrderLine = {
      ...row,
      window: { from, to },
      due,
      ...(dueFirst !== null && { dueFirst }),
      promised,
      units: [],
      onHold: 0,
      available: 0,
      holds: [],
    };
    byLine.set(keyOf(order, line.line), line);
    const others = found.get(order);
    if (others === undefined) found.set(order, [line]);
    else others.push(line);
  }
  for (const { order, line, ...row } of units) {
    if (turns.over) await turns.next();
    byLine.get(keyOf(order, line))?.units.push(row);
  }
  for (const { order, line, ...row } of held) {
    if (turns.over) await turns.next();
    byLine.get(keyOf(order, line))?.holds.push(row);
  }
  for (const { own, side, ...row } of instead) {
    const line = byLine.get(keyOf(own.order, own.line));
    if (line !== undefined) (line[side] ??= []).push(row);
  }
  for (const line of byLine.values()) {
    if (turns.over) await turns.next();
    count(line);
  }
  return found;
}

/** How many of a line's units are on hold, no more of each owner than it has, and how many are not. */
function count(line: OrderLine): void {
  const there = new Map<string, number>();
  for (const { owner, quantity } of line.units) {
    there.set(owner, quantity + (there.get(owner) ?? 0));
    line.available += quantity;
  }
  for (const { owner, quantity } of line.holds) {
    const left = there.get(owner) ?? 0;
    const onHold = Math.min(left, quantity);
    there.set(owner, left - onHold);
    line.onHold += onHold;
    line.available -= onHold;
  }
}

/** Who buys and who sells, of some orders. */
export async function sidesOf(
  { db, ledger }: ReadModel,
  orders: readonly string[],
): Promise<ReadonlyMap<string, { readonly buyer: string; readonly supplier: string }>> {
  const { rows } = await db.query<{ order: string; buyer: string; supplier: string }>(
    'SELECT "order", buyer, supplier FROM orders WHERE ledger = $1 AND "order" = ANY($2::text[])',
    [ledger, orders],
  );
  return new Map(rows.map(({ order, ...sides }) => [order, sides]));
}
