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
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { append } from '#test/feed/seedJournal';
import { fed } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

export const name = 'holdings-query';

const POSTINGS = 1_000_000;
const QUESTIONS = 3_000;
const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

/**
 * Asks the whole query service, without a network, what a party holds among a million postings: routing, key, read model, checked
 * answer. The yardstick is a service that asks the database for nothing (`SELECT 1`) in the same kind of transaction.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-holdings');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    await migrate(cluster.url, projectionMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    const postings = await fill(pool);
    const env = { DATABASE_URL: cluster.url, LADING_ADMIN_KEY: KEY, LOG_LEVEL: 'silent', LADING_DATA: folder };
    const app = await createApp(QueryModule, readConfig({ env }) as WithDatabase, { name: 'query' });
    const bare = await milliseconds(QUESTIONS, () => nothing(pool));
    const limit = percentile(bare, 0.99);
    const million = `${(postings / 1e6).toFixed(2)} M postings`;
    const figures: Figure[] = [];
    for (const [what, query] of [
      ['by item and stage', 'groupBy=item,stage'],
      ['100 accounts', 'limit=100'],
    ] as const) {
      const times = await milliseconds(QUESTIONS, (n) => ask(app, `owner=buyer-${(n * 37) % 200}&${query}`));
      figures.push(
        below(
          `holdings of a party, ${what}, among ${million}, p99`,
          'ms',
          round(percentile(times, 0.99)),
          5,
          round(limit),
        ),
      );
    }
    await stopGracefully(app);
    await pool.end();
    return figures;
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Applies events until there are a million postings. @returns how many there are */
async function fill(pool: pg.Pool): Promise<number> {
  const models = new ReadModels(pool, await ensureActive(pool));
  let postings = 0;
  let batch = [];
  for (const event of manyEvents(Infinity)) {
    if (event.sequence === 1) await append(pool, published([event]));
    batch.push(fed(event));
    postings += 'moves' in event.data ? 2 * (event.data.moves?.length ?? 0) : 0;
    if (batch.length < 4_000 && postings < POSTINGS) continue;
    const applied = await models.apply(LEDGER, batch);
    if (applied.outcome !== 'applied') throw new Error(JSON.stringify(applied));
    batch = [];
    if (postings >= POSTINGS) break;
  }
  await pool.query('VACUUM ANALYZE');
  return postings;
}

async function ask(app: NestFastifyApplication, query: string): Promise<void> {
  const url = `/v1/ledgers/${LEDGER}/holdings?${query}`;
  const { statusCode, body } = await app.inject({ url, headers: { authorization: `Bearer ${KEY}` } });
  if (statusCode !== 200) throw new Error(`${statusCode} ${body}`);
}

async function nothing(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SELECT 1');
  await client.query('ROLLBACK');
  client.release();
}

/** One after the other, after a tenth of them to warm up. */
async function milliseconds(count: number, work: (n: number) => Promise<void>): Promise<number[]> {
  for (let n = 0; n < count / 10; n++) await work(n);
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    await work(n);
    times.push(performance.now() - started);
  }
  return times;
}

const round = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;
