import type { HoldingGroupRow, HoldingKey, HoldingRow } from '#contracts/rows';
import { PartiesStage, Stage } from '#contracts/scalars';
import { mayBeNegative } from '#ledger/account';
import {
  limitOf,
  MAX_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
  pageStart,
  type SortKey,
  Where,
} from '../reading/page.ts';
import { plannedOnce, type ReadModel } from '../reading/readModel.ts';

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

/**
 * Holdings now, an account a row, or summed by the keys of `groupBy`. Accounts without units are left out. (`holdingsThen` answers as of
 * any other moment.)
 */
export async function holdings(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingGroupRow>> {
  const { keys, ...asked } = asAsked(query);
  return keys.length === 0 ? byAccount(model, asked) : byGroup(model, asked, keys);
}

/** A query with the keys to sum by, each once. An order is one thing: its lines are on one page, unless there are very many. */
export function asAsked({ groupBy = [], limit, ...query }: HoldingsQuery): HoldingsQuery & { keys: HoldingKey[] } {
  return { ...query, limit: limit ?? (query.order === undefined ? undefined : MAX_LIMIT), keys: [...new Set(groupBy)] };
}

const KEYS = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const satisfies HoldingKey[];

/** The keys that the small table of totals has: whatever asks for no others never reads the accounts. */
export const TOTALLED = ['owner', 'custodian', 'item', 'stage'] as const satisfies HoldingKey[];

/** The conditions of a filter on a table that has these columns. */
export function filtered(where: Where, table: string, filter: HoldingsFilter, { party }: ReadModel): Where {
  for (const key of KEYS) where.equals(`${table}."${key}"`, filter[key]);
  return where.only(party, ownUnits(table));
}

/** Units that a party owns or has in custody. */
export const ownUnits = (table: string) => (party: string) =>
  `${table}.owner = ${party} OR ${table}.custodian = ${party}`;

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
    `(SELECT * FROM holdings h WHERE h.ledger = $1 AND h.item = t.item AND h.owner = t.owner AND h.stage = t.stage
      AND h.custodian = t.custodian AND h.${isThere} ${and})`;
  return query.accounts === 'all' ? `(${those('open')} UNION ALL ${those('outside')})` : those('open');
}

/** The accounts among which those that are asked for are, as `h`: as few as an index leads to. */
function accountsAmong(model: ReadModel, query: HoldingsQuery, where: Where): string {
  if (query.order !== undefined) return `holdings h`;
  if (query.shipment !== undefined)
    return `(SELECT DISTINCT "order", line FROM shipment_lines WHERE ledger = $1 AND shipment = ${where.value(query.shipment)}) s
      CROSS JOIN LATERAL (SELECT * FROM holdings a WHERE a.ledger = $1 AND a."order" = s."order" AND a.line = s.line OFFSET 0) h`;
  if (model.party === undefined && TOTALLED.every((key) => query[key] === undefined)) return `holdings h`;
  const asked = totalsAsked(where, query, model).sql;
  return `(SELECT * FROM holding_totals t ${asked} OFFSET 0) t CROSS JOIN LATERAL ${accountsOfTotal(query)} h`;
}

export type AccountRow = Omit<HoldingRow, 'substitutes'> & {
  ledger: string;
  account: number;
  substitutes: NonNullable<HoldingRow['substitutes']> | null;
};
// A page has few lines that came instead of others, and each is found by its key.
export const substitutesOf = (and = ''): string => `(
  SELECT json_agg(json_build_object('order', s.for_order, 'line', s.for_line, 'item', s.for_item) ORDER BY s.for_order, s.for_line)
  FROM (
    SELECT for_order, for_line, for_item FROM substitutes s
    WHERE s.ledger = $1 AND s."order" = h."order" AND s.line = h.line ${and} GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0 OFFSET 0
  ) s)`;
export const NAMES = `h.ledger, h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, h.account`;
const COLUMNS = `${NAMES}, h.quantity, ${substitutesOf()} AS substitutes`;
export const LIKE = ['', '', 0] as const;

/** An account a row: by item, by owner, then by the sequence in which the ledger first named the account. */
async function byAccount(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const start = pageStart(query, LIKE);
  const direct = query.order !== undefined || query.shipment !== undefined;
  const rows = direct ? await accountsDirectly(model, query, start) : await accountsByTotals(model, query, start);
  const shape = await shapeOf(model, rows);
  return pageOf(rows, query, sortKeyOf, shape);
}

export const sortKeyOf = ({ item, owner, account }: AccountRow): SortKey => [item, owner, account];

/** Makes rows of accounts what is answered: a party may know of the orders that it supplies or has bought. */
export async function shapeOf(model: ReadModel, rows: readonly AccountRow[]): Promise<(row: AccountRow) => HoldingRow> {
  const isSeen = await seenOrders(model, rows);
  return ({ account, ledger, substitutes, ...row }) => {
    const seen = (substitutes ?? []).filter(({ order }) => order === row.order || isSeen(order));
    return seen.length === 0 ? row : { ...row, substitutes: seen };
  };
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
async function accountsDirectly(
  model: ReadModel,
  query: HoldingsQuery,
  start: SortKey | undefined,
): Promise<AccountRow[]> {
  const { db, ledger } = model;
  const where = filtered(new Where(ledger, 'h'), 'h', query, model)
    .and(query.accounts === 'all' ? 'h.quantity <> 0' : 'h.open')
    .after(['h.item', 'h.owner', 'h.account'], start);
  const { rows } = await db.query<AccountRow>(
    `SELECT ${COLUMNS} FROM ${accountsAmong(model, query, where)} ${where.sql} ORDER BY h.item, h.owner, h.account LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return rows;
}

/** The totals say which accounts there are at all, by item and owner; the index has those of each in order. */
async function accountsByTotals(
  model: ReadModel,
  query: HoldingsQuery,
  start: SortKey | undefined,
): Promise<AccountRow[]> {
  const { db, ledger } = model;
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
  const firstOf = accountsOfTotal(query, `${and} ORDER BY h.account LIMIT ${limit}`);
  const { rows } = await db.query<AccountRow>(
    plannedOnce(model)(
      `SELECT ${COLUMNS} FROM (
       SELECT ${NAMES}, h.quantity
       FROM (SELECT DISTINCT t.item, t.owner FROM holding_totals t ${asked.sql} ${later} ORDER BY t.item, t.owner) p
         CROSS JOIN LATERAL (
           SELECT h.* FROM (SELECT * FROM holding_totals t ${asked.sql} AND t.item = p.item AND t.owner = p.owner OFFSET 0) t
             CROSS JOIN LATERAL ${firstOf} h
           ORDER BY h.account LIMIT ${limit}
         ) h
       ORDER BY p.item, p.owner, h.account LIMIT ${limit}
     ) h ORDER BY h.item, h.owner, h.account`,
      where.values,
    ),
  );
  return rows;
}

/** The sum of each group of accounts, by the keys in the order given. Groups of which no account has units are left out. */
async function byGroup(
  model: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<Page<HoldingGroupRow>> {
  const where = filtered(new Where(model.ledger, 'h'), 'h', query, model).and('h.quantity <> 0');
  const totalled = isTotalled(query, keys);
  if (query.accounts !== 'all') {
    where.and(totalled ? `h.stage = ANY(${where.value(PartiesStage.options)})` : 'h.open');
  }
  const table = totalled ? 'holding_totals h' : accountsAmong(model, query, where);
  return pageOfGroups(await groupRows(model, query, keys, where, table, totalled), query, keys);
}

/** Whether the small table of totals has all that is asked by. */
export const isTotalled = (query: HoldingsFilter, keys: readonly HoldingKey[]): boolean =>
  [...keys, ...KEYS.filter((key) => query[key] !== undefined)].every((key) =>
    (TOTALLED as readonly HoldingKey[]).includes(key),
  );

/** A group as PostgreSQL answers it: null has no place in a sort order, and units that are on no shipment are under the empty id. */
export type GroupRow = Record<HoldingKey, string> & { quantity: number; negative?: true | null };

/** What the rows of `h` are grouped and sorted by. */
export const columnsOf = (keys: readonly HoldingKey[]): string[] =>
  keys.map((key) => (key === 'shipment' ? `coalesce(h.shipment, '')` : `h."${key}"`));

/**
 * The groups of the rows of `h`, by the keys: one more than a page has, if there are more.
 *
 * @param planned whether the plan is kept: for what takes long to plan
 */
export async function groupRows(
  model: ReadModel,
  query: PageQuery,
  keys: readonly HoldingKey[],
  where: Where,
  table: string,
  planned = false,
): Promise<GroupRow[]> {
  const columns = columnsOf(keys);
  const start = pageStart(
    query,
    keys.map(() => ''),
  );
  where.after(columns, start);
  const text = `SELECT ${columns.map((column, i) => `${column} AS "${keys[i] ?? ''}"`).join(', ')}, sum(h.quantity)::bigint AS quantity,
       ${BELOW_ZERO} AS negative
     FROM ${table} ${where.sql}
     GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT ${where.value(limitOf(query) + 1)}`;
  const { values } = where;
  const { rows } = await model.db.query<GroupRow>(planned ? plannedOnce(model)(text, values) : { text, values });
  return rows;
}

export const pageOfGroups = (
  rows: readonly GroupRow[],
  query: PageQuery,
  keys: readonly HoldingKey[],
): Page<HoldingGroupRow> =>
  pageOf(
    rows,
    query,
    (row): SortKey => keys.map((key) => row[key]),
    ({ negative, ...row }) =>
      ({
        ...row,
        ...('shipment' in row && { shipment: row.shipment === '' ? null : row.shipment }),
        ...(negative === true && { negative }),
      }) as HoldingGroupRow,
  );

const MAY_BE = Stage.options.filter(mayBeNegative).map((stage) => `'${stage}'`);
const BELOW_ZERO = `bool_or(h.quantity < 0 AND h.stage NOT IN (${MAY_BE.join(', ')}))`;
