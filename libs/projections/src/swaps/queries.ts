import type { SwapRow, SwapStatus } from '#contracts/rows';
import { instantOf } from '../engine/values.ts';
import { keyOf, limitOf, type Page, type PageQuery, pageOf } from '../reading/page.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { Where } from '../reading/where.ts';
import { exchangeBalance } from './balances.ts';
import { type Leg, legRow, legs } from './legs.ts';

export interface SwapsQuery extends PageQuery {
  /** Swaps in which this party gives or receives. */
  readonly party?: string | undefined;
  readonly status?: SwapStatus | undefined;
}

/** The ledger's swaps by id. What depends on the clock (expired, overdue, unit-days) is judged at the moment `at`. */
export async function swaps(model: ReadModel, query: SwapsQuery, at: Date): Promise<Page<SwapRow>> {
  const where = new Where(model.ledger, 's').after(['s.swap'], keyOf(query, ['']));
  if (query.party !== undefined) where.and(`${where.value(query.party)} = ANY(s.parties)`);
  return find(model, where, query, at);
}

export async function swap(model: ReadModel, id: string, at: Date): Promise<SwapRow | undefined> {
  return (await find(model, new Where(model.ledger, 's').equals('s.swap', id), {}, at)).data[0];
}

type Row = Omit<SwapRow, 'evidence' | 'legs' | 'balance'> & { evidence: string };

async function find(model: ReadModel, where: Where, query: SwapsQuery, at: Date): Promise<Page<SwapRow>> {
  const status = `CASE WHEN s.status <> 'open' THEN s.status WHEN s.expires <= ${where.value(at.toISOString())}::timestamptz THEN 'expired'
    WHEN s.parties <@ s.accepted THEN 'accepted' ELSE 'proposed' END`;
  if (query.status !== undefined) where.and(`${status} = ${where.value(query.status)}`);
  const { rows } = await model.db.query<Row>(
    `SELECT swap, ${status} AS status, by, accepted, authorised_by AS "authorisedBy", reason, evidence,
       ${instantOf('expires')} AS expires, ${instantOf('proposed')} AS proposed, ${instantOf('executed')} AS executed
     FROM swaps s ${where.sql} ORDER BY s.swap LIMIT ${limitOf(query) + 1}`,
    where.values,
  );
  const bySwap = groupBy(await legs(model, { swaps: rows.map((row) => row.swap) }, at), ({ swap }: Leg) => swap);
  return pageOf(
    rows,
    query,
    (row) => [row.swap],
    ({ evidence, ...row }) => {
      const own = bySwap.get(row.swap) ?? [];
      return {
        ...row,
        evidence: JSON.parse(evidence) as SwapRow['evidence'],
        legs: own.map(legRow),
        balance: exchangeBalance(own),
      };
    },
  );
}
