import type pg from 'pg';
import type { EntityKey } from '#ledger/entity';
import { textArray } from './values.ts';

const EVENTS_AT = `SELECT bytes FROM journal.events WHERE ledger = $1 AND sequence = ANY($2::bigint[]) ORDER BY sequence`;

/** The bytes of the events with these sequences. */
export async function eventsAt(client: pg.ClientBase, ledger: string, sequences: readonly number[]): Promise<Buffer[]> {
  const { rows } = await client.query<{ bytes: Buffer }>(EVENTS_AT, [ledger, `{${sequences.join(',')}}`]);
  return rows.map(({ bytes }) => bytes);
}

const WHOLE_STREAMS = `
  SELECT ee.entity, e.bytes
    FROM journal.event_entities AS ee
    JOIN journal.events AS e ON e.ledger = $1 AND e.sequence = ee.sequence
   WHERE ee.ledger = $1 AND ee.entity = ANY($2::text[])
   ORDER BY ee.sequence LIMIT $3`;

/** All events of these streams, oldest first, of all together no more than `most`. */
export async function wholeStreams(
  client: pg.ClientBase,
  ledger: string,
  keys: readonly EntityKey[],
  most: number,
): Promise<{ readonly entity: EntityKey; readonly bytes: Buffer }[]> {
  const { rows } = await client.query<{ entity: EntityKey; bytes: Buffer }>(WHOLE_STREAMS, [
    ledger,
    textArray(keys),
    most,
  ]);
  return rows;
}

// What was taken back itself names nothing any more.
const STANDS = `NOT EXISTS (SELECT 1 FROM journal.event_entities AS v WHERE v.ledger = $1 AND v.entity = 'event/' || e.sequence)`;

const STANDING_LATER = `
  SELECT e.bytes FROM journal.events AS e
   WHERE e.ledger = $1 AND e.sequence > $2 AND e.sequence <= $3 AND ($4::text[] IS NULL OR e.type = ANY($4::text[])) AND ${STANDS}
   ORDER BY e.sequence LIMIT $5`;

/** Events after a sequence and up to another one, of these types, that stand, oldest first. */
export async function standingLater(
  client: pg.ClientBase,
  ledger: string,
  { after, to }: { readonly after: number; readonly to: number },
  types: readonly string[] | undefined,
  most: number,
): Promise<Buffer[]> {
  const { rows } = await client.query<{ bytes: Buffer }>(STANDING_LATER, [ledger, after, to, orNull(types), most]);
  return rows.map(({ bytes }) => bytes);
}

const orNull = (types: readonly string[] | undefined): string | null => (types === undefined ? null : textArray(types));

// `position` is the cheapest look into bytes: what it finds is looked at again.
const EVENTS_NAMING = `
  SELECT e.bytes FROM journal.events AS e
   WHERE e.ledger = $1 AND e.sequence > $2 AND ($3::text[] IS NULL OR e.type = ANY($3::text[]))
     AND position(convert_to($4, 'UTF8') IN e.bytes) > 0
     AND ${STANDS}
   ORDER BY e.sequence LIMIT $5`;

/** Events after a sequence, of these types, that have a text in them and stand, oldest first. */
export async function eventsNaming(
  client: pg.ClientBase,
  ledger: string,
  after: number,
  types: readonly string[] | undefined,
  text: string,
  most: number,
): Promise<Buffer[]> {
  const { rows } = await client.query<{ bytes: Buffer }>(EVENTS_NAMING, [ledger, after, orNull(types), text, most]);
  return rows.map(({ bytes }) => bytes);
}
