import type { ConsumerState, StatusRow } from '#contracts/rows';
import { readEvent, readHeads } from '#journal/reader';
import type { Db } from '../reading/readModel.ts';
import { schemaOf } from '../schemaOf.ts';

/** Applying takes milliseconds: what has been waiting for longer shows that the projector is behind. */
const LIVE_SECONDS = 5;

interface Position {
  readonly ledger: string;
  readonly sequence: number;
  readonly state: 'running' | 'hole' | 'parked';
  readonly reason: string | null;
}

/** How far each version of the read models that is fed is in each ledger of the journal. Empty when no projector has ever run. */
export async function projectionStatus(db: Db): Promise<StatusRow[]> {
  const { rows: versions } = await db.query<{ version: number; state: 'building' | 'active' }>(
    `SELECT version, state FROM read_model_versions WHERE state <> 'retired' ORDER BY version`,
  );
  if (versions.length === 0) return [];
  const heads = await readHeads(db);
  const rows: StatusRow[] = [];
  for (const { version, state } of versions) {
    const positions = await positionsOf(db, version);
    for (const { ledger, sequence: head } of heads) {
      const { sequence = 0, state: is = 'running', reason } = positions.get(ledger) ?? {};
      const lagSeconds = sequence < head ? await waitingSeconds(db, ledger, sequence + 1) : 0;
      const running = state === 'building' ? 'rebuilding' : lagSeconds < LIVE_SECONDS ? 'live' : 'catching-up';
      rows.push({
        consumer: 'projector',
        ledger,
        version,
        sequence,
        head,
        lagEvents: Math.max(0, head - sequence),
        lagSeconds,
        state: is === 'running' ? running : (is satisfies ConsumerState),
        ...(reason != null && { reason }),
      });
    }
  }
  return rows;
}

async function positionsOf(db: Db, version: number): Promise<Map<string, Position>> {
  const { rows } = await db.query<Position>(
    `SELECT ledger, sequence::float8 AS sequence, state, reason FROM ${schemaOf(version)}.positions`,
  );
  return new Map(rows.map((row) => [row.ledger, row]));
}

/** How long the next event has been waiting to be applied. */
async function waitingSeconds(db: Db, ledger: string, next: number): Promise<number> {
  const event = await readEvent(db, ledger, next);
  return event === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(event.recorded)) / 1_000);
}
