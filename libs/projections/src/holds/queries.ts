import type pg from 'pg';
import type { AvailableRow, HoldRow, HoldStatus } from '#contracts/holdRows';
import { PartiesStage } from '#contracts/scalars';
import { instantOf } from '../engine/values.ts';
import { groupBy } from '../reading/groupBy.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, partsOf, Where } from '../reading/page.ts';
import { clockOf, type ReadModel } from '../reading/readModel.ts';
import { ownSwap } from '../swaps/queries.ts';

interface HoldsQuery extends PageQuery {
  readonly owner?: string | undefined;
  /** Holds of units of this item. */
  readonly item?: string | undefined;
  /** Holds of units of this order. */
  readonly order?: string | undefined;
  readonly status?: HoldStatus | undefined;
}

/** The ledger's holds by id. Those of swaps are the swaps'. A party's own are those of its units. */
export async function holds(model: ReadModel, query: HoldsQuery): Promise<Page<HoldRow>> {
  const where = new Where(model.ledger, 'h').equals('h.owner', query.owner);
  for (const column of ['item', 'order'] as const) {
    if (query[column] === undefined) continue;
    where.and(
      `EXISTS (SELECT FROM held_lines l WHERE l.ledger = $1 AND l.kind = 'hold' AND l.name = h.hold AND l."${column}" = ${where.value(query[column])})`,
    );
  }
  return readHolds(model, where.after(['h.hold'], pageStart(query, [''])), query);
}

export async function hold(model: ReadModel, id: string): Promise<HoldRow | undefined> {
  return (await readHolds(model, new Where(model.ledger, 'h').equals('h.hold', id), {})).data[0];
}

type LineRow = HoldRow['lines'][number] & { readonly name: string };

async function readHolds(model: ReadModel, where: Where, query: HoldsQuery): Promise<Page<HoldRow>> {
  const { db, ledger, asOf, party } = model;
  where.only(party, (self) => `h.owner = ${self}`).among('h.hold', model.among);
  const now = where.value(clockOf({ asOf }));
  const status = `CASE WHEN h.released IS NOT NULL THEN 'released' WHEN h.until <= ${now}::timestamptz THEN 'expired' ELSE 'open' END`;
  if (query.status !== undefined) where.and(`${status} = ${where.value(query.status)}`);
  const { rows } = await db.query<Omit<HoldRow, 'lines'>>(
    `SELECT h.hold, h.owner, h.purpose, ${status} AS status, ${instantOf('h.until')} AS until,
       ${instantOf('h.held')} AS held, ${instantOf('h.released')} AS released
     FROM holds h ${where.sql} ORDER BY h.hold LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const { parts, whole } = await partsOf<LineRow>(
    rows.map((row) => row.hold),
    ({ name }) => name,
    async (of, most) => {
      const lines = await db.query<LineRow>(
        `SELECT name, "order", line, item, quantity, shipment, custodian, stage FROM held_lines
         WHERE ledger = $1 AND kind = 'hold' AND name = ANY($2) ORDER BY name, n LIMIT $3`,
        [ledger, of, most],
      );
      return lines.rows;
    },
  );
  const lines = groupBy(parts, ({ name }) => name);
  return pageOf(
    rows,
    query,
    (row) => [row.hold],
    (row) => ({ ...row, lines: (lines.get(row.hold) ?? []).map(({ name: _, ...line }) => line) }),
    whole,
  );
}

/** What holds units of an order line. */
export interface HeldOnLine {
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly quantity: number;
  readonly swap: string | null;
  readonly hold: string | null;
  readonly until: string;
}

/** What holds units of these orders now, at most so many. What may not be read has no name. */
export async function heldOn(
  model: ReadModel,
  orders: readonly string[],
  most: number,
  planned: (text: string, values: unknown[]) => pg.QueryConfig,
): Promise<HeldOnLine[]> {
  const { db, ledger, asOf, party } = model;
  const values: unknown[] = [ledger, orders, clockOf({ asOf }), most];
  if (party !== undefined) values.push(party);
  const isRead =
    party === undefined
      ? { swap: 'true', hold: 'true' }
      : {
          swap: `EXISTS (SELECT FROM swaps s WHERE s.ledger = $1 AND s.swap = h.name AND (${ownSwap('s')('$5')}))`,
          hold: 'h.owner = $5',
        };
  const nameOf = (kind: 'swap' | 'hold') =>
    `CASE WHEN h.kind = '${kind}' AND ${isRead[kind]} THEN h.name END AS ${kind}`;
  const text = `
    SELECT h."order", h.line, h.owner, h.quantity, ${nameOf('swap')}, ${nameOf('hold')}, ${instantOf('h.until')} AS until
     FROM (
       SELECT ledger, "order", line, owner, kind, name, until, sum(quantity)::bigint AS quantity FROM held_lines
       WHERE ledger = $1 AND "order" = ANY($2) AND NOT ended AND until > $3::timestamptz
       GROUP BY ledger, "order", line, owner, kind, name, until
       ORDER BY "order", line, until, kind, name, owner LIMIT $4
     ) h ORDER BY h."order", h.line, h.until, h.kind, h.name, h.owner`;
  return (await db.query<HeldOnLine>(planned(text, values))).rows;
}

/** Units on hold of a place in the queue, of which there are so many; `now` is a parameter. */
export const onHoldOf = (queue: string, there: string, now: string): string =>
  `least(${there}, coalesce((SELECT sum(h.quantity) FROM held_lines h
     WHERE h.ledger = $1 AND h."order" = ${queue}."order" AND h.line = ${queue}.line AND h.owner = ${queue}.owner
       AND NOT h.ended AND h.until > ${now}::timestamptz), 0))::bigint`;

interface AvailableQuery extends PageQuery {
  readonly owner?: string | undefined;
  readonly item?: string | undefined;
}

/** What each owner may promise of each item: what is there less what is on hold, which is no more than is there of its line. */
export async function available(model: ReadModel, query: AvailableQuery): Promise<Page<AvailableRow>> {
  const { db, ledger, asOf, party } = model;
  const where = new Where(ledger, 't').equals('t.owner', query.owner).equals('t.item', query.item);
  where.only(party, (self) => `t.owner = ${self}`);
  where
    .and(`t.stage = ANY(${where.value(PartiesStage.options)})`)
    .after(['t.owner', 't.item'], pageStart(query, ['', '']));
  const now = where.value(clockOf({ asOf }));
  const { rows } = await db.query<Omit<AvailableRow, 'available'>>(
    `SELECT t.owner, t.item, t.there, coalesce((
       SELECT sum(least(l.quantity, q.there)) FROM (
         SELECT h."order", h.line, sum(h.quantity) AS quantity FROM held_lines h
         WHERE h.ledger = $1 AND h.owner = t.owner AND h.item = t.item AND NOT h.ended AND h.until > ${now}::timestamptz
         GROUP BY h."order", h.line
       ) l CROSS JOIN LATERAL (
         SELECT q.ordered + q.in_transit + q.held + q.damaged AS there FROM queue q
         WHERE q.ledger = $1 AND q."order" = l."order" AND q.line = l.line AND q.owner = t.owner OFFSET 0
       ) q
     ), 0)::bigint AS "onHold"
     FROM (
       SELECT t.ledger, t.owner, t.item, sum(t.quantity)::bigint AS there FROM holding_totals t ${where.sql}
       GROUP BY t.ledger, t.owner, t.item HAVING sum(t.quantity) <> 0 ORDER BY t.owner, t.item LIMIT ${limitOf(query) + 1}
     ) t ORDER BY t.owner, t.item`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ owner, item }) => [owner, item],
    (row) => ({ ...row, available: row.there - row.onHold }),
  );
}
