import type pg from 'pg';
import { intArray, textArray } from './arrayLiteral.ts';

/** Rows of an append, column by column; row n has the sequence `first + n`. */
export interface EventRows {
  readonly first: number;
  readonly source: string[];
  readonly id: string[];
  readonly type: string[];
  readonly subject: string[];
  /** As PostgreSQL reads a timestamptz. */
  readonly occurred: string[];
  readonly requestHash: Buffer[];
  readonly leafHash: Buffer[];
  readonly bytes: Buffer[];
  /** The streams' rows: `entity[k]` was changed by the event `entitySequence[k]`. */
  readonly entity: string[];
  readonly entitySequence: number[];
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

/** Writes events and their streams. */
export async function insertEvents(
  client: pg.ClientBase,
  ledger: string,
  recorded: string,
  rows: EventRows,
): Promise<void> {
  const starts: number[] = [];
  let start = 1;
  for (const { length } of rows.bytes) {
    starts.push(start);
    start += length;
  }
  await client.query({
    name: 'journal-insert-events',
    text: INSERT_EVENTS,
    values: [
      ledger,
      rows.first,
      textArray(rows.source),
      textArray(rows.id),
      textArray(rows.type),
      textArray(rows.subject),
      textArray(rows.occurred),
      Buffer.concat(rows.requestHash),
      Buffer.concat(rows.leafHash),
      Buffer.concat(rows.bytes),
      intArray(starts),
      intArray(rows.bytes.map(({ length }) => length)),
      recorded,
      textArray(rows.entity),
      intArray(rows.entitySequence),
    ],
  });
}
