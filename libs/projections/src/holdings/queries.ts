import type { HoldingGroupRow, HoldingKey, HoldingRow } from '#contracts/rows';
import { PartiesStage, type Stage } from '#contracts/scalars';
import {
  BadCursor,
  limitOf,
  MAX_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
  pageStart,
  type SortKey,
  Where,
} from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

/** Which accounts are asked for; a key that is left out may have any value. */
export interface HoldingsFilter {
  readonly owner?: string | undefined;
  readonly custodian?: string | undefined;
  readonly item?: string | undefined;
  readonly order?: string | undefined;
  readonly line?: string | undefined;
  readonly stage?: Stage | undefined;
  readonly shipment?: string | undefined;
  /** Adds what is outside the parties' hands: supply, cancelled, lost … All together sum to zero per item. */
  readonly accounts?: 'all' | undefined;
}

export interface HoldingsQuery extends HoldingsFilter, PageQuery {
  readonly groupBy?: readonly HoldingKey[] | undefined;
}

/** Holdings, an account a row, or summed by the keys of `groupBy`. Accounts without units are left out. */
export async function holdings(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingGroupRow>> {
  const { groupBy = [], order } = query;
  // An order is one thing: its lines are on one page, unless there are very many.
  const asked = order === undefined ? query : { ...query, limit: query.limit ?? MAX_LIMIT };
  return groupBy.length === 0 ? byAccount(model, asked) : byGroup(model, asked, [...new Set(groupBy)]);
}

const KEYS = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const satisfies HoldingKey[];

/** The keys that the small table of totals has: whatever asks for no others never reads the accounts. */
const TOTALLED = ['owner', 'custodian', 'item', 'stage'] as const satisfies HoldingKey[];

/** The conditions of a filter on a table that has these columns. */
export function filtered(where: Where, table: string, filter: HoldingsFilter, { party }: ReadModel): Where {
  for (const key of KEYS) where.equals(`${table}."${key}"`, filter[key]);
  return where.only(party, ownUnits(table));
}

/** Units that a party owns or has in custody. */
export const ownUnits = (table: string) => (party: string) =>
  `${table}.owner = ${party} OR ${table}.custodian = ${party}`;

/** A walk over pages: every page of it is of the sequence of the first one. */
interface Walk {
  readonly known: number;
  readonly start: SortKey | undefined;
  readonly hasMoved: boolean;
}

/** A walk that so many moves went by begins again: a page would have to take them all back. */
const MAX_POSTINGS_SINCE = 50_000;

async function walkOf({ db, ledger, sequence }: ReadModel, query: PageQuery, like: SortKey): Promise<Walk> {
  const key = pageStart(query, [...like, 0]);
  if (key === undefined) return { known: sequence, start: undefined, hasMoved: false };
  const known = Number(key.at(-1));
  if (known > sequence) throw new BadCursor();
  const after = (so: number) =>
    `EXISTS (SELECT FROM postings WHERE ledger = $1 AND sequence > $2 ORDER BY sequence, n OFFSET ${so})`;
  const { rows } = await db.query<{ moved: boolean; much: boolean }>(
    `SELECT ${after(0)} AS moved, ${after(MAX_POSTINGS_SINCE)} AS much`,
    [ledger, known],
  );
  if (rows[0]?.much === true)
    throw new BadCursor('too much has moved since the first page of this walk: begin again, without a cursor');
  return { known, start: key.slice(0, -1), hasMoved: rows[0]?.moved === true };
}

/** What has moved since the walk began, by account, as a table beside the statement that it stands in front of. */
// The limit is never reached. It tells PostgreSQL, which may have no statistics, that the accounts fit into a hash table.
const since = ({ known, hasMoved }: Walk, where: Where): string =>
  hasMoved
    ? `WITH since AS MATERIALIZED (
         SELECT account, sum(quantity)::bigint AS quantity FROM (
           SELECT account, quantity FROM postings WHERE ledger = $1 AND sequence > ${where.value(known)}
           ORDER BY sequence, n LIMIT ${MAX_POSTINGS_SINCE}
         ) p GROUP BY account
       )`
    : '';
const UNCHANGED = 'h.account NOT IN (SELECT account FROM since)';
/** With what was on each: `h.quantity - since.quantity`. */
const CHANGED = `since CROSS JOIN LATERAL (SELECT * FROM holdings WHERE ledger = $1 AND account = since.account OFFSET 0) h`;

const NAMES = `h.ledger, h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment`;

/** All accounts as they were when the walk began: a table like `holdings`. */
function accountsThen({ hasMoved }: Walk, where: Where): string {
  if (!hasMoved) return 'holdings';
  const isOpen = `h.quantity <> since.quantity AND h.stage = ANY(${where.value(PartiesStage.options)})`;
  return `(SELECT ${NAMES}, h.account, h.quantity, h.open FROM holdings h WHERE h.ledger = $1 AND ${UNCHANGED}
    UNION ALL SELECT ${NAMES}, h.account, h.quantity - since.quantity, ${isOpen} FROM ${CHANGED})`;
}

/** The totals of the accounts that are asked for, as `t`: they say of which owners, items, stages and custodians there are any. */
function totalsAsked(where: Where, query: HoldingsQuery, { ledger, party }: ReadModel): Where {
  const asked = new Where(ledger, 't', where.values);
  for (const column of TOTALLED) asked.equals(`t."${column}"`, query[column]);
  asked.only(party, ownUnits('t'));
  // Outside the parties' hands one account may have what another lacks.
  return query.accounts === 'all'
    ? asked
    : asked.and(`t.stage = ANY(${where.value(PartiesStage.options)}) AND t.quantity <> 0`);
}

/** The accounts of the total `t` with units on them: the index has them together, by number. */
function accountsOfTotal(query: HoldingsQuery, and = ''): string {
  const those = (isThere: string): string =>
    `(SELECT * FROM holdings h WHERE h.ledger = t.ledger AND h.item = t.item AND h.owner = t.owner AND h.stage = t.stage
      AND h.custodian = t.custodian AND h.${isThere} ${and})`;
  return query.accounts === 'all' ? `(${those('open')} UNION ALL ${those('outside')})` : those('open');
}

/** The accounts among which those that are asked for are, as `h`: as few as an index leads to. */
function accountsAmong(model: ReadModel, query: HoldingsQuery, walk: Walk, where: Where): string {
  const all = accountsThen(walk, where);
  if (query.order !== undefined) return `${all} h`;
  if (query.shipment !== undefined)
    return `(SELECT DISTINCT "order", line FROM shipment_lines WHERE ledger = $1 AND shipment = ${where.value(query.shipment)}) s
      CROSS JOIN LATERAL (SELECT * FROM ${all} a WHERE a.ledger = $1 AND a."order" = s."order" AND a.line = s.line OFFSET 0) h`;
  if (walk.hasMoved || (model.party === undefined && TOTALLED.every((key) => query[key] === undefined)))
    return `${all} h`;
  const asked = totalsAsked(where, query, model).sql;
  return `(SELECT * FROM holding_totals t ${asked} OFFSET 0) t CROSS JOIN LATERAL ${accountsOfTotal(query)} h`;
}

/** The totals as they were when the walk began. */
function totalsThen({ hasMoved }: Walk): string {
  if (!hasMoved) return 'holding_totals';
  const columns = 'h.ledger, h.owner, h.custodian, h.item, h.stage';
  return `(SELECT ${columns}, sum(h.quantity)::bigint AS quantity FROM (
      SELECT ${columns}, h.quantity FROM holding_totals h WHERE h.ledger = $1
      UNION ALL SELECT ${columns}, -since.quantity FROM ${CHANGED}
    ) h GROUP BY ${columns})`;
}

type AccountRow = Omit<HoldingRow, 'substitutes'> & {
  account: number;
  substitutes: NonNullable<HoldingRow['substitutes']> | null;
};
// A page has few lines that came instead of others, and each is found by its key.
const SUBSTITUTES = `(
  SELECT json_agg(json_build_object('order', s.for_order, 'line', s.for_line, 'item', s.for_item) ORDER BY s.for_order, s.for_line)
  FROM substitutes s WHERE s.ledger = h.ledger AND s."order" = h."order" AND s.line = h.line)`;
const COLUMNS = `h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, h.quantity, h.account, ${SUBSTITUTES} AS substitutes`;
const LIKE = ['', '', 0] as const;

/** An account a row: by item, by owner, then by the sequence in which the ledger first named the account. */
async function byAccount(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const walk = await walkOf(model, query, LIKE);
  const direct = query.order !== undefined || query.shipment !== undefined;
  const rows = direct ? await accountsDirectly(model, query, walk) : await accountsByTotals(model, query, walk);
  const isSeen = await seenOrders(model, rows);
  const page = pageOf(
    rows,
    query,
    ({ item, owner, account }) => [item, owner, account, walk.known],
    ({ account, substitutes, ...row }) => {
      const seen = substitutes?.filter(({ order }) => order === row.order || isSeen(order)) ?? [];
      return seen.length === 0 ? row : { ...row, substitutes: seen };
    },
  );
  return { ...page, sequence: walk.known };
}

/** Which of the orders that got these units instead a party may know of: those that it supplies or has bought. */
async function seenOrders({ db, ledger, party }: ReadModel, rows: readonly AccountRow[]) {
  const named = new Set(rows.flatMap(({ substitutes }) => substitutes?.map(({ order }) => order) ?? []));
  if (party === undefined || named.size === 0) return () => true;
  const { rows: own } = await db.query<{ order: string }>(
    'SELECT "order" FROM orders WHERE ledger = $1 AND "order" = ANY($2) AND (supplier = $3 OR buyer = $3)',
    [ledger, [...named], party],
  );
  const seen = new Set(own.map(({ order }) => order));
  return (order: string) => seen.has(order);
}

/** The few accounts of one order or shipment. */
async function accountsDirectly(model: ReadModel, query: HoldingsQuery, walk: Walk): Promise<AccountRow[]> {
  const { db, ledger } = model;
  const where = filtered(new Where(ledger, 'h'), 'h', query, model)
    .and(query.accounts === 'all' ? 'h.quantity <> 0' : 'h.open')
    .after(['h.item', 'h.owner', 'h.account'], walk.start);
  const { rows } = await db.query<AccountRow>(
    `${since(walk, where)} SELECT ${COLUMNS} FROM ${accountsAmong(model, query, walk, where)} ${where.sql} ORDER BY h.item, h.owner, h.account LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return rows;
}

/** The totals say which accounts there are at all, by item and owner; the index has those of each in order. */
async function accountsByTotals(model: ReadModel, query: HoldingsQuery, walk: Walk): Promise<AccountRow[]> {
  const { db, ledger } = model;
  const { start, hasMoved } = walk;
  const limit = limitOf(query) + 1;
  const where = new Where(ledger, 'h');
  const asked = totalsAsked(where, query, model);
  let [later, and] = ['', ''];
  if (start !== undefined) {
    const [item, owner, account] = start.map((part) => where.value(part));
    later = `AND (t.item, t.owner) >= (${item ?? ''}, ${owner ?? ''})`;
    and = `AND h.account > CASE WHEN (t.item, t.owner) = (${item ?? ''}, ${owner ?? ''}) THEN ${account ?? ''}::int ELSE -1 END`;
  }
  if (query.line !== undefined) and += ` AND h.line = ${where.value(query.line)}`;
  let changed = '';
  if (hasMoved) {
    and += ` AND ${UNCHANGED}`;
    const then = filtered(new Where(ledger, 'h', where.values), 'h', query, model)
      .and('h.quantity <> since.quantity')
      .after(['h.item', 'h.owner', 'h.account'], start);
    if (query.accounts !== 'all') then.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);
    changed = `UNION ALL SELECT ${NAMES}, h.account, h.quantity - since.quantity AS quantity FROM ${CHANGED} ${then.sql}
      ORDER BY item, owner, account LIMIT ${limit}`;
  }
  const firstOf = accountsOfTotal(query, `${and} ORDER BY h.account LIMIT ${limit}`);
  const { rows } = await db.query<AccountRow>(
    `${since(walk, where)} SELECT ${COLUMNS} FROM (
       (SELECT ${NAMES}, h.account, h.quantity
        FROM (SELECT DISTINCT t.item, t.owner FROM holding_totals t ${asked.sql} ${later} ORDER BY t.item, t.owner) p
          CROSS JOIN LATERAL (
            SELECT h.* FROM (SELECT * FROM holding_totals t ${asked.sql} AND t.item = p.item AND t.owner = p.owner OFFSET 0) t
              CROSS JOIN LATERAL ${firstOf} h
            ORDER BY h.account LIMIT ${limit}
          ) h
        ORDER BY p.item, p.owner, h.account LIMIT ${limit})
       ${changed}
     ) h ORDER BY h.item, h.owner, h.account`,
    where.values,
  );
  return rows;
}

/** The sum of each group of accounts, by the keys in the order given. Groups of which no account has units are left out. */
async function byGroup(
  model: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<Page<HoldingGroupRow>> {
  const { db, ledger } = model;
  const walk = await walkOf(
    model,
    query,
    keys.map(() => ''),
  );
  const used = [...keys, ...KEYS.filter((key) => query[key] !== undefined)];
  const totalled = used.every((key) => (TOTALLED as readonly HoldingKey[]).includes(key));
  const where = filtered(new Where(ledger, 'h'), 'h', query, model).and('h.quantity <> 0');
  if (query.accounts !== 'all') {
    where.and(totalled ? `h.stage = ANY(${where.value(PartiesStage.options)})` : 'h.open');
  }
  // Null has no place in a sort order: units that are on no shipment are grouped under the empty id.
  const columns = keys.map((key) => (key === 'shipment' ? `coalesce(h.shipment, '')` : `h."${key}"`));
  where.after(columns, walk.start);
  const from = totalled ? `${totalsThen(walk)} h` : accountsAmong(model, query, walk, where);
  const { rows } = await db.query<Record<HoldingKey, string> & { quantity: number }>(
    `${since(walk, where)} SELECT ${columns.map((column, i) => `${column} AS "${keys[i] ?? ''}"`).join(', ')}, sum(h.quantity)::bigint AS quantity
     FROM ${from} ${where.sql}
     GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const page = pageOf(
    rows,
    query,
    (row): SortKey => [...keys.map((key) => row[key]), walk.known],
    (row) =>
      ('shipment' in row ? { ...row, shipment: row.shipment === '' ? null : row.shipment } : row) as HoldingGroupRow,
  );
  return { ...page, sequence: walk.known };
}
