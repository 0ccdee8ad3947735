import type pg from 'pg';

// A head that is not where the events begin would be NULL then, which the table refuses: COMMIT may be on its way already.
const MOVE_HEAD = `
  UPDATE journal.ledgers
     SET sequence = CASE WHEN sequence = $2::bigint THEN $3::bigint END, recorded = $4::timestamptz
   WHERE ledger = $1`;

/** Moves the ledger's head, whose lock this transaction holds. Fails the transaction when the head is not at `from`. */
export async function moveHead(
  client: pg.ClientBase,
  ledger: string,
  from: number,
  to: number,
  recorded: string,
): Promise<void> {
  await client.query({ name: 'journal-move-head', text: MOVE_HEAD, values: [ledger, from, to, recorded] });
}
