import { createHash } from 'node:crypto';
import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import type { EventBytes } from '#journal/reader';
import { feedMigrations } from '#feed/migrations/feedMigrations';
import { migrate } from '#platform/database/migrate';
import { freshDatabase } from '#test/setup/freshDatabase';

/** A database with a journal and the relay's tables. */
export const freshJournal = () =>
  freshDatabase({
    template: 'feed',
    migrate: (url) => migrate(url, feedMigrations),
  });

/** Puts events into the journal's tables as an append does: rows and head in one transaction, the notification after it. */
export async function append(
  pool: pg.Pool,
  events: readonly EventBytes[],
  { notify = true }: { readonly notify?: boolean } = {},
): Promise<void> {
  const ledgers = new Map<string, EventBytes[]>();
  for (const event of events) ledgers.set(event.ledger, [...(ledgers.get(event.ledger) ?? []), event]);
  for (const [ledger, ours] of ledgers) {
    const stored = ours.map(({ sequence, bytes }) => ({ sequence, bytes, event: parseEvent(bytes) }));
    const last = stored.at(-1)!;
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
    await pool.query(
      `WITH head AS (
         INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, $3)
         ON CONFLICT (ledger) DO UPDATE SET sequence = excluded.sequence, recorded = excluded.recorded
       )
       INSERT INTO journal.events (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
       SELECT $1, u.* FROM unnest($4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::text[],
                                  $10::text[], $11::bytea[], $11::bytea[], $12::bytea[]) AS u`,
      [
        ledger,
        last.sequence,
        last.event.recordedtime,
        stored.map(({ sequence }) => sequence),
        stored.map(({ event }) => event.time),
        stored.map(({ event }) => event.recordedtime),
        stored.map(({ event }) => event.source),
        stored.map(({ event }) => event.id),
        stored.map(({ event }) => event.type),
        stored.map(({ event }) => event.subject),
        stored.map(({ bytes }) => hash(bytes)),
        stored.map(({ bytes }) => bytes),
      ],
    );
    if (notify) await pool.query(`SELECT pg_notify('lading_events', $1)`, [ledger]);
  }
}
