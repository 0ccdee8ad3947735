import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger, MigrationInterface, QueryRunner } from 'typeorm';
import { clientConfig } from './database.ts';

/**
 * One step of the tables forward. The name of its class ends with 13 digits of a timestamp, which is its place in the order. No
 * step is ever taken back: events cannot be made again, so the way back is a backup.
 */
export interface Migration {
  up(runner: QueryRunner): Promise<void>;
}
export type MigrationClass = new () => Migration;

const TABLE = 'lading_migrations';
/** One advisory lock for all migrations of Lading in a database, so that the tables are made in one order everywhere. */
const LOCK = 'lading migrations';
const PATIENCE_MS = 120_000;

/**
 * Runs those of `migrations` that the database has not had yet, each in a transaction of its own. Any number of processes may call
 * this at once: one of them runs the migrations, and the others wait for it and find nothing to do.
 *
 * @returns the names of the migrations that this call ran, in order
 */
export async function migrate(url: string, migrations: readonly MigrationClass[]): Promise<string[]> {
  return underLock(url, async (lock) => {
    const done = new Set(await executed(lock));
    // Loading TypeORM takes a third of a second, which an up-to-date database does not need.
    if (migrations.every((migration) => done.has(migration.name))) return [];
    return runWithTypeOrm(url, migrations);
  });
}

async function executed(client: pg.Client): Promise<string[]> {
  const there = await client.query<{ found: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS found`, [TABLE]);
  if (!there.rows[0]?.found) return [];
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${TABLE}`);
  return rows.map(({ name }) => name);
}

async function underLock<T>(url: string, work: (lock: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientConfig(url, { name: 'lading migrations', timeouts: { statement: 0 } }));
  client.on('error', () => undefined);
  await client.connect();
  try {
    // The lock is tried again and again instead of awaited. A session that waits holds a snapshot, and a CREATE INDEX CONCURRENTLY of
    // the process that has the lock would wait for that snapshot.
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await tryLock(client))) {
      await sleep(50);
      if (Date.now() > deadline)
        throw new Error(
          `another process has been migrating this database for ${PATIENCE_MS / 1000} s: check what it is doing`,
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

/** TypeORM would print failures to standard output. Here they are thrown, and the caller reports them. */
const quiet: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/** @returns the names of the migrations that it ran */
async function runWithTypeOrm(url: string, migrations: readonly MigrationClass[]): Promise<string[]> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'lading migrations',
    connectTimeoutMS: 5_000,
    installExtensions: false,
    logger: quiet,
    migrations: migrations.map(forTypeOrm),
    migrationsTableName: TABLE,
    poolSize: 2,
  });
  await source.initialize();
  try {
    const ran = await source.runMigrations({ transaction: 'each' });
    return ran.map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}

/** TypeORM requires a way back of every migration. */
function forTypeOrm(Step: MigrationClass): new () => MigrationInterface {
  return class implements MigrationInterface {
    readonly name = Step.name;
    readonly #step = new Step();

    up(runner: QueryRunner): Promise<void> {
      return this.#step.up(runner);
    }

    down(): Promise<void> {
      return Promise.reject(new Error(`${this.name} cannot be taken back: restore a backup`));
    }
  };
}
