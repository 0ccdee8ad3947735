import type pg from 'pg';
import type { EventBytes } from './reader.ts';
import { intArray, statementName, textArray } from './sql/values.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** Which events there are at a moment: what had occurred by `at` (RFC 3339; without it, whenever it occurred), of what is known. */
interface MomentBounds {
  readonly at: string | undefined;
  readonly known: number;
}

/** Events that are chosen by the streams that they belong to, or by their sequences. */
interface ChosenEvents {
  readonly entities?: readonly string[];
  readonly sequences?: readonly number[];
  /** Orders: the event that placed each, and was not taken back by then. An order that was taken back may be placed again. */
  readonly placed?: readonly string[];
}

// The chosen ones are counted before the bytes of more than one of them are read. OFFSET 0 keeps each a look-up of its own.
const CHOSEN = `
  SELECT sequence, bytes, chosen, size FROM (
    SELECT sequence, bytes, row_number() OVER (ORDER BY sequence) AS n, count(*) OVER () AS chosen,
           sum(octet_length(bytes)) OVER ()::bigint AS size
      FROM (
        SELECT e.sequence, e.bytes
          FROM (
            SELECT sequence FROM journal.event_entities WHERE ledger = $1 AND entity = ANY($2::text[]) AND sequence <= $4::bigint
            UNION SELECT * FROM unnest($3::bigint[])
            UNION SELECT sequence FROM journal.events AS p
             WHERE ledger = $1 AND subject = ANY($8::text[]) AND type = 'lading.order.placed.v1'
               AND NOT EXISTS (
                 SELECT FROM journal.events AS v
                  WHERE v.ledger = $1 AND v.subject = 'event/' || p.sequence AND v.type = 'lading.event.voided.v1' AND v.sequence <= $4::bigint)
          ) AS s
          CROSS JOIN LATERAL (SELECT * FROM journal.events WHERE ledger = $1 AND sequence = s.sequence OFFSET 0) AS e
         WHERE e.sequence <= $4::bigint AND ($5::timestamptz IS NULL OR e.occurred <= $5::timestamptz)
         ORDER BY e.sequence LIMIT $6::bigint + 1
      ) AS e
  ) AS e
  WHERE n = 1 OR (chosen <= $6::bigint AND size <= $7::bigint)
  ORDER BY sequence`;

interface ChosenRow {
  readonly sequence: string | number;
  readonly bytes: Buffer;
  readonly chosen: string | number;
  readonly size: string | number;
}

/** The chosen events in sequence order; undefined when there are more than `most`, or when they have more bytes. */
export async function readChosen(
  db: Queryable,
  ledger: string,
  { entities = [], sequences = [], placed = [] }: ChosenEvents,
  { at, known }: MomentBounds,
  most: { readonly events: number; readonly bytes: number },
): Promise<EventBytes[] | undefined> {
  const { rows } = await db.query<ChosenRow>({
    name: statementName('journal-read-chosen', known),
    text: CHOSEN,
    values: [
      ...[ledger, textArray(entities), intArray(sequences), known, at ?? null, most.events, most.bytes],
      textArray(placed.map((order) => `order/${order}`)),
    ],
  });
  const [first] = rows;
  if (first !== undefined && (Number(first.chosen) > most.events || Number(first.size) > most.bytes)) return undefined;
  return rows.map(({ sequence, bytes }) => ({ ledger, sequence: Number(sequence), bytes }));
}

const AFTER = `
  SELECT sequence, bytes FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= least($3::bigint, $2::bigint + $6::bigint)
     AND ($4::timestamptz IS NULL OR occurred <= $4::timestamptz)
   ORDER BY sequence LIMIT $5::bigint`;

/**
 * The next events of a moment after a sequence. No more than so many sequences are looked at.
 * @returns with the last sequence up to which these are all
 */
export async function readAfter(
  db: Queryable,
  ledger: string,
  after: number,
  { at, known }: MomentBounds,
  most: { readonly events: number; readonly sequences: number },
): Promise<{ readonly events: EventBytes[]; readonly upTo: number }> {
  const { rows } = await db.query<{ sequence: string | number; bytes: Buffer }>(AFTER, [
    ...[ledger, after, known, at ?? null, most.events, most.sequences],
  ]);
  const events = rows.map(({ sequence, bytes }) => ({ ledger, sequence: Number(sequence), bytes }));
  const last = events.at(-1)?.sequence;
  const upTo = events.length === most.events && last !== undefined ? last : Math.min(known, after + most.sequences);
  return { events, upTo };
}

// One look into the index for each entity, however many events it has. Those that came later are passed by, so many at most.
const ENTITIES_AFTER = `
  WITH RECURSIVE named (entity, sequence, steps, found) AS (
    (SELECT entity, sequence, 1, (sequence <= $4::bigint)::int FROM journal.event_entities
      WHERE ledger = $1 AND entity > $2 AND entity < $3 ORDER BY entity, sequence LIMIT 1)
    UNION ALL
    SELECT e.entity, e.sequence, named.steps + 1, named.found + (e.sequence <= $4::bigint)::int
      FROM named CROSS JOIN LATERAL (
        SELECT entity, sequence FROM journal.event_entities
         WHERE ledger = $1 AND entity > named.entity AND entity < $3 ORDER BY entity, sequence LIMIT 1
      ) AS e
     WHERE named.found < $5::int AND named.steps < $6::int
  )
  SELECT entity, sequence, steps FROM named WHERE sequence <= $4::bigint OR steps = $6::int ORDER BY steps`;

interface Entities {
  /** Each with the first event of its stream. */
  readonly found: readonly { readonly id: string; readonly since: number }[];
  /** The id after which the next ones are; undefined when there are no more. */
  readonly upTo: string | undefined;
}

/** The next entities of a kind that had a stream by then, by id. */
export async function readEntities(
  db: Queryable,
  ledger: string,
  { prefix, after, known }: { readonly prefix: string; readonly after: string; readonly known: number },
  most: { readonly found: number; readonly steps: number },
): Promise<Entities> {
  const { rows } = await db.query<{ entity: string; sequence: string | number; steps: number }>({
    name: 'journal-read-entities',
    text: ENTITIES_AFTER,
    // What begins with the prefix and its slash is before the prefix with the next character.
    values: [ledger, `${prefix}/${after}`, `${prefix}0`, known, most.found, most.steps],
  });
  const ids = rows.map(({ entity, sequence, steps }) => ({
    ...{ id: entity.slice(prefix.length + 1), since: Number(sequence) },
    isLast: steps === most.steps,
  }));
  const found = ids.filter(({ since }) => since <= known);
  const last = ids.at(-1);
  return { found, upTo: found.length === most.found || last?.isLast === true ? last?.id : undefined };
}

/** The events of some sequences, in order. */
export async function readSequences(
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

interface InStreams {
  readonly entities: readonly string[];
  /** All of them, when left out. */
  readonly types?: readonly string[];
  /** No later sequence. */
  readonly known: number;
  /** RFC 3339: nothing that occurred later. */
  readonly at: string | undefined;
  /** So many events of a stream are looked at, its first ones, and so many are found. */
  readonly most: number;
}

/**
 * The sequences of the events of some types in the streams of some entities, in order.
 * @returns with whether these are all: there may be more where there are as many as are looked at
 */
export async function findInStreams(
  db: Queryable,
  ledger: string,
  { entities, types, known, at, most }: InStreams,
): Promise<{ readonly sequences: number[]; readonly isAll: boolean }> {
  const { rows } = await db.query<{ sequence: string | number; found: boolean; n: string | number }>(
    `SELECT sequence, found, n FROM (
       SELECT e.sequence, s.n, ($3::text[] IS NULL OR e.type = ANY($3)) AND ($5::timestamptz IS NULL OR e.occurred <= $5) AS found
         FROM unnest($2::text[]) AS given (entity)
         CROSS JOIN LATERAL (
           SELECT sequence, row_number() OVER (ORDER BY sequence) AS n FROM journal.event_entities
           WHERE ledger = $1 AND entity = given.entity AND sequence <= $4 ORDER BY sequence LIMIT $6
         ) s
         JOIN journal.events e ON e.ledger = $1 AND e.sequence = s.sequence
     ) e
     WHERE found OR n = $6 ORDER BY sequence LIMIT $6`,
    [ledger, entities, types ?? null, known, at ?? null, most],
  );
  const sequences = rows.filter(({ found }) => found).map(({ sequence }) => Number(sequence));
  return { sequences, isAll: rows.length < most && !rows.some(({ n }) => Number(n) === most) };
}
