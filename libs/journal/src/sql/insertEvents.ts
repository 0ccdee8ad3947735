import type pg from 'pg';
import { intArray, textArray } from './arrayLiteral.ts';

/** The rows of one append, column by column; row n has the sequence `after + 1 + n`. */
export interface EventRows {
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

// One statement for the three tables: one round trip and one snapshot while the ledger is held. The bytes of all events
// travel as one binary value and are cut apart here: as bytea[] every byte would be written as two hex digits, encoded,
// parsed and decoded.
export const INSERT_EVENTS = `
  WITH rows AS (
    SELECT $2::bigint + r.n AS sequence, r.source, r.id, r.type, r.subject, r.occurred,
           substring($8::bytea FROM 32 * (r.n::int - 1) + 1 FOR 32) AS request_hash,
           substring($9::bytea FROM 32 * (r.n::int - 1) + 1 FOR 32) AS leaf_hash,
           substring($10::bytea FROM r.start FOR r.length) AS bytes
      FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $11::int[], $12::int[])
           WITH ORDINALITY AS r (source, id, type, subject, occurred, start, length, n)
  ), inserted AS (
    INSERT INTO journal.events
           (ledger, sequence, occurred, recorded, source, id, type, subject, request_hash, leaf_hash, bytes)
    SELECT $1, sequence, occurred, $13::timestamptz, source, id, type, subject, request_hash, leaf_hash, bytes FROM rows
  ), streams AS (
    INSERT INTO journal.event_entities (ledger, entity, sequence)
    SELECT $1, s.entity, s.sequence FROM unnest($14::text[], $15::bigint[]) AS s (entity, sequence)
  )
  UPDATE journal.ledgers SET sequence = $16, recorded = $13 WHERE ledger = $1 AND sequence = $2`;

/** Writes the events after `after`, their streams and the head. Throws when the head is not at `after`. */
export async function insertEvents(
  client: pg.ClientBase,
  ledger: string,
  after: number,
  recorded: string,
  rows: EventRows,
): Promise<void> {
  const starts: number[] = [];
  let start = 1;
  for (const { length } of rows.bytes) {
    starts.push(start);
    start += length;
  }
  const { rowCount } = await client.query({
    name: 'journal-insert-events',
    text: INSERT_EVENTS,
    values: [
      ledger,
      after,
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
      after + rows.id.length,
    ],
  });
  if (rowCount !== 1) throw new Error(`the head of ${ledger} was not at ${after}, which the lock should have ensured`);
}
