import type { Stage } from '#contracts/scalars';
import { isPartiesStage } from '#ledger/account';
import type { Db } from '../reading/readModel.ts';
import { type AccountState, type LineState, type OrderState, ownedKey } from './batch.ts';
import { arrayLiteral } from './columns.ts';
import { microsecondsOf } from './moment.ts';
import { placeKey } from './placeKey.ts';

interface AccountRow {
  readonly account: number;
  readonly owner: string;
  readonly custodian: string;
  readonly item: string;
  readonly order: string;
  readonly line: string;
  readonly stage: Stage;
  readonly shipment: string | null;
  readonly quantity: number;
  readonly newest: number;
}

/** Loads orders with their lines and accounts as they stand before the batch. */
export async function loadOrders(db: Db, ledger: string, ids: readonly string[]): Promise<OrderState[]> {
  if (ids.length === 0) return [];
  const values = [ledger, arrayLiteral(ids)];
  const orders = await db.query<Omit<OrderState, 'lines' | 'accounts' | 'owned'>>(
    `SELECT "order", buyer, supplier, ${microsecondsOf('placed')} AS placed, sequence FROM orders
     WHERE ledger = $1 AND "order" = ANY($2::text[])`,
    values,
  );
  const lines = await db.query<LineState>(
    `SELECT "order", line, n, item, quantity, window_from AS "from", window_to AS "to" FROM order_lines
     WHERE ledger = $1 AND "order" = ANY($2::text[])`,
    values,
  );
  const accounts = await db.query<AccountRow>(
    `SELECT account, owner, custodian, item, "order", line, stage, shipment, quantity, ${microsecondsOf('newest')} AS newest
     FROM holdings WHERE ledger = $1 AND "order" = ANY($2::text[])`,
    values,
  );
  const found = new Map<string, OrderState>();
  for (const row of orders.rows)
    found.set(row.order, { ...row, lines: new Map(), accounts: new Map(), owned: new Set() });
  for (const line of lines.rows) found.get(line.order)?.lines.set(line.line, line);
  for (const { account: id, quantity, newest, ...account } of accounts.rows) {
    const state: AccountState = { id, account, quantity, newest };
    const order = found.get(account.order);
    order?.accounts.set(placeKey(account.line, account), state);
    if (isPartiesStage(account.stage)) order?.owned.add(ownedKey(account.line, account.owner));
  }
  return [...found.values()];
}
