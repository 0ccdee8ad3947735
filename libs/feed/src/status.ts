import type pg from 'pg';
import type { StatusRow } from '#contracts/statusRows';

/** Consuming an event takes milliseconds: one that has been waiting for longer shows that the consumer is behind. */
export const LIVE_SECONDS = 5;
/** A relay that publishes reports three times as often as this, so a longer silence means that there is none. */
const SILENT_MS = 20_000;

type Queryable = Pick<pg.ClientBase, 'query'>;

interface Consumer {
  /** Its name in status. */
  readonly consumer: string;
  readonly version: number | null;
  /** The table with its positions: columns `ledger` and `sequence`. */
  readonly positions: string;
  /** The table has `state` and `reason` as well: a ledger can stand still while the others go on. */
  readonly parks?: boolean;
  /** What it is called while a ledger moves, in the place of `live` and `catching-up`. */
  readonly moving?: 'rebuilding' | undefined;
  /** Why it consumes nothing at all, in no ledger. */
  readonly reason?: string | undefined;
}

interface ConsumerRow {
  readonly ledger: string;
  readonly sequence: number;
  readonly head: number;
  readonly state: 'running' | 'hole' | 'parked';
  readonly reason: string | null;
  readonly since: Date | null;
  /** Of the next event, where there is one. */
  readonly id: string | null;
  readonly type: string | null;
  /** Seconds since the next event was recorded; null when there is none. */
  readonly waiting: number | null;
}

// A version of the read models that another release made may have other columns.
const STANDING = `coalesce(p.state, 'running') AS state, p.reason, (to_jsonb(p) ->> 'since')::timestamptz AS since`;
const RUNNING = `'running' AS state, NULL AS reason, NULL::timestamptz AS since`;

/** How far a consumer has come in every ledger of the journal, with one statement that parses no event. */
export async function consumerStatus(db: Queryable, consumer: Consumer): Promise<StatusRow[]> {
  const { rows } = await db.query<ConsumerRow>(
    `SELECT l.ledger, l.sequence::float8 AS head, coalesce(p.sequence, 0)::float8 AS sequence,
       ${consumer.parks === true ? STANDING : RUNNING}, e.id, e.type,
       extract(epoch FROM now() - e.recorded)::float8 AS waiting
     FROM journal.ledgers l
       LEFT JOIN ${consumer.positions} p ON p.ledger = l.ledger
       LEFT JOIN journal.events e ON e.ledger = l.ledger AND e.sequence = coalesce(p.sequence, 0) + 1
     ORDER BY l.ledger`,
  );
  return rows.map((row) => statusOf(row, consumer));
}

function statusOf(row: ConsumerRow, { consumer, version, moving, reason: stopped }: Consumer): StatusRow {
  const { ledger, sequence, head } = row;
  const lagSeconds = sequence < head ? Math.max(0, row.waiting ?? 0) : 0;
  const state = stopped === undefined ? row.state : 'parked';
  const reason = state === 'running' ? null : (stopped ?? row.reason);
  return {
    consumer,
    ledger,
    version,
    sequence,
    head,
    lagEvents: Math.max(0, head - sequence),
    lagSeconds,
    state: state === 'running' ? (moving ?? (lagSeconds < LIVE_SECONDS ? 'live' : 'catching-up')) : state,
    ...(reason !== null && { reason }),
    ...(row.state !== 'running' && standingOf(row)),
    ...(stopped !== undefined && { advice: NO_CONSUMER }),
  };
}

const NO_CONSUMER =
  'Start one, or look into its log: it goes on by itself where it stopped. Nothing is lost meanwhile.';
const ADVICE = {
  hole: 'An event is missing in what is read, and is not in the journal either: compare the database with its backups.',
  parked:
    'The ledger goes on taking events, and its answers stay as they are. The event is tried again by itself; when this release cannot apply it, start one that can (docs/operations.md).',
};

/** Before which event a ledger stands still, since when, and what to do. */
function standingOf({ state, sequence, id, type, since }: ConsumerRow): Partial<StatusRow> {
  return {
    event: { sequence: sequence + 1, ...(id !== null && { id }), ...(type !== null && { type }) },
    ...(since !== null && { since: since.toISOString() }),
    ...(state !== 'running' && { advice: ADVICE[state] }),
  };
}

const REPORT = `
  SELECT state, reason, extract(epoch FROM now() - updated)::float8 * 1000 AS age FROM feed.relay_status`;

/** How far the relay has published each ledger of the journal. Empty when no relay has ever run: there is no Kafka then. */
export async function relayStatus(db: Queryable): Promise<StatusRow[]> {
  const report = (await db.query<{ state: string; reason: string | null; age: number }>(REPORT)).rows[0];
  if (report === undefined) return [];
  const reason =
    report.age > SILENT_MS
      ? `no relay has been publishing for ${Math.round(report.age / 1_000)} s`
      : report.state === 'publishing'
        ? undefined
        : (report.reason ?? report.state);
  return consumerStatus(db, { consumer: 'relay', version: null, positions: 'feed.relay_cursors', reason });
}
