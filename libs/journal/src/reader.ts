import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import type { EntityKey } from '#ledger/entity';
import { rfc3339, statementName } from './sql/values.ts';

/** The channel on which readers are notified that a ledger has new events; the payload is the ledger's id. */
export const EVENTS_CHANNEL = 'lading_events';

/** What a feed needs of an event: its place, and exactly the bytes that were hashed and are published. */
export interface EventBytes {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
}

/** An event with what it is found by. */
export interface EventRow extends EventBytes {
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
  /** Only what this source submitted. */
  readonly source?: string | undefined;
  /** Only events of this entity's stream. */
  readonly entity?: string | undefined;
  /** Only what had occurred by this moment: RFC 3339. */
  readonly at?: string | undefined;
  /** Only events of a list, `table` of (ledger, party, sequence) in the search path, that stand there for this party. */
  readonly listed?: { readonly table: string; readonly party: string } | undefined;
}

/** A ledger with its terms and its head. */
interface Ledger {
  readonly ledger: string;
  readonly name: string;
  readonly keeper: string;
  /** Of its last event. */
  readonly sequence: number;
  /** When its last event was recorded. RFC 3339, UTC. */
  readonly recorded: string;
}

const COLUMNS = `e.ledger, e.sequence, e.bytes, e.source, e.id, e.type, e.subject,
  ${rfc3339('e.occurred')} AS occurred, ${rfc3339('e.recorded')} AS recorded`;

/** A driver without the platform's type parsers gives a bigint as text. */
type Row = Omit<EventRow, 'sequence'> & { sequence: string | number };
const withNumber = (row: Row): EventRow => ({ ...row, sequence: Number(row.sequence) });

type Queryable = Pick<pg.ClientBase, 'query'>;

// The upper bound says what LIMIT cannot to a planner without fresh statistics: it would otherwise sort all that is left of
// the ledger for each page (measured: 60,000 events in 10 s instead of 2). Sequences have no gaps, so the bound is the limit.
const BYTES_AFTER = `
  SELECT sequence, bytes FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $2::bigint + $3::bigint
   ORDER BY sequence`;

/** At most `limit` events of a ledger after a sequence, in order: three times as fast as `readEvents`, for those who read all. */
export async function readBytes(db: Queryable, ledger: string, after: number, limit: number): Promise<EventBytes[]> {
  const { rows } = await db.query<{ sequence: string | number; bytes: Buffer }>({
    name: statementName('journal-read-bytes', after),
    text: BYTES_AFTER,
    values: [ledger, after, limit],
  });
  return rows.map(({ sequence, bytes }) => ({ ledger, sequence: Number(sequence), bytes }));
}

/**
 * At most `limit` events of a ledger after a sequence, in order. Sequence order is commit order, so a reader that goes on
 * after the last sequence it got misses nothing: no event with a smaller one is committed later.
 */
export async function readEvents(
  db: Queryable,
  ledger: string,
  after: number,
  limit: number,
  { type, subject, source, entity, at, listed }: EventFilter = {},
): Promise<EventRow[]> {
  const values: unknown[] = [ledger, after, limit];
  const where: string[] = [];
  if (type !== undefined) where.push(`AND e.type = $${values.push(type)}`);
  if (subject !== undefined) where.push(`AND e.subject = $${values.push(subject)}`);
  if (source !== undefined) where.push(`AND e.source = $${values.push(source)}`);
  if (at !== undefined) where.push(`AND e.occurred <= $${values.push(at)}`);
  // Sequences have no gaps: said to the planner, which without fresh statistics would sort all that is left of the ledger.
  if (listed !== undefined) {
    const { table, party } = listed;
    where.push(
      `AND EXISTS (SELECT FROM ${table} AS c WHERE c.ledger = $1 AND c.sequence = e.sequence AND c.party = $${values.push(party)})`,
    );
  }
  if (values.length === 3 && entity === undefined) where.push('AND e.sequence <= $2::bigint + $3::bigint');
  const from =
    entity === undefined
      ? 'journal.events AS e WHERE e.ledger = $1 AND e.sequence > $2::bigint'
      : `journal.event_entities AS s JOIN journal.events AS e ON e.ledger = $1 AND e.sequence = s.sequence
         WHERE s.ledger = $1 AND s.sequence > $2 AND s.entity = $${values.push(entity)}`;
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${from} ${where.join(' ')} ORDER BY e.sequence LIMIT $3::bigint`,
    values,
  );
  return rows.map(withNumber);
}

/** One event by its sequence. */
export async function readEvent(db: Queryable, ledger: string, sequence: number): Promise<EventRow | undefined> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM journal.events AS e WHERE ledger = $1 AND sequence = $2`,
    [ledger, sequence],
  );
  return rows[0] && withNumber(rows[0]);
}

const HEAD = 'SELECT sequence FROM journal.ledgers WHERE ledger = $1';

/** A ledger's head, which is its last sequence; undefined when nobody opened it. Reads one row, and takes no lock. */
export async function readHead(db: Queryable, ledger: string): Promise<number | undefined> {
  const { rows } = await db.query<{ sequence: string | number }>({
    name: 'journal-read-head',
    text: HEAD,
    values: [ledger],
  });
  return rows[0] && Number(rows[0].sequence);
}

interface HeadAtRow extends Pick<HeadAt, 'isOver' | 'now'> {
  readonly last: string | number;
  readonly found: string | number;
  readonly settled: boolean;
  readonly writer: string | null;
}

/** What a ledger knew at a moment. */
interface HeadAt {
  /** The last sequence that was recorded by then; undefined when it cannot be told yet. */
  readonly sequence: number | undefined;
  /** Whether the moment is over. */
  readonly isOver: boolean;
  /** By the database's clock, which says when events are recorded. */
  readonly now: string;
  /** The last sequence that there is. */
  readonly last: number;
}

// What is recorded after the head gets no earlier moment than the head's. So what was recorded before that is settled; of a later moment
// an event may be under way that got its moment already. Only who holds the lock of the head can have one (`lockHead`), and a row says
// who locked it last: `xmax`, which is looked at here as of the snapshot. It is 32 bits of a number of 64, the one nearest to the snapshot's.
// What all transactions of the server are at does not tell: the newest of them is in no snapshot, and others last for hours.
// The last of them is looked for by halves: what is recorded later never has an earlier moment.
const HEAD_AT = `
  WITH RECURSIVE head AS (
    SELECT sequence, recorded, xmax::text::bigint AS locked, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
      FROM journal.ledgers WHERE ledger = $1
  ), writer AS (
    SELECT next - ((next - locked + 2147483648) & 4294967295) + 2147483648 AS writer FROM head WHERE locked <> 0
  ), search (low, high) AS (
    SELECT 0::bigint, sequence FROM head
    UNION ALL
    SELECT CASE WHEN e.recorded <= $2::timestamptz THEN e.sequence ELSE s.low END,
           CASE WHEN e.recorded <= $2::timestamptz THEN s.high ELSE e.sequence - 1 END
      FROM search AS s
      JOIN LATERAL (SELECT sequence, recorded FROM journal.events
                     WHERE ledger = $1 AND sequence = (s.low + s.high + 1) / 2) AS e ON true
     WHERE s.low < s.high
  )
  SELECT head.sequence AS last, head.recorded > $2::timestamptz AS settled, statement_timestamp() > $2::timestamptz AS "isOver",
         ${rfc3339('statement_timestamp()')} AS now, (SELECT max(low) FROM search) AS found,
         (SELECT writer::text FROM writer WHERE NOT pg_visible_in_snapshot(writer::text::xid8, pg_current_snapshot())) AS writer
    FROM head`;

/**
 * The last sequence that a ledger had recorded by a moment. Asked again it is the same for ever.
 * @param moment RFC 3339
 * @param goOn whether to look again while an event may be under way
 */
export async function headAt(db: Queryable, ledger: string, moment: string, goOn: () => boolean): Promise<HeadAt> {
  for (let first: string | undefined; ; ) {
    const [row] = (await db.query<HeadAtRow>(HEAD_AT, [ledger, moment])).rows;
    if (row === undefined) return { sequence: 0, isOver: true, now: '', last: 0 };
    const { isOver, now, writer } = row;
    const last = Number(row.last);
    first ??= writer ?? '';
    // Whoever locked it since got a moment that is later than the one that is asked for.
    const isSettled = isOver && (row.settled || writer !== first);
    if (isSettled || !isOver || !goOn())
      return { sequence: isSettled ? Number(row.found) : undefined, isOver, now, last };
    await sleep(LOOK_AGAIN_MS);
  }
}
const LOOK_AGAIN_MS = 10;

/** The head of every ledger. It is polled: it reads no event. */
export async function readHeads(db: Queryable): Promise<Map<string, number>> {
  const { rows } = await db.query<{ ledger: string; sequence: string | number }>({
    name: 'journal-read-heads',
    text: 'SELECT ledger, sequence FROM journal.ledgers ORDER BY ledger',
  });
  return new Map(rows.map(({ ledger, sequence }) => [ledger, Number(sequence)]));
}

/** Every ledger with its terms, by id: these are in its first event, which is parsed. */
export async function readLedgers(db: Queryable): Promise<Ledger[]> {
  const { rows } = await db.query<{ ledger: string; sequence: string | number; recorded: string; bytes: Buffer }>(
    `SELECT l.ledger, l.sequence, ${rfc3339('l.recorded')} AS recorded, e.bytes
       FROM journal.ledgers AS l JOIN journal.events AS e ON e.ledger = l.ledger AND e.sequence = 1
      ORDER BY l.ledger`,
  );
  return rows.map(({ ledger, sequence, recorded, bytes }) => {
    const { name, keeper } = termsIn(bytes) ?? { name: ledger, keeper: ledger };
    return { ledger, name, keeper, sequence: Number(sequence), recorded };
  });
}

/** Undefined when the bytes are not an event any more: one ledger must not keep all others from being listed. */
function termsIn(bytes: Buffer): { readonly name: string; readonly keeper: string } | undefined {
  try {
    return parseEvent(bytes).data as { name: string; keeper: string };
  } catch {
    return undefined;
  }
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
