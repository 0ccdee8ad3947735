import type pg from 'pg';
import type { ConsumerState, StatusRow } from '#contracts/rows';
import { schemaOf } from '../schemaOf.ts';

/** Applying takes milliseconds: what has been waiting for longer shows that the projector is behind. */
const LIVE_SECONDS = 5;

type Queryable = Pick<pg.ClientBase, 'query'>;

/** How far each version of the read models is in every ledger of the journal; versions that answer no more are left out. */
export async function projectionStatus(db: Queryable): Promise<StatusRow[]> {
  const { rows: versions } = await db.query<{ version: number; state: string }>(
    `SELECT version, state FROM read_model_versions WHERE state <> 'retired' ORDER BY version`,
  );
  const statuses: StatusRow[] = [];
  for (const { version, state } of versions) {
    const standings = await standingsOf(db, version);
    statuses.push(...standings.map((standing) => statusOf(standing, version, state === 'building')));
  }
  return statuses;
}

interface Standing {
  readonly ledger: string;
  readonly sequence: number;
  readonly head: number;
  readonly state: 'running' | 'hole' | 'parked';
  readonly reason: string | null;
  /** Since the next event was recorded, in seconds; null: there is none. */
  readonly waiting: number | null;
}

async function standingsOf(db: Queryable, version: number): Promise<Standing[]> {
  try {
    const { rows } = await db.query<Standing>(
      `SELECT l.ledger, l.sequence::float8 AS head, coalesce(p.sequence, 0)::float8 AS sequence,
         coalesce(p.state, 'running') AS state, p.reason, extract(epoch FROM now() - e.recorded)::float8 AS waiting
       FROM journal.ledgers l
         LEFT JOIN ${schemaOf(version)}.positions p ON p.ledger = l.ledger
         LEFT JOIN journal.events e ON e.ledger = l.ledger AND e.sequence = coalesce(p.sequence, 0) + 1
       ORDER BY l.ledger`,
    );
    return rows;
  } catch (error) {
    // It was dropped since it was listed.
    if (['42P01', '3F000'].includes((error as { code?: string }).code ?? '')) return [];
    throw error;
  }
}

function statusOf(
  { ledger, sequence, head, state, reason, waiting }: Standing,
  version: number,
  building: boolean,
): StatusRow {
  const lagSeconds = sequence < head ? Math.max(0, waiting ?? 0) : 0;
  const moving: ConsumerState = building ? 'rebuilding' : lagSeconds < LIVE_SECONDS ? 'live' : 'catching-up';
  return {
    consumer: 'projector',
    ledger,
    version,
    sequence,
    head,
    lagEvents: Math.max(0, head - sequence),
    lagSeconds,
    state: state === 'running' ? moving : state,
    ...(state !== 'running' && reason !== null && { reason }),
  };
}
