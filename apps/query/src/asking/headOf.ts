import type pg from 'pg';

/** The sequence of a ledger's last event; 0 when there is no such ledger. */
export async function headOf(pool: pg.Pool, ledger: string): Promise<number> {
  const { rows } = await pool.query<{ sequence: number }>('SELECT sequence FROM journal.ledgers WHERE ledger = $1', [
    ledger,
  ]);
  return rows[0]?.sequence ?? 0;
}
