import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { transaction } from '#platform/database/transaction';
import { makeIndexesForQuestions, schemaOfVersion, VERSIONS_CHANNEL } from './versions.ts';

/** How many events a version may be behind, in a ledger, when the last step begins. */
const MAX_EVENTS_BEHIND = 200;
/** How long the old version may stand still for the switch. */
const MAX_STANDSTILL_MS = 300;
/** How long the old version is left alone when that was not enough, so that it is hardly held up whatever happens to the new one. */
const PAUSE_AFTER_ATTEMPT_MS = 3_000;
/** A projector says about every two seconds which versions it feeds. */
const FED_WITHIN_SECONDS = 15;
/** SQLSTATEs of what is over at the next attempt: the old version's positions were in use, or one of the versions was dropped. */
const PASSING = new Set(['55P03', '42P01', '3F000']);
const nextAttempt = new WeakMap<pg.Pool, number>();

/** A ledger that stands still in the version that was built, as it did or would have in the one before. */
export interface StandingLedger {
  readonly ledger: string;
  /** The last event that was applied. */
  readonly sequence: number;
  readonly reason: string;
}

export type Switched =
  /** `standing`: the ledgers that stand still in the version that answers now, none of them earlier than before. */
  | { readonly outcome: 'switched'; readonly from: number | undefined; readonly standing: readonly StandingLedger[] }
  /** It is far behind: in `ledger` it stands at `sequence`, and has to get to `head`. */
  | { readonly outcome: 'behind'; readonly ledger: string; readonly sequence: number; readonly head: number }
  /** It will be soon. */
  | { readonly outcome: 'nearly' }
  /** A ledger stands still in it at an event that the version that answers is about to try. */
  | { readonly outcome: 'undecided'; readonly ledger: string; readonly reason: string }
  /** A version that was begun later answers already. */
  | { readonly outcome: 'overtaken'; readonly by: number }
  /** It never will by itself: a ledger stands still in it that has come further in the version that answers. */
  | { readonly outcome: 'stopped'; readonly ledger: string; readonly reason: string };

type Obstacle = Exclude<Switched, { readonly outcome: 'switched' }>;

/** Where two versions stand in a ledger. */
interface Compared extends StandingLedger {
  readonly state: 'running' | 'hole' | 'parked';
  /** Where the other version stands. */
  readonly old: number;
  readonly oldState: Compared['state'];
  /** Whether a projector feeds the other version, so that it goes on by itself unless it stands still. */
  readonly oldFed: boolean;
  /** The newest that the source is known to hold. */
  readonly head: number;
}

/**
 * Lets a version answer in the place of the active one, if it has caught up in every ledger. It is never behind the version that it
 * replaces, so nobody who has seen a sequence gets an answer from before it. Call it again until it answers `switched` or `stopped`.
 *
 * One ledger that stands still stops nobody else. Where the old version stands still, the new one may, at the same event or a later
 * one; it must have tried that event, so that the outcome does not depend on who was quicker. A ledger that stands still in the new
 * version alone stops the switch: its answers would never again be as new as they are.
 *
 * For the last step the old version's positions are locked, so that nothing is applied to it meanwhile. Both versions are fed: either
 * the new one catches up in this time, or the old one goes on and another attempt is made later.
 */
export async function switchTo(pool: pg.Pool, version: number): Promise<Switched> {
  try {
    const active = await activeVersion(pool);
    // Another process has switched to it; perhaps a later version has taken its place since.
    if (active === version || (await isRetired(pool, version)))
      return { outcome: 'switched', from: undefined, standing: await standingIn(pool, version) };
    if (active !== undefined && active > version) return { outcome: 'overtaken', by: active };
    const find = async () => obstacleIn(await compare(pool, version, active ?? version), MAX_EVENTS_BEHIND);
    const waitsFor = await find();
    if (waitsFor !== undefined) return waitsFor;
    if (Date.now() < (nextAttempt.get(pool) ?? 0)) return { outcome: 'nearly' };
    // More events may have come while they were made.
    const isBehindNow = (await makeIndexesForQuestions(pool, version)) ? await find() : undefined;
    if (isBehindNow !== undefined) return isBehindNow;
    await analyse(pool, version);
    const switched = await transaction(pool, (client) => switchUnderLock(pool, client, version));
    if (switched.outcome === 'nearly') nextAttempt.set(pool, Date.now() + PAUSE_AFTER_ATTEMPT_MS);
    if (switched.outcome === 'switched')
      await pool.query('SELECT pg_notify($1, $2)', [VERSIONS_CHANNEL, String(version)]);
    return switched;
  } catch (error) {
    if (!PASSING.has((error as { code?: string }).code ?? '')) throw error;
    nextAttempt.set(pool, Date.now() + PAUSE_AFTER_ATTEMPT_MS);
    return { outcome: 'nearly' };
  }
}

async function switchUnderLock(pool: pg.Pool, client: pg.PoolClient, version: number): Promise<Switched> {
  // Whoever applies a batch holds the lock for as long: a wait for it would hold up everybody who comes after.
  await client.query(`SET LOCAL lock_timeout = ${MAX_STANDSTILL_MS}`);
  const { rows } = await client.query<{ version: number }>('SELECT version FROM read_model_active FOR UPDATE');
  const from = rows[0]?.version;
  // Another process was quicker: the next attempt finds out.
  if (from !== undefined && from >= version) return { outcome: 'nearly' };
  if (from !== undefined) {
    // Whoever is applying a batch is waited for; whoever comes with the next one waits. Readers wait for nobody.
    await client.query(`LOCK TABLE ${schemaOfVersion(from)}.positions IN EXCLUSIVE MODE`);
    const notYet = await catchUp(pool, version, from);
    if (notYet !== undefined) return notYet;
  }
  const standing = await standingIn(pool, version);
  await client.query(
    'INSERT INTO read_model_active (version) VALUES ($1) ON CONFLICT ("only") DO UPDATE SET version = excluded.version',
    [version],
  );
  await client.query(`UPDATE read_model_versions SET state = 'retired', retired = now() WHERE state = 'active'`);
  await client.query(`UPDATE read_model_versions SET state = 'active', switched = now() WHERE version = $1`, [version]);
  return { outcome: 'switched', from, standing };
}

async function activeVersion(pool: pg.Pool): Promise<number | undefined> {
  return (await pool.query<{ version: number }>('SELECT version FROM read_model_active')).rows[0]?.version;
}

async function isRetired(pool: pg.Pool, version: number): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT FROM read_model_versions WHERE version = $1 AND state = 'retired'`, [
    version,
  ]);
  return rowCount === 1;
}

async function standingIn(pool: pg.Pool, version: number): Promise<StandingLedger[]> {
  const rows = (await compare(pool, version, version)).filter(stands);
  return rows.map(({ ledger, sequence, reason }) => ({ ledger, sequence, reason }));
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

/** Waits until a version is nowhere behind another, which is locked. @returns what is in the way */
async function catchUp(pool: pg.Pool, version: number, other: number): Promise<Obstacle | undefined> {
  const deadline = Date.now() + MAX_STANDSTILL_MS;
  for (;;) {
    const notYet = obstacleIn(await compare(pool, version, other), 0);
    if (notYet === undefined || notYet.outcome === 'undecided' || notYet.outcome === 'stopped') return notYet;
    if (Date.now() > deadline) return { outcome: 'nearly' };
    await sleep(20);
  }
}

/** Where a version stands in each ledger that it or another knows. */
async function compare(pool: pg.Pool, version: number, other: number): Promise<Compared[]> {
  const { rows } = await pool.query<Compared>(
    `SELECT ledger, coalesce(new.sequence, 0) AS sequence, coalesce(old.sequence, 0) AS old, coalesce(new.head, 0) AS head,
       coalesce(new.state, 'running') AS state, coalesce(old.state, 'running') AS "oldState", coalesce(new.reason, '') AS reason,
       (SELECT coalesce(fed > now() - interval '${FED_WITHIN_SECONDS} seconds', false)
          FROM read_model_versions WHERE version = $1) AS "oldFed"
     FROM ${schemaOfVersion(version)}.positions new FULL JOIN ${schemaOfVersion(other)}.positions old USING (ledger) ORDER BY ledger`,
    [other],
  );
  return rows;
}

const stands = ({ state }: Compared): boolean => state !== 'running';

/**
 * The worst that keeps a version from answering in the place of another: a ledger that never will be ready, one that is far behind,
 * one that waits for the other version, or one that is nearly ready.
 * @param most how many events it may be behind of what there is; 0: of the other version only
 */
function obstacleIn(rows: readonly Compared[], most: number): Obstacle | undefined {
  const found = rows.flatMap((row) => obstacleOf(row, most) ?? []);
  return (['stopped', 'behind', 'undecided', 'nearly'] as const)
    .map((worst) => found.find(({ outcome }) => outcome === worst))
    .find((one) => one !== undefined);
}

function obstacleOf(row: Compared, most: number): Obstacle | undefined {
  const { ledger, sequence, old, oldState, oldFed, head, reason } = row;
  if (stands(row)) {
    if (sequence < old)
      return { outcome: 'stopped', ledger, reason: `${reason}. The version that answers is at ${old}` };
    // Nobody feeds the old version: it never comes to this event, and the new one answers no less than it does.
    if (oldState !== 'running' || !oldFed) return undefined;
    return {
      outcome: 'undecided',
      ledger,
      reason: `${reason}. The version that answers has not come to this event yet`,
    };
  }
  const newest = Math.max(old, head);
  if (most > 0 && newest - sequence > most) return { outcome: 'behind', ledger, sequence, head: newest };
  // The old version stands still before the next event: whether the new one does, too, is known when it has tried.
  const decided = oldState === 'running' ? sequence >= old : sequence > old;
  return decided ? undefined : { outcome: 'nearly' };
}
