import type pg from 'pg';
import { sized } from './sql/statement.ts';

/** What a feed needs of an event: its place and its bytes. */
export interface EventBytes {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
}

// The upper bound says what LIMIT cannot to a planner without fresh statistics: it would otherwise sort all that is left of
// the ledger for each page (measured: 60,000 events in 10 s instead of 2). Sequences have no gaps, so the bound is the limit.
const AFTER = `
  SELECT sequence, bytes FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $2::bigint + $3::bigint
   ORDER BY sequence`;

/** At most `limit` events of a ledger after a sequence, in order: three times as fast as `readEvents`, for those who read all. */
export async function readBytes(
  db: Pick<pg.ClientBase, 'query'>,
  ledger: string,
  after: number,
  limit: number,
): Promise<EventBytes[]> {
  const { rows } = await db.query<{ sequence: string | number; bytes: Buffer }>({
    name: sized('journal-read-bytes', after),
    text: AFTER,
    values: [ledger, after, limit],
  });
  return rows.map(({ sequence, bytes }) => ({ ledger, sequence: Number(sequence), bytes }));
}
