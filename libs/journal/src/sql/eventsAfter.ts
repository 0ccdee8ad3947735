import type pg from 'pg';
import { sized } from './statement.ts';

const EVENTS_AFTER = `SELECT bytes FROM journal.events WHERE ledger = $1 AND sequence > $2 ORDER BY sequence`;

/** The bytes of all events after a sequence, in order: what others wrote since this writer last looked. */
export async function eventsAfter(client: pg.ClientBase, ledger: string, sequence: number): Promise<Buffer[]> {
  const { rows } = await client.query<{ bytes: Buffer }>({
    name: sized('journal-events-after', sequence),
    text: EVENTS_AFTER,
    values: [ledger, sequence],
  });
  return rows.map(({ bytes }) => bytes);
}
