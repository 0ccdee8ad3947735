import type pg from 'pg';
import { eventText, type LedgerEvent } from '#contracts/cloudEvent';
import { touched } from '#ledger/evolve';

/** Writes events into the tables of the journal, which a test of read models has not; as they are, without asking the ledger. */
export async function journalled(pool: pg.Pool, events: readonly LedgerEvent[]): Promise<void> {
  const nothing = Buffer.alloc(32);
  for (const event of events) {
    const { ledger, sequence, time, recordedtime, source, id, type, subject } = event;
    await pool.query(
      `WITH streams AS (
         INSERT INTO journal.event_entities (ledger, sequence, entity) SELECT $1, $2::bigint, unnest($10::text[])
       )
       INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, bytes, request_hash, leaf_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $11, $11)`,
      [
        ledger,
        sequence,
        time,
        recordedtime,
        source,
        id,
        type,
        subject,
        Buffer.from(eventText(event)),
        touched(event),
        nothing,
      ],
    );
  }
}
