import type pg from 'pg';
import type { StatusRow } from '#contracts/statusRows';

/** Consuming an event takes milliseconds: one that has been waiting for longer shows that the consumer is behind. */
const LIVE_SECONDS = 5;
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
  /** Seconds since the next event was recorded; null when there is none. */
  readonly waiting: number | null;
}

/** How far a consumer has come in every ledger of the journal, with one statement that parses no event. */
export async function consumerStatus(db: Queryable, consumer: Consumer): Promise<StatusRow[]> {
  const { rows } = await db.query<ConsumerRow>(
    `SELECT l.ledger, l.sequence::float8 AS head, coalesce(p.sequence, 0)::float8 AS sequence,
       ${consumer.parks === true ? `coalesce(p.state, 'running') AS state, p.reason` : `'running' AS state, NULL AS reason`},
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
