import type pg from 'pg';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import { arrayLiteral } from '#projections/engine/values';

const PER_STATEMENT = 2_000;

/** Puts events of one ledger into the journal's table as they are, for reading: nothing is hashed, and no commit waits for the disk. */
export async function seed(pool: pg.Pool, events: Iterable<LedgerEvent>): Promise<void> {
  const client = await pool.connect();
  await client.query('SET synchronous_commit TO off');
  let batch: LedgerEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length === PER_STATEMENT) {
      await insert(client, batch);
      batch = [];
    }
  }
  await insert(client, batch);
  await client.query('VACUUM ANALYZE journal.events');
  await client.query('CHECKPOINT');
  client.release(true);
}

async function insert(client: pg.ClientBase, events: readonly LedgerEvent[]): Promise<void> {
  const last = events.at(-1);
  if (last === undefined) return;
  const column = (of: (event: LedgerEvent) => string | number) => arrayLiteral(events.map(of));
  await client.query(
    `INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, bytes, request_hash, leaf_hash)
     SELECT $1, t.*, sha256(''), sha256('')
     FROM unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[]) AS t`,
    [
      last.ledger,
      column(({ sequence }) => sequence),
      column(({ time }) => time),
      column(({ recordedtime }) => recordedtime),
      column(({ source }) => source),
      column(({ id }) => id),
      column(({ type }) => type),
      column(({ subject }) => subject),
      column((event) => `\\x${Buffer.from(eventText(event)).toString('hex')}`),
    ],
  );
  await client.query(
    `INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, $3)
     ON CONFLICT (ledger) DO UPDATE SET sequence = excluded.sequence, recorded = excluded.recorded`,
    [last.ledger, last.sequence, last.recordedtime],
  );
}
