import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { exitCodes, UserError } from './exitCodes.ts';
import { reasonOf } from './client.ts';
import { databaseUrl } from './running.ts';

/**
 * Runs `work` on the database of the settings. A database that does not answer is reported in one line.
 * @param pipeline as of `createPool`
 */
export async function withPool<T>(
  work: (pool: pg.Pool, url: string) => Promise<T>,
  { pipeline = false } = {},
): Promise<T> {
  const url = databaseUrl();
  const pool = createPool(url, { name: 'lading cli', max: 4, pipeline });
  try {
    await pool.query('SELECT 1').catch((error: unknown) => {
      throw new UserError(`The database does not answer (${reasonOf(error)}).`, exitCodes.unavailable);
    });
    return await work(pool, url);
  } finally {
    await pool.end();
  }
}
