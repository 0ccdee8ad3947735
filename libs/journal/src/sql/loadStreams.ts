import type pg from 'pg';
import type { EntityKey } from '#ledger/entity';
import { textArray } from './arrayLiteral.ts';
import { sized } from './statement.ts';

/** A snapshot of an entity or an event of its stream. */
export interface StreamRow {
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

/** The newest snapshots of these entities with the events after them, oldest first. An entity without rows is not there. */
export async function loadStreams(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  keys: readonly EntityKey[],
  format: number,
): Promise<StreamRow[]> {
  const { rows } = await client.query<Omit<StreamRow, 'sequence'> & { sequence: string | number }>({
    name: sized('journal-load-streams', head),
    text: LOAD_STREAMS,
    values: [ledger, textArray(keys), format],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}
