import type { PostingRow } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { filtered, type HoldingsFilter } from '../holdings/filter.ts';
import { instant } from '../reading/instant.ts';
import { keyOf, limitOf, type Page, type PageQuery, pageOf } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';

export interface PostingsQuery extends HoldingsFilter, PageQuery {}

/** The journal lines behind a balance, in sequence order, each with its event. Their quantities sum to the balance. */
export async function postings({ db, ledger }: ReadModel, query: PostingsQuery): Promise<Page<PostingRow>> {
  const where = filtered(new Where(ledger, 'p'), 'h', query);
  if (query.accounts !== 'all') where.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);
  where.after(['p.sequence', 'p.n'], keyOf(query, [0, 0]));
  const { rows } = await db.query<PostingRow & { n: number }>(
    `SELECT p.sequence, a.type, a.id, ${instant('a.occurred')} AS occurred, ${instant('a.recorded')} AS recorded,
       h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, p.quantity, p.balance, p.n
     FROM postings p
       JOIN holdings h ON h.ledger = p.ledger AND h.account = p.account
       JOIN activity a ON a.ledger = p.ledger AND a.sequence = p.sequence
     ${where.sql} ORDER BY p.sequence, p.n LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ sequence, n }) => [sequence, n],
    ({ n, ...row }) => row,
  );
}
