import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource, Logger, MigrationInterface } from 'typeorm';
import { clientConfig } from './database.ts';

/** A TypeORM migration; its name ends with 13 digits of a timestamp, which is its place in the order. */
export type MigrationClass = new () => MigrationInterface;

const TABLE = 'lading_migrations';
/** One lock for all of Lading's migrations in a database: the libraries' tables come in one order everywhere. */
const LOCK = 'lading migrations';
const PATIENCE_MS = 120_000;

/**
 * Brings the database to the newest of `migrations`, each in a transaction of its own unless it says otherwise.
 * Any number of processes may call it at once: one works, the others wait for it and find nothing to do.
 *
 * @returns the names of the migrations that this call ran, in order
 */
export async function migrate(url: string, migrations: readonly MigrationClass[]): Promise<string[]> {
  return underLock(url, async (lock) => {
    const done = new Set(await executed(lock));
    // TypeORM costs a third of a second to load: an up-to-date database does without it.
    if (migrations.every((migration) => done.has(nameOf(migration)))) return [];
    return withDataSource(url, migrations, async (source) => {
      const ran = await source.runMigrations({ transaction: 'each' });
      return ran.map(({ name }) => name);
    });
  });
}

/**
 * Takes back the newest `count` of `migrations` that the database has (all of them unless told), the newest first. Those of
 * other libraries stay.
 *
 * @returns the names of the migrations that were taken back, in that order
 */
export async function revert(
  url: string,
  migrations: readonly MigrationClass[],
  count = migrations.length,
): Promise<string[]> {
  return underLock(url, async (lock) => {
    const ours = new Map(migrations.map((migration) => [nameOf(migration), migration]));
    const newest = (await executed(lock)).filter((name) => ours.has(name)).slice(0, count);
    if (newest.length === 0) return [];
    return withDataSource(url, migrations, async (source) => {
      for (const name of newest) await revertOne(source, name);
      return newest;
    });
  });
}

/** TypeORM's own undo takes the newest of the whole table only, whoever it belongs to. */
async function revertOne(source: DataSource, name: string): Promise<void> {
  const migration = source.migrations.find((m) => nameOf(m.constructor as MigrationClass) === name);
  if (migration === undefined) throw new Error(`the migration ${name} is not among those given`);
  const runner = source.createQueryRunner();
  try {
    if (migration.transaction !== false) await runner.startTransaction();
    await migration.down(runner);
    await runner.query(`DELETE FROM ${TABLE} WHERE name = $1`, [name]);
    if (runner.isTransactionActive) await runner.commitTransaction();
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
  }
}

function nameOf(migration: MigrationClass): string {
  return new migration().name ?? migration.name;
}

async function executed(client: pg.Client): Promise<string[]> {
  const there = await client.query<{ found: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS found`, [TABLE]);
  if (!there.rows[0]?.found) return [];
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY id DESC`);
  return rows.map(({ name }) => name);
}

async function underLock<T>(url: string, work: (lock: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientConfig(url, { name: 'lading migrations', timeouts: { statement: 0 } }));
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Asked for again and again instead of waited for: a session that waits holds a snapshot, and a CREATE INDEX CONCURRENTLY
    // of the one that works would wait for that snapshot in turn.
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await tryLock(client))) {
      await sleep(50);
      if (Date.now() > deadline)
        throw new Error(
          `another process has been migrating this database for ${PATIENCE_MS / 1000} s: see what it does`,
        );
    }
    return await work(client);
  } finally {
    await client.end();
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [LOCK],
  );
  return rows[0]?.locked === true;
}

/** TypeORM prints failures to standard output; here they are thrown, and whoever catches them says so. */
const quiet: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

async function withDataSource<T>(
  url: string,
  migrations: readonly MigrationClass[],
  work: (source: DataSource) => Promise<T>,
): Promise<T> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'lading migrations',
    connectTimeoutMS: 5_000,
    installExtensions: false,
    logger: quiet,
    migrations: [...migrations],
    migrationsTableName: TABLE,
    poolSize: 2,
  });
  await source.initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}
