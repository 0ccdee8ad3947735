import type pg from 'pg';
import type { EventBytes } from './reader.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** The events of some sequences, in order. */
export async function readChosen(
  db: Queryable,
  ledger: string,
  sequences: readonly number[],
): Promise<Omit<EventBytes, 'ledger'>[]> {
  const { rows } = await db.query<{ sequence: string | number; bytes: Buffer }>(
    'SELECT sequence, bytes FROM journal.events WHERE ledger = $1 AND sequence = ANY($2::bigint[]) ORDER BY sequence',
    [ledger, sequences],
  );
  return rows.map(({ sequence, bytes }) => ({ sequence: Number(sequence), bytes }));
}

interface Chosen {
  readonly entities: readonly string[];
  /** All of them, when left out. */
  readonly types?: readonly string[];
  /** No later sequence. */
  readonly known: number;
  /** RFC 3339: nothing that occurred later. */
  readonly at: string | undefined;
  /** So many events of a stream are looked at: its first ones. */
  readonly most: number;
}

/** The sequences of the events of some types in the streams of some entities, in order. */
export async function findInStreams(
  db: Queryable,
  ledger: string,
  { entities, types, known, at, most }: Chosen,
): Promise<{ readonly entity: string; readonly sequence: number }[]> {
  const { rows } = await db.query<{ entity: string; sequence: string | number }>(
    `SELECT s.entity, e.sequence FROM unnest($2::text[]) AS given (entity)
       CROSS JOIN LATERAL (
         SELECT entity, sequence FROM journal.event_entities
         WHERE ledger = $1 AND entity = given.entity AND sequence <= $4 ORDER BY sequence LIMIT $6
       ) s
       JOIN journal.events e ON e.ledger = $1 AND e.sequence = s.sequence
     WHERE ($3::text[] IS NULL OR e.type = ANY($3)) AND ($5::timestamptz IS NULL OR e.occurred <= $5) ORDER BY e.sequence LIMIT $6`,
    [ledger, entities, types ?? null, known, at ?? null, most],
  );
  return rows.map(({ entity, sequence }) => ({ entity, sequence: Number(sequence) }));
}
