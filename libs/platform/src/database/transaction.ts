import type pg from 'pg';
import { isUnanswered } from './trouble.ts';

/**
 * Runs `work` in one transaction on one connection. It is committed when `work` resolves, and rolled back when `work` throws; the
 * error is passed on. When COMMIT itself fails, nobody knows whether it took place, and the error is the one of COMMIT. A connection
 * whose state is unknown never goes back to the pool.
 * @param settings statements that are sent with the BEGIN, as `SET LOCAL synchronous_commit TO off`
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  settings = '',
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${settings}`);
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    // COMMIT of a transaction in which a statement failed is a ROLLBACK without an error.
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it failed unnoticed');
    client.release();
    return result;
  } catch (error) {
    // A server that did not answer would not answer the ROLLBACK either, for as long again.
    if (isUnanswered(error)) client.release(true);
    else
      await client.query('ROLLBACK').then(
        () => {
          client.release();
        },
        () => {
          client.release(true);
        },
      );
    throw error;
  }
}
