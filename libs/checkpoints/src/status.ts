import type pg from 'pg';
import type { StatusRow } from '#contracts/statusRows';
import { consumerStatus } from '#feed/status';

/** How far each ledger is signed; of one that is not signed any more, why and what to do. Empty when no signer has ever run. */
export async function signerStatus(db: Pick<pg.ClientBase, 'query'>): Promise<StatusRow[]> {
  const { rows } = await db.query<{ ledger: string; advice: string | null }>(
    'SELECT ledger, advice FROM journal.signer_positions',
  );
  if (rows.length === 0) return [];
  const advice = new Map(rows.map((row) => [row.ledger, row.advice]));
  const status = await consumerStatus(db, {
    ...{ consumer: 'signer', version: null, positions: 'journal.signer_positions', parks: true },
  });
  return status.map(({ event: _, advice: __, ...row }) => ({
    ...row,
    ...(row.state === 'parked' && { advice: advice.get(row.ledger) ?? undefined }),
  }));
}
