import type pg from 'pg';
import { ReadModels } from '#projections/readModels';
import { ensureActive } from '#projections/versions/versions';
import { append } from '#test/feed/seedJournal';
import { fed } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { below, type Figure } from './figure.ts';
import { percentile } from './percentile.ts';
import { milliseconds, onQueryService } from './queryService.ts';

export const name = 'holdings-query';

const POSTINGS = 1_000_000;
const QUESTIONS = 3_000;

/**
 * Asks the whole query service, without a network, what a party holds among a million postings: routing, key, read model, checked
 * answer. The yardstick is a service that asks the database for nothing (`SELECT 1`) in the same kind of transaction.
 */
export function run(): Promise<Figure[]> {
  return onQueryService(fill, async ({ ask, pool, filled: postings }) => {
    const bare = await milliseconds(QUESTIONS, () => nothing(pool));
    const limit = percentile(bare, 0.99);
    const million = `${(postings / 1e6).toFixed(2)} M postings`;
    const figures: Figure[] = [];
    for (const [what, query] of [
      ['by item and stage', 'groupBy=item,stage'],
      ['100 accounts', 'limit=100'],
    ] as const) {
      const times = await milliseconds(QUESTIONS, (n) => ask(`holdings?owner=buyer-${(n * 37) % 200}&${query}`));
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
    return figures;
  });
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
  return postings;
}

async function nothing(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SELECT 1');
  await client.query('ROLLBACK');
  client.release();
}

const round = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;
