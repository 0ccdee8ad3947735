import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { withSizes } from '#test/projections/withSizes';
import { seed } from '#test/setup/seed';
import type { Db } from '../reading/readModel.ts';
import { balanceThen } from './balance.ts';
import { markPostings, SIZES, totalMark } from './model.ts';

const POSTINGS = 1_500;
/** Of each of four ledgers: 10,000 altogether. */
const MOMENTS = 2_500;

describe('the balance of one account and of one total at any moment', () => {
  let db: FreshReadModels;

  withSizes({ stretch: 4, few: 4, blocks: [8, 32, 128] });
  beforeAll(async () => {
    db = await freshReadModels();
  });
  afterAll(() => db.drop());

  /** Adds postings, of which one in `oneIn` is late, by up to all that there are; one is ahead of the rest by `ahead`. Some events have several. */
  async function post(db: Db, ledger: string, oneIn: number, ahead: string, from: number, to: number) {
    await db.query(
      `INSERT INTO postings (ledger, sequence, n, account, total, quantity, balance, occurred)
       SELECT $1, p.s / 3 + 1, p.s % 3, 7, 7, random(-9, 9), 0, e.occurred FROM generate_series($3::int, $4::int - 1) p (s) JOIN (
         SELECT s, timestamptz '2026-01-01' + interval '1 minute' * CASE WHEN random() * $2 < 1 THEN random(0, s) ELSE s END
           + CASE WHEN s = $3 / 3 + 40 THEN $5::interval ELSE '0' END AS occurred
         FROM generate_series($3::int / 3, $4::int / 3) s) e ON e.s = p.s / 3`,
      [ledger, oneIn, from, to, ahead],
    );
    await markPostings(db, ledger, [7, totalMark(7)]);
  }

  it.each([
    ['on time', 1e9, '0'],
    ['one in ten late', 10, '0'],
    ['all late', 1, '0'],
    ['one in ten late, after one that occurred a year ahead', 10, '1 year'],
  ])(
    'is the plain sum of the postings that had occurred and were known, whatever is late: %s',
    async (ledger, oneIn, ahead) => {
      const client = await db.pool.connect();
      try {
        await client.query('SET search_path TO rm_1');
        await client.query('SELECT setseed($1)', [seed / 2 ** 31]);
        for (const [from, to] of [
          [0, 3],
          [3, 600],
          [600, 606],
          [606, POSTINGS],
        ] as const)
          await post(client, ledger, oneIn, ahead, from, to);
        const posted = await client.query<{ sequence: number; occurred: number; quantity: number }>(
          'SELECT sequence, extract(epoch FROM occurred)::bigint AS occurred, quantity FROM postings WHERE ledger = $1',
          [ledger],
        );
        const moment = { known: 'q.known', at: 'q.at', isHead: false };
        const { rows } = await client.query<Record<'known' | 'at' | 'account' | 'total' | 'whenever', number>>(
          `SELECT q.known, extract(epoch FROM q.at)::bigint AS at, ${balanceThen('h', 'account', moment)} AS account,
           ${balanceThen('h', 'total', moment)} AS total, ${balanceThen('h', 'total', { ...moment, at: undefined })} AS whenever
         FROM (
           SELECT random(0, ${POSTINGS / 3} + 1)::bigint AS known, timestamptz '2026-01-01' + interval '1 minute' * random(-1, ${POSTINGS / 3} + 1) AS at
           FROM generate_series(1, ${MOMENTS})
         ) q CROSS JOIN (SELECT 7 AS account, 7 AS total, ${POSTINGS} AS postings, 0::bigint AS quantity, now() AS newest) h
         WHERE $1 <> ''`,
          [ledger],
        );
        for (const { known, at, account, total, whenever } of rows) {
          let [then, ever] = [0, 0];
          for (const { sequence, occurred, quantity } of posted.rows) {
            if (sequence > known) continue;
            ever += quantity;
            if (occurred <= at) then += quantity;
          }
          if (account !== then || total !== then || whenever !== ever)
            expect({ known, at, account, total, whenever }).toEqual({
              known,
              at,
              account: then,
              total: then,
              whenever: ever,
            });
        }
        expect(new Set(rows.map(({ account }) => account)).size).toBeGreaterThan(20);
      } finally {
        client.release(true);
      }
    },
  );

  it('has blocks of every size to go by, once many postings are late', async () => {
    const { rows } = await db.pool.query<{ sizes: number[] }>(
      `SELECT array_agg(DISTINCT size ORDER BY size) AS sizes FROM rm_1.late_sums`,
    );
    expect(rows[0]?.sizes).toEqual(SIZES.blocks);
  });
});
