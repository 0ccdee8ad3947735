import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { PartiesStage } from '#contracts/scalars';
import { balanceThen } from '#projections/postings/balance';
import { markPostings, SIZES, totalMark } from '#projections/postings/model';
import { ensureActive, schemaOfVersion } from '#projections/versions/versions';
import { ReadModels } from '#projections/readModels';
import { applyAll } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { below, type Figure, shareOf } from './figure.ts';
import { percentile } from './percentile.ts';
import { milliseconds, onQueryService } from './queryService.ts';

export const name = 'balances';

const POSTINGS = Number(process.env.LADING_BENCH_POSTINGS ?? 1_000_000);
const ACCOUNTS = 20_000;
const TOTALS = 500;
const QUESTIONS = 500;
/** The plain sums take long. */
const SUMS = 5;
/** Events that are projected with and without what balances of the past are found by, and how many at once. */
const PROJECTED = 20_000;
const BATCH = 500;
const BEGIN = Date.UTC(2023, 0, 1);

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

/** A pair of bounds anywhere in the history, none of which depends on the other. */
const momentOf = (n: number, postings: number): [known: number, at: string] => {
  const anywhere = (by: number): number => 1 + ((n * by) % postings);
  return [anywhere(7_368_787), new Date(BEGIN + anywhere(15_485_863) * 1_000).toISOString()];
};

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

/** Writes the rows that the projector would write of so many events of one posting each, without the events. */
async function fill(pool: pg.Pool): Promise<void> {
  await ensureActive(pool);
  const client = await pool.connect();
  await client.query(`SET search_path TO ${schemaOfVersion(1)}; SET synchronous_commit TO off; SELECT setseed(0.5)`);
  await post(client, 'tenth', POSTINGS / 10, 1);
  await markPostings(client, 'tenth', [0]);
  await post(client, 'whole', POSTINGS, 1);
  await markPostings(client, 'whole', [0]);
  await post(client, LEDGER, POSTINGS, ACCOUNTS);
  const stages = PartiesStage.options;
  await client.query(
    `INSERT INTO holdings (ledger, account, owner, custodian, item, "order", line, stage, quantity, newest, postings, total, open, outside)
     SELECT $1, account, 'owner-' || total % 25, 'owner-' || total % 25, 'item-' || total / 25 % (20 / $3::int), 'PO-' || account, '1', ($2::text[])[1 + total / 25 / (20 / $3::int) % $3::int],
       sum(quantity), max(occurred), count(*), total, sum(quantity) <> 0, false FROM postings WHERE ledger = $1 GROUP BY account, total`,
    [LEDGER, stages, stages.length],
  );
  await client.query(
    `INSERT INTO holding_totals (ledger, owner, item, stage, custodian, quantity, total, postings, oldest, newest)
     SELECT h.ledger, h.owner, h.item, h.stage, h.custodian, sum(h.quantity), h.total, sum(h.postings), $2, max(h.newest)
     FROM holdings h WHERE h.ledger = $1 GROUP BY h.ledger, h.owner, h.item, h.stage, h.custodian, h.total`,
    [LEDGER, new Date(BEGIN)],
  );
  const accounts = Array.from({ length: ACCOUNTS }, (_, account) => account);
  for (let at = 0; at < ACCOUNTS; at += 1_000) await markPostings(client, LEDGER, accounts.slice(at, at + 1_000));
  await markPostings(
    client,
    LEDGER,
    Array.from({ length: TOTALS }, (_, total) => totalMark(total)),
  );
  await client.query(`INSERT INTO positions (ledger, sequence, accounts) VALUES ($1, $2, $3)`, [
    LEDGER,
    POSTINGS,
    ACCOUNTS,
  ]);
  await client.query('INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, now())', [
    LEDGER,
    POSTINGS,
  ]);
  client.release(true);
}

/** One in ten occurred at any time before. */
async function post(client: pg.PoolClient, ledger: string, postings: number, accounts: number): Promise<void> {
  await client.query(
    `INSERT INTO postings (ledger, sequence, n, account, total, quantity, balance, occurred)
     SELECT $1, s, 0, account, account % ${TOTALS}, random(-90, 110), 0,
       to_timestamp(${BEGIN / 1_000}) + interval '1 second' * CASE WHEN random() < 0.1 THEN random(0, s) ELSE s END
     FROM (SELECT s, random(0, $3::int - 1) AS account FROM generate_series(1, $2::int) s) of`,
    [ledger, postings, accounts],
  );
}

const median = (times: readonly number[]): number => round(percentile(times, 0.5));
const round = (value: number): number => Math.round(value * 100) / 100;
