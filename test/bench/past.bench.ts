import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { QueryModule } from '#apps/query/src/query.module';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { applyAll } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { record } from '#test/projections/recorded';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';

export const name = 'past';

const EVENTS = 30_000;
const QUESTIONS = 500;
const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

/**
 * Asks the whole query service, without a network, for orders, shipments and swaps as they were, each at a moment of its own on both axes
 * of time. The limit is the same question about now.
 */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-past');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    await migrate(cluster.url, projectionMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    const events = await fill(pool);
    const env = { DATABASE_URL: cluster.url, LADING_ADMIN_KEY: KEY, LOG_LEVEL: 'silent', LADING_DATA: folder };
    const app = await createApp(QueryModule, readConfig({ env }) as WithDatabase, { name: 'query' });
    const figures: Figure[] = [];
    for (const [kind, type] of [
      ['order', 'lading.order.placed.v1'],
      ['shipment', 'lading.shipment.dispatched.v1'],
      ['swap', 'lading.swap.proposed.v1'],
    ] as const) {
      const ids = [...new Set(events.flatMap((event) => (event.type === type ? [event.subject] : [])))];
      const pathOf = (n: number) => `${kind}s/${ids[(n * 7_919) % ids.length]?.slice(kind.length + 1) ?? ''}`;
      const then = (n: number) => {
        const known = 1 + ((n * 104_729) % events.length);
        return `at=${events[(n * 15_485_863) % known]?.time ?? ''}&known=${known}`;
      };
      const now = await milliseconds(QUESTIONS, (n) => ask(app, pathOf(n)));
      const past = await milliseconds(QUESTIONS, (n) => ask(app, `${pathOf(n)}?${then(n)}`));
      const p99 = (times: readonly number[]) => Math.round(percentile(times, 0.99) * 100) / 100;
      const what = `${kind} at a moment, among ${EVENTS.toLocaleString('en')} events`;
      figures.push(below(`${what}, p99`, 'ms', p99(past), 20, p99(now)));
    }
    await stopGracefully(app);
    await pool.end();
    return figures;
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Records events and applies them. */
async function fill(pool: pg.Pool): Promise<readonly LedgerEvent[]> {
  const models = new ReadModels(pool, await ensureActive(pool));
  const events = [...manyEvents(EVENTS)];
  for (let at = 0; at < events.length; at += 2_000) {
    const some = events.slice(at, at + 2_000);
    await record(pool, some);
    await applyAll(models, some);
  }
  await pool.query(
    'INSERT INTO journal.ledgers SELECT ledger, max(sequence), max(recorded) FROM journal.events GROUP BY ledger',
  );
  await pool.query('VACUUM ANALYZE');
  return events;
}

async function ask(app: NestFastifyApplication, path: string): Promise<void> {
  const url = `/v1/ledgers/${LEDGER}/${path}`;
  const { statusCode, body } = await app.inject({ url, headers: { authorization: `Bearer ${KEY}` } });
  if (statusCode !== 200 && statusCode !== 404) throw new Error(`${statusCode} ${body}`);
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
