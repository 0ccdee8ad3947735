import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { manyEvents } from '#test/projections/manyEvents';
import { atLeast, below, type Figure } from './figure.ts';
import { insertPlainly } from './rebuild/insertPlainly.ts';
import type { Rebuilding } from './rebuild/rebuildProcess.ts';
import { seed } from './rebuild/seed.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

export const name = 'rebuild';

interface Options {
  /** Events in the journal; `LADING_BENCH_EVENTS` unless given. */
  readonly events?: number;
}

const PER_SECOND = 16_000;
const GROWTH_MB = 150;

/**
 * Builds all read models from the journal, by `rebuild` in a process of its own, on a PostgreSQL with fsync on. The yardstick is a plain
 * insertion of the rows that come out of it: no look-ups, no updates, nothing worked out.
 */
export async function run({
  events = Number(process.env.LADING_BENCH_EVENTS ?? 1_000_000),
}: Options = {}): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-rebuild');
  const cluster = await startCluster({ dataDir: folder });
  try {
    await migrate(cluster.url, projectionMigrations);
    const pool = createPool(cluster.url, { timeouts: { statement: 0 } });
    await seed(pool, manyEvents(events));
    const rebuilt = await rebuildElsewhere(cluster.url);
    if (rebuilt.events !== events) throw new Error(`${rebuilt.events} of ${events} events were applied`);
    const plain = await insertPlainly(pool, rebuilt.version);
    await pool.end();
    const rate = Math.round(rebuilt.events / rebuilt.seconds);
    return [
      atLeast(
        `rebuild of all read models from ${events.toLocaleString('en')} events`,
        'events/s',
        rate,
        PER_SECOND,
        Math.round(events / plain),
      ),
      below(
        'rebuild, growth of resident memory',
        'MB',
        Math.max(0, rebuilt.memoryAtMost - rebuilt.memoryAtFirst),
        GROWTH_MB,
      ),
    ];
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function rebuildElsewhere(url: string): Promise<Rebuilding> {
  return new Promise((resolve, reject) => {
    // When built, that file ends with .js, as this one does.
    const child = fork(new URL(`./rebuild/rebuildProcess${extname(import.meta.url)}`, import.meta.url), [url], {
      // The projector is started like this: without the writers' young generation, which this process may have been given.
      execArgv: process.execArgv.filter((flag) => !flag.startsWith('--max-semi-space-size')),
    });
    child.once('message', (result) => {
      resolve(result as Rebuilding);
    });
    child.once('exit', (code) => {
      reject(new Error(`the rebuild ended with ${code ?? 'a signal'}`));
    });
  });
}
