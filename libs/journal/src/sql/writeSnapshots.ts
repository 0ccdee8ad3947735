import type pg from 'pg';
import { intArray, textArray } from './arrayLiteral.ts';

export interface SnapshotRow {
  readonly entity: string;
  readonly sequence: number;
  readonly state: Buffer;
}

// A snapshot in another format is of another version of this code: the newer one to write wins.
const WRITE_SNAPSHOTS = `
  INSERT INTO journal.snapshots (ledger, entity, sequence, format, state)
  SELECT $1, entity, sequence, $2, state FROM unnest($3::text[], $4::bigint[], $5::bytea[]) AS s (entity, sequence, state)
  ON CONFLICT (ledger, entity) DO UPDATE
     SET sequence = excluded.sequence, format = excluded.format, state = excluded.state`;

/** Keeps the states of entities whose streams grew long. */
export async function writeSnapshots(
  client: pg.ClientBase,
  ledger: string,
  format: number,
  rows: readonly SnapshotRow[],
): Promise<void> {
  await client.query({
    name: 'journal-write-snapshots',
    text: WRITE_SNAPSHOTS,
    values: [
      ledger,
      format,
      textArray(rows.map(({ entity }) => entity)),
      intArray(rows.map(({ sequence }) => sequence)),
      rows.map(({ state }) => state),
    ],
  });
}
