import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#ledger/touched';
import type { Db } from '../reading/readModel.ts';
import type { LedgerState } from './ledgerState.ts';

/** Learns how the items are tracked that the events move, so that only those with serial numbers are looked at one by one. */
export async function learnTracking(
  db: Db,
  ledger: string,
  events: readonly LedgerEvent[],
  { tracking }: LedgerState,
): Promise<void> {
  const unknown = new Set<string>();
  for (const event of events) {
    if (event.type === 'lading.item.registered.v1') tracking.set(event.data.item, event.data.tracking);
    for (const { item } of movesOf(event)) if (!tracking.has(item)) unknown.add(item);
  }
  for (const item of unknown) if (tracking.has(item)) unknown.delete(item);
  if (unknown.size === 0) return;
  const { rows } = await db.query<{ item: string; tracking: 'quantity' | 'serial' }>(
    'SELECT item, tracking FROM items WHERE ledger = $1 AND item = ANY($2)',
    [ledger, [...unknown]],
  );
  for (const row of rows) tracking.set(row.item, row.tracking);
}
