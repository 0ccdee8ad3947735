import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { transaction } from '#platform/transaction';
import { schemaOf } from './schemaOf.ts';
import { VERSIONS_CHANNEL } from './versions.ts';

/** How far behind its source a version may be when the last step begins: what is fed in well under a second. */
const NEARLY = 2_000;
/** How long the old version may stand still for the switch. */
const PATIENCE_MS = 2_000;

export type Switched =
  | { readonly outcome: 'switched'; readonly from: number | undefined }
  /** Not yet: in `ledger` it stands at `sequence`, and has to get to `head`. */
  | { readonly outcome: 'behind'; readonly ledger: string; readonly sequence: number; readonly head: number }
  /** Never, as it is: a ledger stands still in it. */
  | { readonly outcome: 'stopped'; readonly ledger: string; readonly reason: string };

interface Standing {
  readonly ledger: string;
  readonly sequence: number;
  readonly head: number;
  readonly state: 'running' | 'hole' | 'parked';
  readonly reason: string | null;
}

/**
 * Lets a version answer in the place of the active one, if it has caught up in every ledger: it is never behind the one it replaces,
 * so that nobody who has seen a sequence is answered from before it. Call it again while it answers `behind`.
 *
 * The old version's positions are locked for the last step, so that nothing is applied to it meanwhile; both versions are fed, so the
 * new one gets there, within a bounded time or not at all.
 */
export async function switchTo(pool: pg.Pool, version: number): Promise<Switched> {
  const waiting = await standing(pool, version, NEARLY);
  if (waiting !== undefined) return waiting;
  const switched = await transaction(pool, (client) => switchUnderLock(pool, client, version));
  if (switched.outcome === 'switched')
    await pool.query('SELECT pg_notify($1, $2)', [VERSIONS_CHANNEL, String(version)]);
  return switched;
}

async function switchUnderLock(pool: pg.Pool, client: pg.PoolClient, version: number): Promise<Switched> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM read_model_active FOR UPDATE');
  const from = rows[0]?.version;
  if (from === version) return { outcome: 'switched', from };
  if (from !== undefined) {
    // In the ledgers' order, as everyone who locked several would have to.
    const old = await client.query<{ ledger: string; sequence: number }>(
      `SELECT ledger, sequence FROM ${schemaOf(from)}.positions ORDER BY ledger FOR UPDATE`,
    );
    const behind = await caughtUpWith(pool, version, old.rows);
    if (behind !== undefined) return behind;
  }
  await client.query(
    'INSERT INTO read_model_active (version) VALUES ($1) ON CONFLICT ("only") DO UPDATE SET version = excluded.version',
    [version],
  );
  await client.query(`UPDATE read_model_versions SET state = 'retired', retired = now() WHERE state = 'active'`);
  await client.query(`UPDATE read_model_versions SET state = 'active', switched = now() WHERE version = $1`, [version]);
  return { outcome: 'switched', from };
}

async function caughtUpWith(
  pool: pg.Pool,
  version: number,
  old: readonly { ledger: string; sequence: number }[],
): Promise<Switched | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await pool.query<{ ledger: string; sequence: number }>(
      `SELECT ledger, sequence FROM ${schemaOf(version)}.positions`,
    );
    const now = new Map(rows.map(({ ledger, sequence }) => [ledger, sequence]));
    const behind = old.find(({ ledger, sequence }) => (now.get(ledger) ?? 0) < sequence);
    if (behind === undefined) return undefined;
    if (Date.now() > deadline) {
      return { outcome: 'behind', ledger: behind.ledger, sequence: now.get(behind.ledger) ?? 0, head: behind.sequence };
    }
    await sleep(20);
  }
}

/** The first ledger in which a version stands still, or is more than `nearly` behind both its source and the active version. */
async function standing(pool: pg.Pool, version: number, nearly: number): Promise<Switched | undefined> {
  const active = (await pool.query<{ version: number }>('SELECT version FROM read_model_active')).rows[0]?.version;
  const old =
    active === undefined
      ? `(SELECT ''::text AS ledger, 0::bigint AS sequence WHERE false)`
      : `${schemaOf(active)}.positions`;
  const { rows } = await pool.query<Standing>(
    `SELECT ledger, coalesce(new.sequence, 0) AS sequence, greatest(new.head, new.sequence, old.sequence) AS head,
       coalesce(new.state, 'running') AS state, new.reason
     FROM ${schemaOf(version)}.positions new FULL JOIN ${old} old USING (ledger) ORDER BY ledger`,
  );
  const stopped = rows.find(({ state }) => state !== 'running');
  if (stopped !== undefined)
    return { outcome: 'stopped', ledger: stopped.ledger, reason: stopped.reason ?? stopped.state };
  const behind = rows.find(({ sequence, head }) => head - sequence > nearly);
  return behind === undefined
    ? undefined
    : { outcome: 'behind', ledger: behind.ledger, sequence: behind.sequence, head: behind.head };
}
