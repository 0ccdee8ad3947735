import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { freshDatabase } from '#test/setup/freshDatabase';
import { createPool } from './database.ts';
import { transaction } from './transaction.ts';

describe('the connection pool', () => {
  let pool: pg.Pool;
  let url: string;
  beforeAll(async () => {
    ({ url } = await freshDatabase());
    pool = createPool(url, { max: 2, timeouts: { lock: 100, idleInTransaction: 600_000 } });
    await pool.query('CREATE TABLE t (id int PRIMARY KEY)');
  });
  afterAll(() => pool.end());
  const count = async () => (await pool.query<{ n: number }>('SELECT count(*) AS n FROM t')).rows[0]!.n;

  it('reads bigint as a number, and refuses one that a number cannot hold', async () => {
    const { rows } = await pool.query(`SELECT 9007199254740991::bigint AS big, date '2023-12-31' AS day`);
    expect(rows).toEqual([{ big: 9007199254740991, day: '2023-12-31' }]);
    await expect(pool.query('SELECT 9007199254740993::bigint AS big')).rejects.toThrow(/9007199254740993 is beyond/);
  });

  it('commits a transaction whole or not at all', async () => {
    await transaction(pool, (client) => client.query('INSERT INTO t VALUES (1)'));
    await expect(
      transaction(pool, async (client) => {
        await client.query('INSERT INTO t VALUES (2)');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await count()).toBe(1);
  });

  it('does not report a transaction as committed that PostgreSQL rolled back because of an error that was ignored', async () => {
    await expect(
      transaction(pool, async (client) => {
        await client.query('INSERT INTO t VALUES (3)');
        await client.query('INSERT INTO t VALUES (3)').catch(() => undefined);
      }),
    ).rejects.toThrow(/rolled back/);
    expect(await count()).toBe(1);
  });

  it('takes the locks from a process that freezes in a transaction, and keeps working after the connection was cut', async () => {
    const frozen = await pool.connect();
    await frozen.query('BEGIN; LOCK TABLE t');
    await expect(pool.query('SELECT * FROM t')).rejects.toThrow(/lock timeout/);
    // The pool has set how long it may: shorter than that, the test need not wait.
    const { rows } = await frozen.query('SHOW idle_in_transaction_session_timeout');
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: '10min' }]);
    const gone = new Promise((resolve) => frozen.once('error', resolve));
    await frozen.query('SET LOCAL idle_in_transaction_session_timeout = 100');
    await gone;
    frozen.release(true);
    expect(await count()).toBe(1);
  });

  it('gives the error of a broken connection to its user, and a new connection to the next user', async () => {
    await expect(
      transaction(pool, (client) => client.query('SELECT pg_terminate_backend(pg_backend_pid())')),
    ).rejects.toThrow();
    expect(await count()).toBe(1);
  });

  it('asks pg for nothing that makes old objects: what it calls in the end is a function of ours', async () => {
    const { query } = pg.Client.prototype;
    const asked: { callback: unknown; at: unknown }[] = [];
    pg.Client.prototype.query = function (this: pg.Client, ...of: [{ callback: unknown }]) {
      const [one] = of;
      asked.push({ callback: one.callback, at: one });
      query.apply(this, of as never);
    } as never;
    try {
      await pool.query('SELECT 1');
      await pool.query({ name: 'one', text: 'SELECT $1::int AS one', values: [1] });
    } finally {
      pg.Client.prototype.query = query;
    }
    expect(asked.filter(({ callback }) => typeof callback === 'function').length).toBeGreaterThanOrEqual(2);
    for (const { callback, at } of asked) expect((at as { callback: unknown }).callback).toBe(callback);
  });

  it('says who asked for what failed, and not where the answer was read', async () => {
    async function whoeverAsks() {
      await pool.query('SELECT nothing');
    }
    const error = await whoeverAsks().catch((one: unknown) => one);
    expect((error as Error).stack).toContain('whoeverAsks');
  });

  it.each([true, false])(
    'gives up a statement that nobody answers, and its connection (pipeline: %s)',
    async (pipeline) => {
      const hasty = createPool(url, { pipeline, timeouts: { statement: 400, unanswered: -300 } });
      const client = await hasty.connect();
      const cut = new Promise((resolve) => client.once('end', resolve));
      const asked = performance.now();
      await expect(client.query('SELECT pg_sleep(5)')).rejects.toThrow('Query read timeout');
      expect(performance.now() - asked).toBeLessThan(5_000);
      await cut;
      await expect(client.query('SELECT 1')).rejects.toThrow();
      client.release(true);
      const patient = { text: 'SELECT 1 AS one FROM pg_sleep(0.2)', query_timeout: 5_000 };
      expect((await hasty.query(patient)).rows).toEqual([{ one: 1 }]);
      await hasty.end();
    },
  );

  it('tells a callback what a promise is told', async () => {
    const told = (text: string) =>
      new Promise((resolve) => {
        pool.query(text, (error: Error | undefined, result) => {
          resolve(error?.message ?? result.rows);
        });
      });
    expect(await told('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await told('SELECT nothing')).toMatch(/column "nothing" does not exist/);
  });
});
