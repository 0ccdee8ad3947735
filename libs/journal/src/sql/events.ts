import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { utcOf } from '#contracts/scalars';
import type { EntityKey } from '#ledger/entity';
import { intArray, rfc3339, statementName, textArray } from './values.ts';

/** An event to be written. */
export interface NewEvent {
  readonly event: LedgerEvent;
  readonly bytes: Buffer;
  /** The hash of the body that was submitted, 32 bytes. */
  readonly requestHash: Buffer;
  readonly leafHash: Buffer;
  /** The streams that it belongs to. */
  readonly entities: readonly EntityKey[];
}

// One statement for both tables. The bytes of all events travel as one binary value and are cut apart here: as bytea[] every
// byte would be written as two hex digits, encoded, parsed and decoded.
const INSERT_EVENTS = `
  WITH streams AS (
    INSERT INTO journal.event_entities (ledger, entity, sequence)
    SELECT $1, s.entity, s.sequence FROM unnest($14::text[], $15::bigint[]) AS s (entity, sequence)
  )
  INSERT INTO journal.events
         (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
  SELECT $1, $2::bigint + r.n - 1, r.occurred, $13::timestamptz, r.source, r.id, r.type, r.subject,
         substring($8::bytea FROM 32 * (r.n::int - 1) + 1 FOR 32),
         substring($9::bytea FROM 32 * (r.n::int - 1) + 1 FOR 32),
         substring($10::bytea FROM r.start FOR r.length)
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $11::int[], $12::int[])
         WITH ORDINALITY AS r (source, id, type, subject, occurred, start, length, n)`;

/** Writes events, whose sequences follow one another from `first`, and their streams. */
export async function insertEvents(
  client: pg.ClientBase,
  ledger: string,
  recorded: string,
  first: number,
  events: readonly NewEvent[],
): Promise<void> {
  const starts: number[] = [];
  let start = 1;
  for (const { bytes } of events) {
    starts.push(start);
    start += bytes.length;
  }
  await client.query({
    name: 'journal-insert-events',
    text: INSERT_EVENTS,
    values: [
      ledger,
      first,
      textArray(events.map(({ event }) => event.source)),
      textArray(events.map(({ event }) => event.id)),
      textArray(events.map(({ event }) => event.type)),
      textArray(events.map(({ event }) => event.subject)),
      textArray(events.map(({ event }) => utcOf(event.time))),
      Buffer.concat(events.map(({ requestHash }) => requestHash)),
      Buffer.concat(events.map(({ leafHash }) => leafHash)),
      Buffer.concat(events.map(({ bytes }) => bytes)),
      intArray(starts),
      intArray(events.map(({ bytes }) => bytes.length)),
      recorded,
      textArray(events.flatMap(({ entities }) => entities)),
      intArray(events.flatMap(({ entities, event }) => entities.map(() => event.sequence))),
    ],
  });
}

/** What the journal keeps under one source and id. */
export interface StoredSubmission {
  readonly source: string;
  readonly id: string;
  readonly sequence: number;
  readonly recordedtime: string;
  readonly requestHash: Buffer;
  readonly leafHash: Buffer;
}

// A statement of its own after the head's lock: in READ COMMITTED it then sees all that was committed before the lock.
const FIND_STORED = `
  SELECT e.source, e.id, e.sequence, ${rfc3339('e.recorded')} AS recordedtime,
         e.request_hash AS "requestHash", e.leaf_hash AS "leafHash"
    FROM unnest($2::text[], $3::text[]) AS asked (source, id)
    CROSS JOIN LATERAL (
      SELECT * FROM journal.events
       WHERE ledger = $1 AND source = asked.source AND id = asked.id
       LIMIT 1
    ) AS e`;

/** Which of these submissions' ids the journal has already. `head` is the ledger's sequence, as far as it is known. */
export async function findStored(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  ids: readonly { readonly source: string; readonly id: string }[],
): Promise<StoredSubmission[]> {
  const { rows } = await client.query<Omit<StoredSubmission, 'sequence'> & { sequence: string | number }>({
    name: statementName('journal-find-stored', head),
    text: FIND_STORED,
    values: [ledger, textArray(ids.map(({ source }) => source)), textArray(ids.map(({ id }) => id))],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

const EVENTS_AFTER = `SELECT bytes FROM journal.events WHERE ledger = $1 AND sequence > $2 ORDER BY sequence`;

/** The bytes of all events after a sequence, in order: what others wrote since this writer last looked. */
export async function eventsAfter(client: pg.ClientBase, ledger: string, sequence: number): Promise<Buffer[]> {
  const { rows } = await client.query<{ bytes: Buffer }>({
    name: statementName('journal-events-after', sequence),
    text: EVENTS_AFTER,
    values: [ledger, sequence],
  });
  return rows.map(({ bytes }) => bytes);
}
