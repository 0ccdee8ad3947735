import { createHash } from 'node:crypto';
import type pg from 'pg';
import { transaction } from '#platform/database/transaction';
import { positionsTable } from '#feed/positionedSink';
import { fillTotals } from '../holdings/fillTotals.ts';
import type { Db } from '../reading/readModel.ts';
import { indexesForQuestions, RULES, tables as modelTables, tablesToFill } from '../models.ts';

/** Told when a version was made, has switched, or went away. */
export const VERSIONS_CHANNEL = 'lading_read_models';

export interface Version {
  readonly version: number;
  readonly state: 'building' | 'active' | 'retired';
  /** Whether its tables are the ones that this code knows. */
  readonly known: boolean;
  readonly retired: Date | null;
}

/** The PostgreSQL schema that a version of the read models has to itself. */
export function schemaOfVersion(version: number): string {
  if (!Number.isSafeInteger(version) || version < 1)
    throw new RangeError(`${version} is not a version of the read models`);
  return `rm_${version}`;
}

const positions = positionsTable('accounts int NOT NULL DEFAULT 0');
const tables = [positions, modelTables].join('\n');
/** A change of any table or rule is another shape, and so needs another version; so does what it is filled without, which the switch makes. */
const shape = createHash('sha256').update(`${RULES}\n${tables}\n${tablesToFill}`).digest('hex').slice(0, 16);

const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('lading read models', 0))`;

/** All versions that are there, the oldest first. */
export async function versions(pool: pg.Pool): Promise<Version[]> {
  const { rows } = await pool.query<Version>(
    'SELECT version, state, shape = $1 AS known, retired FROM read_model_versions ORDER BY version',
    [shape],
  );
  return rows;
}

/** The version that answers; makes the first one, empty, when there is none. Any number of processes may call it at once. */
export async function ensureActive(pool: pg.Pool): Promise<number> {
  return transaction(pool, async (client) => {
    await client.query(LOCK);
    const active = (await client.query<{ version: number }>('SELECT version FROM read_model_active')).rows[0];
    if (active !== undefined) return active.version;
    const version = await create(client, 'active');
    await client.query('INSERT INTO read_model_active (version) VALUES ($1)', [version]);
    return version;
  });
}

/** Makes a new version, empty, beside the one that answers. */
export async function startVersion(pool: pg.Pool): Promise<number> {
  const version = await transaction(pool, async (client) => {
    await client.query(LOCK);
    return create(client, 'building');
  });
  await tellOf(pool, version);
  return version;
}

async function tellOf(pool: pg.Pool, version: number): Promise<void> {
  await pool.query('SELECT pg_notify($1, $2)', [VERSIONS_CHANNEL, String(version)]);
}

/** Begins a version when the code has tables that no version has. Any number of processes may call it at once. */
export async function ensureKnownVersion(pool: pg.Pool): Promise<void> {
  const version = await transaction(pool, async (client) => {
    await client.query(LOCK);
    const { rowCount } = await client.query(`SELECT FROM read_model_versions WHERE shape = $1 AND state <> 'retired'`, [
      shape,
    ]);
    return rowCount === 0 ? create(client, 'building') : undefined;
  });
  if (version !== undefined) await tellOf(pool, version);
}

/** A projector feeds these versions now: another process that builds one of them, or waits for one, needs to know. */
export async function sayFed(pool: pg.Pool, fed: readonly number[]): Promise<void> {
  if (fed.length > 0)
    await pool.query('UPDATE read_model_versions SET fed = now() WHERE version = ANY ($1::int[])', [fed]);
}

/** Takes away a version that does not answer, with all its tables. Rejects when one of them is in use. */
export async function dropVersion(pool: pg.Pool, version: number): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(LOCK);
    // A reader that is still in it is not waited for long: everybody who looks at the versions would wait as well.
    await client.query('SET LOCAL lock_timeout = 1000');
    const { rowCount } = await client.query(
      `DELETE FROM read_model_versions WHERE version = $1 AND state <> 'active'`,
      [version],
    );
    if (rowCount === 1) await client.query(`DROP SCHEMA IF EXISTS ${schemaOfVersion(version)} CASCADE`);
  });
}

async function create(client: pg.PoolClient, state: 'building' | 'active'): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `INSERT INTO read_model_versions (state, shape, switched) VALUES ($1, $2, CASE WHEN $1 = 'active' THEN now() END) RETURNING version`,
    [state, shape],
  );
  const version = rows[0]?.version ?? 0;
  const schema = schemaOfVersion(version);
  const made = state === 'active' ? tables : [positions, tablesToFill].join('\n');
  await client.query(
    `CREATE SCHEMA ${schema}; SET LOCAL search_path TO ${schema}; ${made}; SET LOCAL search_path TO DEFAULT`,
  );
  return version;
}

/** How long one of them may take to make. */
const INDEX_MS = 86_400_000;

/** A connection whose statements may take as long. */
const patiently = (db: pg.ClientBase): Db => ({
  query: ((text: string, values: unknown[] = []) =>
    db.query({ text, values, query_timeout: INDEX_MS } as pg.QueryConfig)) as Db['query'],
});

/**
 * Makes what a version was filled without: indexes, totals, and the marks of these. Batches wait for it: they come with the lock of their position. Any number of processes may
 * call it at once. @returns whether anything was missing
 */
export async function makeIndexesForQuestions(pool: pg.Pool, version: number): Promise<boolean> {
  const schema = schemaOfVersion(version);
  const missing = async (db: Pick<pg.ClientBase, 'query'>): Promise<string[]> => {
    const there = await db.query<{ name: string }>('SELECT indexname AS name FROM pg_indexes WHERE schemaname = $1', [
      schema,
    ]);
    const names = new Set(there.rows.map(({ name }) => name));
    return [...indexesForQuestions].flatMap(([name, sql]) => (names.has(name) ? [] : [sql]));
  };
  if ((await missing(pool)).length === 0) return false;
  // It takes as long as the rows are many, and nobody asks this version meanwhile.
  await transaction(
    pool,
    async (client) => {
      await client.query(`LOCK TABLE ${schema}.positions IN EXCLUSIVE MODE`);
      const patient = patiently(client);
      for (const text of await missing(client)) await patient.query(text);
      const { rows } = await client.query<{ ledger: string }>('SELECT ledger FROM positions');
      for (const { ledger } of rows) await fillTotals(patient, ledger);
    },
    `SET LOCAL search_path TO ${schema}; SET LOCAL statement_timeout TO ${INDEX_MS}; SET LOCAL maintenance_work_mem TO '256MB'; SET LOCAL work_mem TO '32MB'; SET LOCAL enable_seqscan TO off`,
  );
  return true;
}
