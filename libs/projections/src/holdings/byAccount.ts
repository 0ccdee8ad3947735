import type { HoldingRow } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { keyOf, limitOf, type Page, pageOf } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';
import { filtered, type HoldingsQuery, TOTALLED } from './filter.ts';

type Row = HoldingRow & { account: number };
const COLUMNS = `h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, h.quantity, h.account`;

/** An account a row: by item, by owner, then by the sequence in which the ledger first named the account. */
export async function byAccount(model: ReadModel, query: HoldingsQuery): Promise<Page<HoldingRow>> {
  const direct = query.accounts === 'all' || query.order !== undefined;
  const rows = direct ? await byTable(model, query) : await byTotals(model, query);
  return pageOf(
    rows,
    query,
    ({ item, owner, account }) => [item, owner, account],
    ({ account, ...row }) => row,
  );
}

const KEY = ['', '', 0] as const;

/**
 * Straight from the accounts: the few of one order; or all of them with what is outside the parties' hands, of which there is no
 * index, since it is only looked at when a sum is checked.
 */
async function byTable({ db, ledger }: ReadModel, query: HoldingsQuery): Promise<Row[]> {
  const where = filtered(new Where(ledger, 'h'), 'h', query)
    .and(query.accounts === 'all' ? 'h.quantity <> 0' : 'h.open')
    .after(['h.item', 'h.owner', 'h.account'], keyOf(query, KEY));
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM holdings h ${where.sql} ORDER BY h.item, h.owner, h.account LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return rows;
}

/** The totals say which items of which owners there are at all; of each the index has the accounts in order. */
async function byTotals({ db, ledger }: ReadModel, query: HoldingsQuery): Promise<Row[]> {
  const limit = limitOf(query) + 1;
  const key = keyOf(query, KEY);
  const where = new Where(ledger, 't').and('t.quantity <> 0').and(`t.stage = ANY($2)`);
  where.values.push(PartiesStage.options);
  for (const column of TOTALLED) where.equals(`t."${column}"`, query[column]);
  let after = '';
  if (key !== undefined) {
    const [item, owner, account] = key.map((part) => where.value(part));
    where.and(`(t.item, t.owner) >= (${item ?? ''}, ${owner ?? ''})`);
    after = `AND ((t.item, t.owner) > (${item ?? ''}, ${owner ?? ''}) OR h.account > ${account ?? ''}::int)`;
  }
  // The totals' own conditions are in `where`; those on the account stand beside them, with parameters of their own.
  const own = (['custodian', 'stage', 'line', 'shipment'] as const)
    .filter((column) => query[column] !== undefined)
    .map((column) => `AND h.${column} = ${where.value(query[column])}`)
    .join(' ');
  const { rows } = await db.query<Row>(
    `SELECT h.* FROM (SELECT DISTINCT t.ledger, t.item, t.owner FROM holding_totals t ${where.sql} ORDER BY t.item, t.owner) t
       CROSS JOIN LATERAL (
         SELECT ${COLUMNS} FROM holdings h
         WHERE h.ledger = t.ledger AND h.item = t.item AND h.owner = t.owner AND h.open ${after} ${own}
         ORDER BY h.account LIMIT ${limit}
       ) h
     ORDER BY t.item, t.owner, h.account LIMIT ${limit}`,
    where.values,
  );
  return rows;
}
