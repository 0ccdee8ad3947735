import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { balanceThen } from '#projections/postings/balance';
import { markPostings, SIZES } from '#projections/postings/model';
import { ensureActive, schemaOfVersion } from '#projections/versions/versions';
import { ReadModels } from '#projections/readModels';
import { applyAll } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { below, type Figure, shareOf } from './figure.ts';
import { ACCOUNTS, fillPostings, momentOf, post, POSTINGS } from './manyPostings.ts';
import { percentile } from './percentile.ts';
import { milliseconds, onQueryService } from './queryService.ts';

export const name = 'balances';

const QUESTIONS = 500;
/** The plain sums take long. */
const SUMS = 5;
/** Events that are projected with and without what balances of the past are found by, and how many at once. */
const PROJECTED = 20_000;
const BATCH = 500;

/**
 * Balances at random moments on both axes of time, of which one posting in ten is told late by any time: of one account that has all of
 * the postings, in PostgreSQL by its own clock; and grouped, in the whole query service. The limit is the plain sum of the same postings.
 * And what it costs the projector to write what they are found by.
 */
export function run(): Promise<Figure[]> {
  return onQueryService(fill, async ({ ask, pool }) => {
    const client = await pool.connect();
    await client.query(
      `SET search_path TO ${schemaOfVersion(1)}; SET enable_seqscan = off; SET enable_bitmapscan = off`,
    );
    const tenth = await oneAccount(client, 'tenth', POSTINGS / 10);
    const whole = await oneAccount(client, 'whole', POSTINGS);
    const plain = await milliseconds(SUMS, async (n) => {
      await client.query(
        `SELECT owner, item, stage, sum(p.quantity) FROM postings p JOIN holdings h USING (ledger, account)
         WHERE p.ledger = $1 AND p.sequence <= $2 AND p.occurred <= $3 GROUP BY owner, item, stage`,
        [LEDGER, ...momentOf(n, POSTINGS)],
      );
    });
    client.release(true);
    const grouped = 'holdings?groupBy=owner,item,stage&limit=1000';
    const then = await milliseconds(QUESTIONS, (n) => {
      const [known, at] = momentOf(n, POSTINGS);
      return ask(`${grouped}&known=${known}&at=${at}`);
    });
    const now = await milliseconds(QUESTIONS, () => ask(grouped));
    const projected = await projecting(pool);
    const of = (postings: number) =>
      `balance of one account at a moment, among ${postings.toLocaleString('en')} postings of it, in PostgreSQL`;
    const groups = `holdings by owner, item and stage at a moment, ${POSTINGS.toLocaleString('en')} postings, ${ACCOUNTS.toLocaleString('en')} accounts`;
    const [sum, ten, all] = [median(plain), median(tenth.then), median(whole.then)];
    return [
      below(`${of(POSTINGS / 10)}, median`, 'ms', ten, 1, median(tenth.plain)),
      below(`${of(POSTINGS)}, median`, 'ms', all, 1, median(whole.plain)),
      below('the same, for ten times the postings', 'times', round(all / ten), 1.5),
      below(`${groups}, p50`, 'ms', median(then), 25, sum),
      below(`${groups}, p99`, 'ms', round(percentile(then, 0.99)), 80, sum),
      below('the same, now, p50', 'ms', median(now), 25, sum),
      shareOf(
        `the projector, ${PROJECTED.toLocaleString('en')} events (limit: without what balances of the past are found by)`,
        'events/s',
        projected.with,
        projected.without,
        0.8,
      ),
    ];
  });
}

/** Applies the same events to two ledgers, in turns of a batch each: to one with marks and late blocks, to the other without. */
async function projecting(pool: pg.Pool): Promise<Record<'with' | 'without', number>> {
  const models = new ReadModels(pool, await ensureActive(pool));
  const seconds = { with: 0, without: 0 };
  const { stretch } = SIZES;
  const events = [...manyEvents(PROJECTED)];
  for (let at = 0; at < events.length; at += BATCH)
    for (const kind of at % (2 * BATCH) === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)) {
      const batch = events
        .slice(at, at + BATCH)
        .map((event) => ({ ...(isLate(event) ? toldLate(event) : event), ledger: kind }));
      // No account has so many postings that a stretch of them ends.
      SIZES.stretch = kind === 'with' ? stretch : Infinity;
      const began = performance.now();
      await applyAll(models, batch);
      seconds[kind] += (performance.now() - began) / 1_000;
    }
  SIZES.stretch = stretch;
  return { with: Math.round(PROJECTED / seconds.with), without: Math.round(PROJECTED / seconds.without) };
}

/** One in ten moves units a day before it is told; what sets a value is never late. */
const isLate = ({ sequence, type }: LedgerEvent): boolean =>
  sequence % 10 === 0 && type === 'lading.shipment.received.v1';
const toldLate = (event: LedgerEvent): LedgerEvent => ({
  ...event,
  time: new Date(Date.parse(event.time) - 86_400_000).toISOString(),
});

/** As long as PostgreSQL says that it took: no way to it and back is in it, and a plan is made once, as the service makes it. */
async function oneAccount(client: pg.PoolClient, ledger: string, postings: number) {
  const moment = { known: '$2', at: '$3', isHead: false };
  const row = `(SELECT 0 AS account, ${postings} AS postings, 0::bigint AS quantity, now() AS newest) h`;
  const plain = `SELECT sum(quantity) FROM postings WHERE ledger = $1 AND account = 0 AND sequence <= $2 AND occurred <= $3`;
  await client.query(`SET plan_cache_mode = force_generic_plan;
    PREPARE then_${ledger} (text, bigint, timestamptz) AS SELECT ${balanceThen('h', 'account', moment)} FROM ${row};
    PREPARE plain_${ledger} (text, bigint, timestamptz) AS ${plain}`);
  const times = async (statement: string, count: number): Promise<number[]> => {
    const found: number[] = [];
    for (let n = 0; n < count + count / 10; n++) {
      const [known, at] = momentOf(n, postings);
      const { rows } = await client.query<{ 'QUERY PLAN': [{ 'Planning Time': number; 'Execution Time': number }] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE ${statement}_${ledger} ('${ledger}', ${known}, '${at}')`,
      );
      const took = rows[0]?.['QUERY PLAN'][0];
      if (n >= count / 10 && took !== undefined) found.push(took['Planning Time'] + took['Execution Time']);
    }
    return found;
  };
  const measured = { then: await times('then', QUESTIONS), plain: await times('plain', SUMS) };
  await client.query('RESET plan_cache_mode');
  return measured;
}

/** Beside the ledger two in which one account has all of the postings. */
async function fill(pool: pg.Pool): Promise<void> {
  await fillPostings(pool);
  const client = await pool.connect();
  await client.query(`SET search_path TO ${schemaOfVersion(1)}; SET synchronous_commit TO off`);
  await post(client, 'tenth', POSTINGS / 10, 1);
  await markPostings(client, 'tenth', [0]);
  await post(client, 'whole', POSTINGS, 1);
  await markPostings(client, 'whole', [0]);
  client.release(true);
}

const median = (times: readonly number[]): number => round(percentile(times, 0.5));
const round = (value: number): number => Math.round(value * 100) / 100;
