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
  SELECT ee.entity, e.sequence, e.bytes
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
): Promise<{ readonly entity: EntityKey; readonly sequence: number; readonly bytes: Buffer }[]> {
  const { rows } = await client.query<{ entity: EntityKey; sequence: string; bytes: Buffer }>(WHOLE_STREAMS, [
    ledger,
    textArray(keys),
    most,
  ]);
  return rows.map(({ sequence, ...row }) => ({ ...row, sequence: Number(sequence) }));
}

/** Among which later events a name is looked for: those that may name an order or a shipment of which they move nothing, or all. */
export type Among = 'may-name' | 'all';

// As in the index `events_that_may_name`, word for word: it is not used otherwise.
const AMONG: Readonly<Record<Among, string>> = {
  'may-name': `(e.type = 'lading.swap.proposed.v1' OR e.type = 'lading.shipment.dispatched.v1'
          AND (position('"from":['::bytea IN e.bytes) > 0 OR position('"substitutes"'::bytea IN e.bytes) > 0))`,
  all: 'true',
};

// What was taken back itself names nothing any more.
const laterEvents = (among: Among, condition: string): string => `
  SELECT e.bytes FROM journal.events AS e
   WHERE e.ledger = $1 AND e.sequence > $2 AND ${AMONG[among]} AND ${condition}
     AND NOT EXISTS (SELECT 1 FROM journal.event_entities AS v WHERE v.ledger = $1 AND v.entity = 'event/' || e.sequence)
   ORDER BY e.sequence LIMIT $4`;

/** Events after a sequence and up to another one that stand, oldest first. */
export async function standingLater(
  client: pg.ClientBase,
  ledger: string,
  { after, to }: Range,
  among: Among,
): Promise<Buffer[]> {
  const text = laterEvents(among, 'e.sequence <= $3');
  const { rows } = await client.query<{ bytes: Buffer }>(text, [ledger, after, to, null]);
  return rows.map(({ bytes }) => bytes);
}

/** How many bytes they have together with those that were taken back. */
export async function bytesLater(
  client: pg.ClientBase,
  ledger: string,
  { after, to }: Range,
  among: Among,
): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `SELECT coalesce(sum(octet_length(e.bytes)), 0)::float8 AS bytes FROM journal.events AS e
      WHERE e.ledger = $1 AND e.sequence > $2 AND e.sequence <= $3 AND ${AMONG[among]}`,
    [ledger, after, to],
  );
  return rows[0]?.bytes ?? 0;
}

interface Range {
  readonly after: number;
  readonly to: number;
}

/** Events after a sequence that have a text in them and stand, oldest first. */
export async function eventsNaming(
  client: pg.ClientBase,
  ledger: string,
  after: number,
  among: Among,
  name: string,
  most: number,
): Promise<Buffer[]> {
  // `position` is the cheapest look into bytes: what it finds is looked at again.
  const text = laterEvents(among, `position(convert_to($3, 'UTF8') IN e.bytes) > 0`);
  const { rows } = await client.query<{ bytes: Buffer }>(text, [ledger, after, JSON.stringify(name), most]);
  return rows.map(({ bytes }) => bytes);
}
