import type { PostingRow } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { filtered, type HoldingsFilter } from '../holdings/queries.ts';
import { instantOf } from '../engine/values.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, takenBackBy, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { balanceThen } from './balance.ts';

interface PostingsQuery extends HoldingsFilter, PageQuery {}

/** The journal lines behind a balance, in sequence order, each with its event. Their quantities sum to the balance. */
export async function postings(model: ReadModel, query: PostingsQuery): Promise<Page<PostingRow>> {
  const { db, ledger } = model;
  const orders = await fewOrdersOf(model, query);
  const where = filtered(new Where(ledger, 'p'), 'h', query, model);
  if (query.accounts !== 'all') where.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);
  if (orders !== undefined) where.and(`h."order" = ANY(${where.value(orders)})`);
  where.until(model, 'p').after(['p.sequence', 'p.n'], pageStart(query, [0, 0]));
  // Of a few orders, their accounts are looked up first. Else the postings are read in their order, each with its account, until a page
  // is full: OFFSET 0 keeps PostgreSQL from beginning with the accounts, and then sorting all postings of the ledger.
  const few = orders !== undefined || query.order !== undefined;
  const withAccounts = few
    ? 'JOIN holdings h ON h.ledger = p.ledger AND h.account = p.account'
    : 'CROSS JOIN LATERAL (SELECT * FROM holdings WHERE ledger = p.ledger AND account = p.account OFFSET 0) h';
  const { rows } = await db.query<PostingRow & { n: number }>(
    `SELECT p.sequence, a.type, a.id, ${instantOf('a.occurred')} AS occurred, ${instantOf('a.recorded')} AS recorded,
       h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, p.quantity,
       ${balanceAfter(model, where)} AS balance, p.n,
       ${takenBackBy(model, where)}
     FROM postings p
       ${withAccounts}
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

/** What is on the account after a posting: of what had occurred by a moment, that is less than what the posting found there itself. */
function balanceAfter({ asOf: { at } }: ReadModel, where: Where): string {
  if (at === undefined) return 'p.balance';
  const before = balanceThen('h', 'account', { known: '(p.sequence - 1)', at: where.value(at), isHead: false });
  return `(${before} + (SELECT sum(b.quantity)::bigint FROM postings b
    WHERE b.ledger = $1 AND b.account = p.account AND b.sequence = p.sequence AND b.n <= p.n))`;
}

/** The postings of a party with more lines than this are soon found among all; of a party with fewer, the orders are looked up first. */
const FEW_LINES = 5_000;

/**
 * The orders of a shipment, or those of which a party ever had units, when they are few. Without them, a page of a small party's postings
 * would be looked for among a million postings of others. Undefined when there is no need to know the orders.
 */
async function fewOrdersOf({ db, ledger }: ReadModel, { owner, item, order, shipment, accounts }: PostingsQuery) {
  if (order !== undefined) return undefined;
  if (shipment !== undefined) {
    const where = new Where(ledger, 's').equals('s.shipment', shipment);
    const { rows } = await db.query<{ order: string }>(
      `SELECT DISTINCT s."order" FROM shipment_lines s ${where.sql}`,
      where.values,
    );
    return rows.map((row) => row.order);
  }
  if (owner === undefined || accounts === 'all') return undefined;
  const where = new Where(ledger, 'q').equals('q.owner', owner).equals('q.item', item);
  const { rows } = await db.query<{ order: string }>(
    `SELECT q."order" FROM queue q ${where.sql} LIMIT ${FEW_LINES}`,
    where.values,
  );
  return rows.length < FEW_LINES ? [...new Set(rows.map((row) => row.order))] : undefined;
}
