import type pg from 'pg';

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
}

/**
 * Runs `work` in one transaction on one connection: committed when it resolves, rolled back when it throws, with the error
 * handed on. When COMMIT itself fails, nobody knows whether it took place: the error says so by being one of COMMIT's.
 * A connection in doubt never goes back to the pool.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(begin(options));
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    // COMMIT of a transaction in which a statement failed is a ROLLBACK without an error.
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back: a statement in it failed unnoticed');
    client.release();
    return result;
  } catch (error) {
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

function begin({ isolation = 'read committed', readOnly = false }: TransactionOptions): string {
  return `BEGIN ISOLATION LEVEL ${isolation.toUpperCase()}${readOnly ? ' READ ONLY' : ''}`;
}
