import type pg from 'pg';

const READ_HEAD = `SELECT sequence FROM journal.ledgers WHERE ledger = $1`;

/** The head's sequence, read without its lock; undefined when there is no such ledger. */
export async function readHead(client: pg.ClientBase, ledger: string): Promise<number | undefined> {
  const { rows } = await client.query<{ sequence: string | number }>({
    name: 'journal-read-head',
    text: READ_HEAD,
    values: [ledger],
  });
  return rows[0] && Number(rows[0].sequence);
}
