import type { HoldingGroupRow, HoldingKey, HoldingRow } from '#contracts/rows';
import { PartiesStage, type Stage } from '#contracts/scalars';
import { type Key, keyOf, limitOf, type Page, type PageQuery, pageOf } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';

/** Which accounts; what is left out is any. */
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
  const { groupBy = [] } = query;
  return groupBy.length === 0 ? byAccount(model, query) : byGroup(model, query, [...new Set(groupBy)]);
}

const COLUMNS = ['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment'] as const satisfies HoldingKey[];

/** The conditions of a filter on the table `holdings`, or on `holding_totals` when it names nothing that those do not have. */
export function filtered(where: Where, table: string, filter: HoldingsFilter): Where {
  for (const column of COLUMNS) where.equals(`${table}."${column}"`, filter[column]);
  return where;
}

async function byAccount({ db, ledger }: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const where = filtered(new Where(ledger, 'h'), 'h', query)
    .and(query.accounts === 'all' ? 'h.quantity <> 0' : 'h.open')
    .after(['h.account'], keyOf(query, [0]));
  const { rows } = await db.query<HoldingRow & { account: number }>(
    `SELECT owner, custodian, item, "order", line, stage, shipment, quantity, account
     FROM holdings h ${where.sql} ORDER BY h.account LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ account }) => [account],
    ({ account, ...row }) => row,
  );
}

/** The keys that the small table of totals has: whatever asks for no others never reads the accounts. */
const TOTALLED = new Set<string>(['owner', 'custodian', 'item', 'stage'] satisfies HoldingKey[]);

async function byGroup(
  { db, ledger }: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<Page<HoldingGroupRow>> {
  const asked = [...keys, ...COLUMNS.filter((column) => query[column] !== undefined)];
  const totalled = asked.every((key) => TOTALLED.has(key));
  const where = filtered(new Where(ledger, 'h'), 'h', query).and('h.quantity <> 0');
  if (query.accounts !== 'all') {
    where.and(totalled ? `h.stage = ANY(${where.value(PartiesStage.options)})` : 'h.open');
  }
  // Null sorts nowhere and is after nothing: units that are on no shipment are grouped under the empty id.
  const columns = keys.map((key) => (key === 'shipment' ? `coalesce(h.shipment, '')` : `h."${key}"`));
  where.after(
    columns,
    keyOf(
      query,
      keys.map(() => ''),
    ),
  );
  const { rows } = await db.query<Record<HoldingKey, string> & { quantity: number }>(
    `SELECT ${columns.map((column, i) => `${column} AS "${keys[i] ?? ''}"`).join(', ')}, sum(h.quantity)::bigint AS quantity
     FROM ${totalled ? 'holding_totals' : 'holdings'} h ${where.sql}
     GROUP BY ${columns.join(', ')} ORDER BY ${columns.join(', ')} LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    (row): Key => keys.map((key) => row[key]),
    (row) =>
      ('shipment' in row ? { ...row, shipment: row.shipment === '' ? null : row.shipment } : row) as HoldingGroupRow,
  );
}
