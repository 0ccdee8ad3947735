import type pg from 'pg';
import type { EntityKey } from '#ledger/entity';
import { intArray, statementName, textArray } from './values.ts';

/** A snapshot of an entity or an event of its stream. */
interface StreamRow {
  readonly entity: EntityKey;
  readonly sequence: number;
  /** The event's bytes; the snapshot's state. */
  readonly bytes: Buffer;
  readonly snapshot: boolean;
}

const LOAD_STREAMS = `
  WITH asked AS (
    SELECT k.entity, s.sequence, s.state
      FROM unnest($2::text[]) AS k (entity)
      LEFT JOIN LATERAL (
        SELECT sequence, state FROM journal.snapshots WHERE ledger = $1 AND entity = k.entity AND format = $3 LIMIT 1
      ) AS s ON true
  )
  SELECT entity, sequence, state AS bytes, true AS snapshot FROM asked WHERE state IS NOT NULL
  UNION ALL
  SELECT asked.entity, e.sequence, e.bytes, false
    FROM asked
    CROSS JOIN LATERAL (
      SELECT ee.sequence, (SELECT bytes FROM journal.events WHERE ledger = $1 AND sequence = ee.sequence) AS bytes
        FROM journal.event_entities AS ee
       WHERE ee.ledger = $1 AND ee.entity = asked.entity AND ee.sequence > coalesce(asked.sequence, 0)
       OFFSET 0
    ) AS e
   ORDER BY sequence, snapshot DESC`;

/** The newest snapshots of these entities with the events after them, oldest first. An entity without rows does not exist. */
export async function loadStreams(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  keys: readonly EntityKey[],
  format: number,
): Promise<StreamRow[]> {
  const { rows } = await client.query<Omit<StreamRow, 'sequence'> & { sequence: string | number }>({
    name: statementName('journal-load-streams', head),
    text: LOAD_STREAMS,
    values: [ledger, textArray(keys), format],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

export interface SnapshotRow {
  readonly entity: string;
  readonly sequence: number;
  readonly state: Buffer;
}

// A snapshot of another format was written by another version of this code: whichever writes last wins.
const WRITE_SNAPSHOTS = `
  INSERT INTO journal.snapshots (ledger, entity, sequence, format, state)
  SELECT $1, entity, sequence, $2, state FROM unnest($3::text[], $4::bigint[], $5::bytea[]) AS s (entity, sequence, state)
  ON CONFLICT (ledger, entity) DO UPDATE
     SET sequence = excluded.sequence, format = excluded.format, state = excluded.state`;

/** Writes snapshots, each in the place of its entity's last one. */
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
