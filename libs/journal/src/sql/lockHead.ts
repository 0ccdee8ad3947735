import type pg from 'pg';
import { DURABLE } from './durable.ts';
import { rfc3339 } from './timestamps.ts';

/** The head of a ledger whose lock this transaction holds. */
export interface LockedHead {
  readonly sequence: number;
  /** What an event that is written now is recorded at: the database's clock, never before the head's last. RFC 3339. */
  readonly now: string;
}

// The head row's lock is what makes sequence order commit order: take it before the first insert, in every path.
//
// The clock is read outside of the locking part, which is materialized: beside FOR UPDATE it would be read before the wait
// for the lock. From here on the transaction may last so long and no longer, waiting for the lock not counted (a setting of
// PostgreSQL 17 and up).
const LOCK_HEAD = `
  WITH head AS MATERIALIZED (
    SELECT sequence, recorded FROM journal.ledgers WHERE ledger = $1 FOR UPDATE
  )
  SELECT sequence,
         ${rfc3339('greatest(recorded, clock_timestamp())')} AS now,
         CASE WHEN current_setting('server_version_num')::int >= 170000
              THEN set_config('transaction_timeout', $2, true) END AS limited,
         ${DURABLE}
    FROM head`;

/** Takes the ledger's lock, waiting for it at most `lock_timeout`; undefined when there is no such ledger. */
export async function lockHead(client: pg.ClientBase, ledger: string, holdMs: number): Promise<LockedHead | undefined> {
  const { rows } = await client.query<{ sequence: string | number; now: string }>({
    name: 'journal-lock-head',
    text: LOCK_HEAD,
    values: [ledger, String(Math.ceil(holdMs))],
  });
  const head = rows[0];
  return head && { sequence: Number(head.sequence), now: head.now };
}
