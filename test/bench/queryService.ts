import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { QueryModule } from '#apps/query/src/query.module';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { LEDGER } from '#test/projections/manyEvents';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

/** Asks for a path of the ledger, `holdings?owner=x`, without a network. Throws on anything but an answer. */
type Ask = (path: string) => Promise<void>;

/** The whole query service, on a PostgreSQL of its own that was filled before. */
export async function onQueryService<F, R>(
  fill: (pool: pg.Pool) => Promise<F>,
  measure: (service: {
    readonly ask: Ask;
    readonly pool: pg.Pool;
    readonly url: string;
    readonly filled: F;
  }) => Promise<R>,
): Promise<R> {
  const folder = await temporaryFolder('bench-query');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    await migrate(cluster.url, projectionMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    const filled = await fill(pool);
    await pool.query('VACUUM ANALYZE');
    const env = { DATABASE_URL: cluster.url, LADING_ADMIN_KEY: KEY, LOG_LEVEL: 'silent', LADING_DATA: folder };
    const app = await createApp(QueryModule, readConfig({ env }) as WithDatabase, { name: 'query' });
    const measured = await measure({ ask: (path) => ask(app, path), pool, url: cluster.url, filled });
    await stopGracefully(app);
    await pool.end();
    return measured;
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function ask(app: NestFastifyApplication, path: string): Promise<void> {
  const url = `/v1/ledgers/${LEDGER}/${path}`;
  const { statusCode, body } = await app.inject({ url, headers: { authorization: `Bearer ${KEY}` } });
  // What is asked for may not have been there yet at a moment.
  if (statusCode !== 200 && !(statusCode === 404 && path.includes('?at='))) throw new Error(`${statusCode} ${body}`);
}

/** One after the other, after a tenth of them to warm up. */
export async function milliseconds(count: number, work: (n: number) => Promise<void>): Promise<number[]> {
  for (let n = 0; n < count / 10; n++) await work(n);
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    await work(n);
    times.push(performance.now() - started);
  }
  return times;
}
