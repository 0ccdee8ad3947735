import type { HoldingGroupRow, HoldingKey } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { type Key, keyOf, limitOf, type Page, pageOf } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';
import { COLUMNS, filtered, type HoldingsQuery, TOTALLED } from './filter.ts';

/** The sum of each group of accounts, by the keys in the order given. Groups of which no account has units are left out. */
export async function byGroup(
  { db, ledger }: ReadModel,
  query: HoldingsQuery,
  keys: readonly HoldingKey[],
): Promise<Page<HoldingGroupRow>> {
  const asked = [...keys, ...COLUMNS.filter((column) => query[column] !== undefined)];
  const totalled = asked.every((key) => (TOTALLED as readonly HoldingKey[]).includes(key));
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
