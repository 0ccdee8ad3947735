import type pg from 'pg';

/** COMMIT of a transaction in which a statement failed is a ROLLBACK without an error: here it is one. */
export async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error(`COMMIT answered ${command}: a statement before it had failed`);
}
