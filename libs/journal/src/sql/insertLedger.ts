import type pg from 'pg';
import { DURABLE } from './durable.ts';
import { rfc3339 } from './timestamps.ts';

// Whoever opens the same ledger at the same time waits here until this transaction ends.
const INSERT_LEDGER = `
  INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, 0, clock_timestamp())
  ON CONFLICT (ledger) DO NOTHING
  RETURNING ${rfc3339('recorded')} AS recorded, ${DURABLE}`;

/** Makes a ledger's head, before its first event; answers when that is recorded (RFC 3339), undefined when it is there. */
export async function insertLedger(client: pg.ClientBase, ledger: string): Promise<string | undefined> {
  const { rows } = await client.query<{ recorded: string }>(INSERT_LEDGER, [ledger]);
  return rows[0]?.recorded;
}
