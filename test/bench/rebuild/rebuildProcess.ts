import { JournalFeed } from '#feed/journal';
import { createPool } from '#platform/database/database';
import { rebuild } from '#projections/versions/rebuild';

/** What the process that rebuilt has to say for itself. Memory is resident, in MB. */
export interface Rebuilding {
  readonly version: number;
  readonly events: number;
  readonly seconds: number;
  /** When a fiftieth of the events was applied: everything is loaded and compiled by then. */
  readonly memoryAtFirst: number;
  readonly memoryAtMost: number;
}

const megabytes = (): number => Math.round(process.memoryUsage().rss / 1e6);

const url = process.argv[2] ?? '';
const pool = createPool(url, { name: 'lading bench', pipeline: true });
let atFirst = 0;
let atMost = 0;
const measuring = setInterval(() => {
  atMost = Math.max(atMost, megabytes());
}, 100);
const { version, events, seconds } = await rebuild({
  pool,
  patience: 0,
  feeds: [() => new JournalFeed({ pool, url, batch: 2_000 })],
  onProgress: ({ applied, total }) => {
    if (atFirst === 0 && applied > total / 50) atFirst = megabytes();
  },
});
clearInterval(measuring);
await pool.end();
const result: Rebuilding = { version, events, seconds, memoryAtFirst: atFirst, memoryAtMost: atMost };
process.send?.(result);
