import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import type { EntityKey } from '#ledger/entity';
import { rfc3339 } from './sql/timestamps.ts';

/** An event as it is stored; `bytes` are exactly what was hashed and is published. */
export interface StoredEvent {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly occurred: string;
  /** RFC 3339, UTC. */
  readonly recorded: string;
}

export interface EventFilter {
  readonly type?: string | undefined;
  readonly subject?: string | undefined;
  /** Only events of this entity's stream. */
  readonly entity?: string | undefined;
}

/** A ledger and where it stands. */
export interface Head {
  readonly ledger: string;
  readonly name: string;
  readonly keeper: string;
  readonly sequence: number;
  /** When its last event was recorded. RFC 3339, UTC. */
  readonly recorded: string;
}

const COLUMNS = `e.ledger, e.sequence, e.bytes, e.source, e.id, e.type, e.subject,
  ${rfc3339('e.occurred')} AS occurred, ${rfc3339('e.recorded')} AS recorded`;

type Row = Omit<StoredEvent, 'sequence'> & { sequence: string | number };
const stored = (row: Row): StoredEvent => ({ ...row, sequence: Number(row.sequence) });

type Queryable = Pick<pg.ClientBase, 'query'>;

/**
 * At most `limit` events of a ledger after a sequence, in order. Sequence order is commit order, so a reader that goes on
 * after the last sequence it got misses nothing: no event with a smaller one is committed later.
 */
export async function readEvents(
  db: Queryable,
  ledger: string,
  after: number,
  limit: number,
  { type, subject, entity }: EventFilter = {},
): Promise<StoredEvent[]> {
  const values: unknown[] = [ledger, after, limit];
  const where: string[] = [];
  if (type !== undefined) where.push(`AND e.type = $${values.push(type)}`);
  if (subject !== undefined) where.push(`AND e.subject = $${values.push(subject)}`);
  // Sequences have no gaps: said to the planner, which without fresh statistics would sort all that is left of the ledger.
  if (values.length === 3 && entity === undefined) where.push('AND e.sequence <= $2::bigint + $3::bigint');
  const from =
    entity === undefined
      ? 'journal.events AS e WHERE e.ledger = $1 AND e.sequence > $2::bigint'
      : `journal.event_entities AS s JOIN journal.events AS e ON e.ledger = s.ledger AND e.sequence = s.sequence
         WHERE s.ledger = $1 AND s.sequence > $2 AND s.entity = $${values.push(entity)}`;
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${from} ${where.join(' ')} ORDER BY e.sequence LIMIT $3::bigint`,
    values,
  );
  return rows.map(stored);
}

/** One event by its sequence. */
export async function readEvent(db: Queryable, ledger: string, sequence: number): Promise<StoredEvent | undefined> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM journal.events AS e WHERE ledger = $1 AND sequence = $2`,
    [ledger, sequence],
  );
  return rows[0] && stored(rows[0]);
}

/** Every ledger and where it stands, by id. */
export async function readHeads(db: Queryable): Promise<Head[]> {
  const { rows } = await db.query<{ ledger: string; sequence: string | number; recorded: string; bytes: Buffer }>(
    `SELECT l.ledger, l.sequence, ${rfc3339('l.recorded')} AS recorded, e.bytes
       FROM journal.ledgers AS l JOIN journal.events AS e ON e.ledger = l.ledger AND e.sequence = 1
      ORDER BY l.ledger`,
  );
  return rows.map(({ ledger, sequence, recorded, bytes }) => {
    const { name, keeper } = parseEvent(bytes).data as { name: string; keeper: string };
    return { ledger, name, keeper, sequence: Number(sequence), recorded };
  });
}

/**
 * The sequence of the last event of an entity's stream, which is its version; 0 when it has none. Events after `upTo` are
 * left out: whoever answers from what is known up to there hands out the version that belongs to it.
 */
export async function streamVersion(
  db: Queryable,
  ledger: string,
  entity: EntityKey,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  const { rows } = await db.query<{ version: string | number }>(
    `SELECT coalesce(max(sequence), 0) AS version FROM journal.event_entities
      WHERE ledger = $1 AND entity = $2 AND sequence <= $3`,
    [ledger, entity, upTo],
  );
  return Number(rows[0]?.version ?? 0);
}
