import type pg from 'pg';

/**
 * Lends a connection to `work`. One on which anything failed never goes back to the pool; one that does not get done within
 * `limitMs` is cut, which fails what waits on it.
 */
export async function withConnection<T>(
  pool: pg.Pool,
  limitMs: number,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks says so twice: to the query, and in an event that would end the process if nobody heard it.
  const hear = () => undefined;
  client.on('error', hear);
  const watchdog = setTimeout(() => {
    // Not `end`, which would wait for the answers that do not come.
    (client as unknown as pg.Client).connection.stream.destroy();
  }, limitMs);
  let broken = true;
  try {
    const result = await work(client);
    broken = false;
    return result;
  } finally {
    clearTimeout(watchdog);
    client.release(broken);
    client.off('error', hear);
  }
}
