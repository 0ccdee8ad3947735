import type pg from 'pg';
import { PartiesStage } from '#contracts/scalars';
import { markPostings, totalMark } from '#projections/postings/model';
import { ensureActive, schemaOfVersion } from '#projections/versions/versions';
import { LEDGER } from '#test/projections/manyEvents';

export const POSTINGS = Number(process.env.LADING_BENCH_POSTINGS ?? 1_000_000);
export const ACCOUNTS = 20_000;
const TOTALS = 500;
const BEGIN = Date.UTC(2023, 0, 1);

/** A pair of bounds anywhere in the history, none of which depends on the other. */
export const momentOf = (n: number, postings: number): [known: number, at: string] => {
  const anywhere = (by: number): number => 1 + ((n * by) % postings);
  return [anywhere(7_368_787), new Date(BEGIN + anywhere(15_485_863) * 1_000).toISOString()];
};

/** Writes the rows that the projector would write of so many events of one posting each, without the events. */
export async function fillPostings(pool: pg.Pool): Promise<void> {
  await ensureActive(pool);
  const client = await pool.connect();
  // What fails is told: a pool that waits for a connection in use would never end.
  try {
    await fill(client);
  } finally {
    client.release(true);
  }
}

async function fill(client: pg.PoolClient): Promise<void> {
  await client.query(
    `SET search_path TO ${schemaOfVersion(1)}; SET synchronous_commit TO off; SET statement_timeout TO 0; SELECT setseed(0.5)`,
  );
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
  const totals = Array.from({ length: TOTALS }, (_, total) => totalMark(total));
  for (let at = 0; at < TOTALS; at += 25) await markPostings(client, LEDGER, totals.slice(at, at + 25));
  await client.query(`INSERT INTO positions (ledger, sequence, accounts) VALUES ($1, $2, $3)`, [
    LEDGER,
    POSTINGS,
    ACCOUNTS,
  ]);
  await client.query(
    'INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, $2, now()) ON CONFLICT (ledger) DO UPDATE SET sequence = $2',
    [LEDGER, POSTINGS],
  );
}

/** So many in a statement: on a busy machine a million take longer than a connection waits for an answer. */
export const AT_ONCE = 100_000;

/** One in ten occurred at any time before. */
export async function post(client: pg.PoolClient, ledger: string, postings: number, accounts: number): Promise<void> {
  for (let from = 1; from <= postings; from += AT_ONCE) {
    await client.query(
      `INSERT INTO postings (ledger, sequence, n, account, total, quantity, balance, occurred)
       SELECT $1, s, 0, account, account % ${TOTALS}, random(-90, 110), 0,
         to_timestamp(${BEGIN / 1_000}) + interval '1 second' * CASE WHEN random() < 0.1 THEN random(0, s) ELSE s END
       FROM (SELECT s, random(0, $4::int - 1) AS account FROM generate_series($2::int, $3::int) s) of`,
      [ledger, from, Math.min(postings, from + AT_ONCE - 1), accounts],
    );
  }
}
