import type { PostingRow } from '#contracts/rows';
import { PartiesStage } from '#contracts/scalars';
import { filtered, type HoldingsFilter, TOTALLED } from '../holdings/queries.ts';
import { instantOf } from '../engine/values.ts';
import {
  limitOf,
  type Page,
  pageOf,
  type PageQuery,
  pageStart,
  type SortKey,
  takenBackBy,
  Where,
} from '../reading/page.ts';
import { IN_SPAN, spansHaving } from '../activity/spans.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { balanceThen } from './balance.ts';

interface PostingsQuery extends HoldingsFilter, PageQuery {}

/** The journal lines behind a balance, in sequence order, each with its event. Their quantities sum to the balance. */
export async function postings(model: ReadModel, query: PostingsQuery): Promise<Page<PostingRow>> {
  const { db, ledger } = model;
  const start = pageStart(query, [0, 0]);
  const orders = await ordersOf(model, query);
  const where = filtered(new Where(ledger, 'p'), 'h', query, model);
  if (query.accounts !== 'all') where.and(`h.stage = ANY(${where.value(PartiesStage.options)})`);
  if (orders !== undefined) where.and(`h."order" = ANY(${where.value(orders)})`);
  where.until(model, 'p').after(['p.sequence', 'p.n'], start);
  // Of a few orders, their accounts are looked up first. Else the postings are read in their order, each with its account, until a page
  // is full: OFFSET 0 keeps PostgreSQL from beginning with the accounts, and then sorting all postings of the ledger.
  const few = orders !== undefined || query.order !== undefined;
  const totals = few ? undefined : await totalsOf(model, query);
  const withAccounts = few
    ? 'JOIN holdings h ON h.ledger = $1 AND h.account = p.account'
    : 'CROSS JOIN LATERAL (SELECT * FROM holdings WHERE ledger = $1 AND account = p.account OFFSET 0) h';
  const ofLine = few || query.line === undefined ? undefined : { line: query.line };
  const from =
    ofLine !== undefined
      ? `${spansHaving(ledger, where.values, ofLine, start, 'ASC')} CROSS JOIN LATERAL (SELECT * FROM postings WHERE ledger = $1 AND ${IN_SPAN} OFFSET 0)`
      : totals === undefined
        ? 'postings'
        : firstOf(totals, model, query, start, where);
  const { rows } = await db.query<PostingRow & { n: number }>(
    `SELECT p.sequence, a.type, a.id, ${instantOf('a.occurred')} AS occurred, ${instantOf('a.recorded')} AS recorded,
       h.owner, h.custodian, h.item, h."order", h.line, h.stage, h.shipment, p.quantity,
       ${balanceAfter(model, where)} AS balance, p.n,
       ${takenBackBy(model, where)}
     FROM ${from} p
       ${withAccounts}
       JOIN activity a ON a.ledger = $1 AND a.sequence = p.sequence
     ${where.sql} ORDER BY ${ofLine === undefined ? '' : 's.span, '}p.sequence, p.n LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  return pageOf(
    rows,
    query,
    ({ sequence, n }) => [sequence, n],
    ({ n, ...row }) => row,
  );
}

/** The orders of a shipment: so few that their accounts are looked up first. */
async function ordersOf({ db, ledger }: ReadModel, { order, shipment }: PostingsQuery): Promise<string[] | undefined> {
  if (order !== undefined || shipment === undefined) return undefined;
  const where = new Where(ledger, 's').equals('s.shipment', shipment);
  const { rows } = await db.query<{ order: string }>(
    `SELECT DISTINCT s."order" FROM shipment_lines s ${where.sql}`,
    where.values,
  );
  return rows.map((row) => row.order);
}

/** Postings of a ledger for each of its events, about. */
const POSTINGS_AN_EVENT = 3;

/**
 * The totals of the accounts that are asked for, where the first postings of each of them are fewer than the postings among which a page
 * would be found: of a party with few of a million postings. Undefined where the question is about none, or about most of them.
 */
async function totalsOf(model: ReadModel, query: PostingsQuery): Promise<number[] | undefined> {
  const { db, ledger, party, sequence } = model;
  // A line has no total.
  if (query.line !== undefined) return undefined;
  if (party === undefined && TOTALLED.every((key) => query[key] === undefined)) return undefined;
  const where = new Where(ledger, 't');
  for (const key of TOTALLED) where.equals(`t."${key}"`, query[key]);
  if (query.accounts !== 'all') where.and(`t.stage = ANY(${where.value(PartiesStage.options)})`);
  const asked = (and: string) => `SELECT * FROM holding_totals t ${where.sql} ${and}`;
  // Each of them by an index of its own.
  const own = party === undefined ? undefined : where.value(party);
  const from =
    own === undefined
      ? asked('')
      : `${asked(`AND t.owner = ${own}`)} UNION ALL ${asked(`AND t.custodian = ${own} AND t.owner <> ${own}`)}`;
  const page = limitOf(query) + 1;
  const { rows } = await db.query<{ totals: number[] | null; first: number; all: number }>(
    `SELECT array_agg(t.total) AS totals, sum(least(t.postings, ${page}))::int AS first, sum(t.postings)::bigint AS all
     FROM (${from} LIMIT ${MOST_TOTALS + 1}) t`,
    where.values,
  );
  const [{ totals, first, all } = { totals: null, first: 0, all: 0 }] = rows;
  if (totals === null) return [];
  const among = (page * POSTINGS_AN_EVENT * sequence) / all;
  return totals.length <= MOST_TOTALS && first < among ? totals : undefined;
}

/** Of so many totals no first postings are looked for. */
const MOST_TOTALS = 1_000;

/** The postings of a page, of these totals: the first of each, and of those the first. An index has the postings of a total in their order. */
function firstOf(
  totals: readonly number[],
  model: ReadModel,
  query: PostingsQuery,
  start: SortKey | undefined,
  where: Where,
) {
  const one = new Where(model.ledger, 'p', where.values).and('p.total = t.total').until(model, 'p');
  one.after(['p.sequence', 'p.n'], start);
  const inOrder = (of: string) => `ORDER BY ${of}.sequence, ${of}.n LIMIT ${limitOf(query) + 1}`;
  return `(SELECT p.* FROM (
      SELECT first.* FROM unnest(${where.value(totals)}::int[]) AS t (total)
        CROSS JOIN LATERAL (SELECT p.sequence, p.n FROM postings p ${one.sql} ${inOrder('p')}) first
      ${inOrder('first')}
    ) first CROSS JOIN LATERAL (SELECT * FROM postings WHERE ledger = $1 AND sequence = first.sequence AND n = first.n OFFSET 0) p)`;
}

/** What is on the account after a posting: of what had occurred by a moment, that is less than what the posting found there itself. */
function balanceAfter({ asOf: { at } }: ReadModel, where: Where): string {
  if (at === undefined) return 'p.balance';
  const before = balanceThen('h', 'account', { known: '(p.sequence - 1)', at: where.value(at), isHead: false });
  return `(${before} + (SELECT sum(b.quantity)::bigint FROM postings b
    WHERE b.ledger = $1 AND b.account = p.account AND b.sequence = p.sequence AND b.n <= p.n))`;
}
