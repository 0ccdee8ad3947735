import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { transaction } from '#platform/database/transaction';
import { schemaOfVersion, VERSIONS_CHANNEL } from './versions.ts';

/** How many events a version may be behind, in a ledger, when the last step begins. */
const MAX_EVENTS_BEHIND = 200;
/** How long the old version may stand still for the switch. */
const MAX_STANDSTILL_MS = 300;
/** How long the old version is left alone when that was not enough, so that it is hardly held up whatever happens to the new one. */
const PAUSE_AFTER_ATTEMPT_MS = 3_000;
const nextAttempt = new WeakMap<pg.Pool, number>();

export type Switched =
  | { readonly outcome: 'switched'; readonly from: number | undefined }
  /** It is far behind: in `ledger` it stands at `sequence`, and has to get to `head`. */
  | { readonly outcome: 'behind'; readonly ledger: string; readonly sequence: number; readonly head: number }
  /** It will be soon. */
  | { readonly outcome: 'nearly' }
  /** It never will by itself: a ledger stands still in it. */
  | { readonly outcome: 'stopped'; readonly ledger: string; readonly reason: string };

/** Where two versions stand in a ledger. */
interface Compared {
  readonly ledger: string;
  readonly sequence: number;
  /** Where the other version stands. */
  readonly old: number;
  /** The newest that the source is known to hold. */
  readonly head: number;
  readonly state: 'running' | 'hole' | 'parked';
  readonly reason: string | null;
}

/**
 * Lets a version answer in the place of the active one, if it has caught up in every ledger. It is never behind the version that it
 * replaces, so nobody who has seen a sequence gets an answer from before it. Call it again while it answers `behind` or `nearly`.
 *
 * For the last step the old version's positions are locked, so that nothing is applied to it meanwhile. Both versions are fed: either
 * the new one catches up in this time, or the old one goes on and another attempt is made later.
 */
export async function switchTo(pool: pg.Pool, version: number): Promise<Switched> {
  const waitsFor = await obstacle(pool, version);
  if (waitsFor !== undefined) return waitsFor;
  if (Date.now() < (nextAttempt.get(pool) ?? 0)) return { outcome: 'nearly' };
  await analyse(pool, version);
  const switched = await transaction(pool, (client) => switchUnderLock(pool, client, version));
  if (switched.outcome === 'nearly') nextAttempt.set(pool, Date.now() + PAUSE_AFTER_ATTEMPT_MS);
  if (switched.outcome === 'switched')
    await pool.query('SELECT pg_notify($1, $2)', [VERSIONS_CHANNEL, String(version)]);
  return switched;
}

async function switchUnderLock(pool: pg.Pool, client: pg.PoolClient, version: number): Promise<Switched> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM read_model_active FOR UPDATE');
  const from = rows[0]?.version;
  if (from === version) return { outcome: 'switched', from };
  if (from !== undefined) {
    // Whoever is applying a batch is waited for; whoever comes with the next one waits. Readers wait for nobody.
    await client.query(`LOCK TABLE ${schemaOfVersion(from)}.positions IN EXCLUSIVE MODE`);
    const notYet = await catchUp(pool, version, from);
    if (notYet !== undefined) return notYet;
  }
  await client.query(
    'INSERT INTO read_model_active (version) VALUES ($1) ON CONFLICT ("only") DO UPDATE SET version = excluded.version',
    [version],
  );
  await client.query(`UPDATE read_model_versions SET state = 'retired', retired = now() WHERE state = 'active'`);
  await client.query(`UPDATE read_model_versions SET state = 'active', switched = now() WHERE version = $1`, [version]);
  return { outcome: 'switched', from };
}

/** Gives the planner its statistics, once: the first questions come long before PostgreSQL would gather them by itself. */
async function analyse(pool: pg.Pool, version: number): Promise<void> {
  const { rows } = await pool.query<{ tables: string | null }>(
    `SELECT string_agg(relid::regclass::text, ', ') AS tables FROM pg_stat_user_tables WHERE schemaname = $1 AND last_analyze IS NULL`,
    [schemaOfVersion(version)],
  );
  const tables = rows[0]?.tables;
  if (tables != null) await pool.query(`ANALYZE ${tables}`);
}

/** Waits until a version is nowhere behind another. @returns what is in the way */
async function catchUp(pool: pg.Pool, version: number, other: number): Promise<Switched | undefined> {
  const deadline = Date.now() + MAX_STANDSTILL_MS;
  for (;;) {
    const compared = await compare(pool, version, other);
    const stopped = stoppedIn(compared);
    if (stopped !== undefined) return stopped;
    if (compared.every(({ sequence, old }) => sequence >= old)) return undefined;
    if (Date.now() > deadline) return { outcome: 'nearly' };
    await sleep(20);
  }
}

/** The first ledger in which a version stands still, or is far behind its source or the active version. */
async function obstacle(pool: pg.Pool, version: number): Promise<Switched | undefined> {
  const active = (await pool.query<{ version: number }>('SELECT version FROM read_model_active')).rows[0]?.version;
  const compared = await compare(pool, version, active ?? version);
  const stopped = stoppedIn(compared);
  if (stopped !== undefined) return stopped;
  const behind = compared.find(({ sequence, old, head }) => Math.max(old, head) - sequence > MAX_EVENTS_BEHIND);
  return (
    behind && {
      outcome: 'behind',
      ledger: behind.ledger,
      sequence: behind.sequence,
      head: Math.max(behind.old, behind.head),
    }
  );
}

/** Where a version stands in each ledger that it or another knows. */
async function compare(pool: pg.Pool, version: number, other: number): Promise<Compared[]> {
  const { rows } = await pool.query<Compared>(
    `SELECT ledger, coalesce(new.sequence, 0) AS sequence, coalesce(old.sequence, 0) AS old, coalesce(new.head, 0) AS head,
       coalesce(new.state, 'running') AS state, new.reason
     FROM ${schemaOfVersion(version)}.positions new FULL JOIN ${schemaOfVersion(other)}.positions old USING (ledger) ORDER BY ledger`,
  );
  return rows;
}

function stoppedIn(rows: readonly Compared[]): Switched | undefined {
  const stopped = rows.find(({ state }) => state !== 'running');
  return stopped && { outcome: 'stopped', ledger: stopped.ledger, reason: stopped.reason ?? stopped.state };
}
