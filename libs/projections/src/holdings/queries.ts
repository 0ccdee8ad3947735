import type { HoldingGroupRow, HoldingKey, HoldingRow } from '#contracts/rows';
import { PartiesStage, type Stage } from '#contracts/scalars';
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

type AccountRow = HoldingRow & { account: number };
const COLUMNS = `h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, h.quantity, h.account`;
const LIKE = ['', '', 0] as const;

/** An account a row: by item, by owner, then by the sequence in which the ledger first named the account. */
async function byAccount(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const direct = query.accounts === 'all' || query.order !== undefined;
  const rows = direct ? await accountsDirectly(model, query) : await accountsByTotals(model, query);
  return pageOf(
    rows,
    query,
    ({ item, owner, account }) => [item, owner, account],
    ({ account, ...row }) => row,
  );
}

/**
 * Reads the accounts themselves: the few of one order, or all of them with those outside the parties' hands. There is no index of
 * the latter, since they are only looked at when a sum is checked.
 */
async function accountsDirectly(model: ReadModel, query: HoldingsQuery): Promise<AccountRow[]> {
  const { db, ledger } = model;
  const where = filtered(new Where(ledger, 'h'), 'h', query, model)
    .and(query.accounts === 'all' ? 'h.quantity <> 0' : 'h.open')
    .after(['h.item', 'h.owner', 'h.account'], pageStart(query, LIKE));
  const { rows } = await db.query<AccountRow>(
    `SELECT ${COLUMNS} FROM holdings h ${where.sql} ORDER BY h.item, h.owner, h.account LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return rows;
}

/** The totals say which items of which owners there are at all; for each of those the index has the accounts in order. */
async function accountsByTotals({ db, ledger, party }: ReadModel, query: HoldingsQuery): Promise<AccountRow[]> {
  const limit = limitOf(query) + 1;
  const start = pageStart(query, LIKE);
  const where = new Where(ledger, 't').and('t.quantity <> 0').and(`t.stage = ANY($2)`);
  where.values.push(PartiesStage.options);
  for (const column of TOTALLED) where.equals(`t."${column}"`, query[column]);
  let after = '';
  if (start !== undefined) {
    const [item, owner, account] = start.map((part) => where.value(part));
    where.and(`(t.item, t.owner) >= (${item ?? ''}, ${owner ?? ''})`);
    after = `AND ((t.item, t.owner) > (${item ?? ''}, ${owner ?? ''}) OR h.account > ${account ?? ''}::int)`;
  }
  // The totals' own conditions are in `where`; those on the account stand beside them, with parameters of their own.
  const own = (['custodian', 'stage', 'line', 'shipment'] as const)
    .filter((column) => query[column] !== undefined)
    .map((column) => `AND h.${column} = ${where.value(query[column])}`)
    .join(' ');
  let mine = '';
  where.only(party, (self) => {
    mine = `AND (${ownUnits('h')(self)})`;
    return ownUnits('t')(self);
  });
  const { rows } = await db.query<AccountRow>(
    `SELECT h.* FROM (SELECT DISTINCT t.ledger, t.item, t.owner FROM holding_totals t ${where.sql} ORDER BY t.item, t.owner) t
       CROSS JOIN LATERAL (
         SELECT ${COLUMNS} FROM holdings h
         WHERE h.ledger = t.ledger AND h.item = t.item AND h.owner = t.owner AND h.open ${after} ${own} ${mine}
         ORDER BY h.account LIMIT ${limit}
       ) h
     ORDER BY t.item, t.owner, h.account LIMIT ${limit}`,
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
  const used = [...keys, ...KEYS.filter((key) => query[key] !== undefined)];
  const totalled = used.every((key) => (TOTALLED as readonly HoldingKey[]).includes(key));
  const where = filtered(new Where(ledger, 'h'), 'h', query, model).and('h.quantity <> 0');
  if (query.accounts !== 'all') {
    where.and(totalled ? `h.stage = ANY(${where.value(PartiesStage.options)})` : 'h.open');
  }
  // Null has no place in a sort order: units that are on no shipment are grouped under the empty id.
  const columns = keys.map((key) => (key === 'shipment' ? `coalesce(h.shipment, '')` : `h."${key}"`));
  const like = keys.map(() => '');
  where.after(columns, pageStart(query, like));
  const { rows } = await db.query<Record<HoldingKey, string> & { quantity: number }>(
    `SELECT ${columns.map((column, i) => `${column} AS "${keys[i] ?? ''}"`).join(', ')}, sum(h.quantity)::bigint AS quantity
     FROM ${totalled ? 'holding_totals' : 'holdings'} h ${where.sql}
     GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    (row): SortKey => keys.map((key) => row[key]),
    (row) =>
      ('shipment' in row ? { ...row, shipment: row.shipment === '' ? null : row.shipment } : row) as HoldingGroupRow,
  );
}
