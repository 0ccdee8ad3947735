import type { SwapRow, SwapStatus } from '#contracts/rows';
import { instantOf } from '../engine/values.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, partsOf, Where } from '../reading/page.ts';
import { groupBy } from '../reading/groupBy.ts';
import { clockOf, plannedOnce, type ReadModel, unplanned } from '../reading/readModel.ts';
import { exchangeBalance } from './balances.ts';
import { type Leg, legRow, legs } from './legs.ts';

interface SwapsQuery extends PageQuery {
  /** Swaps in which this party gives or receives. */
  readonly party?: string | undefined;
  readonly status?: SwapStatus | undefined;
}

/** The ledger's swaps by id. What depends on the clock (expired, overdue, unit-days) is judged as of the model's moment. */
export async function swaps(model: ReadModel, query: SwapsQuery): Promise<Page<SwapRow>> {
  const where = new Where(model.ledger, 's').after(['s.swap'], pageStart(query, ['']));
  if (query.party !== undefined) where.and(`${where.value(query.party)} = ANY(s.parties)`);
  return readSwaps(model, where, query);
}

export async function swap(model: ReadModel, id: string): Promise<SwapRow | undefined> {
  return (await readSwaps(model, new Where(model.ledger, 's').equals('s.swap', id), {}, [id])).data[0];
}

type Row = Omit<SwapRow, 'evidence' | 'legs' | 'balance'> & { evidence: string };

/** A swap that a party is in, proposed, or supplies. */
export const ownSwap = (table: string) => (party: string) =>
  `${party} = ANY(${table}.parties) OR ${table}.by = ${party} OR EXISTS (
      SELECT FROM swap_legs l JOIN orders o ON o.ledger = $1 AND o."order" = l."order"
      WHERE l.ledger = $1 AND l.swap = ${table}.swap AND o.supplier = ${party})`;

/** @param those the ids of the swaps, where they are known: their legs are then asked for with them, in one trip */
async function readSwaps(
  model: ReadModel,
  where: Where,
  query: SwapsQuery,
  those?: readonly string[],
): Promise<Page<SwapRow>> {
  const now = `${where.value(clockOf(model))}::timestamptz`;
  const status = `CASE WHEN s.status <> 'open' THEN s.status WHEN s.expires <= ${now} THEN 'expired'
    WHEN s.parties <@ s.accepted THEN 'accepted' ELSE 'proposed' END`;
  where.only(model.party, ownSwap('s')).among('s.swap', model.among);
  if (query.status !== undefined) where.and(`${status} = ${where.value(query.status)}`);
  const planned = those === undefined ? unplanned : plannedOnce(model);
  const headers = model.db.query<Row>(
    planned(
      `SELECT swap, ${status} AS status, by, accepted, authorised_by AS "authorisedBy", reason, evidence,
       ${instantOf('expires')} AS expires, ${instantOf('proposed')} AS proposed, ${instantOf('executed')} AS executed,
       (SELECT ${instantOf('max(h.until)')} FROM held_lines h
        WHERE h.ledger = $1 AND h.kind = 'swap' AND h.name = s.swap AND NOT h.ended AND h.until > ${now}) AS "holdsUntil"
     FROM swaps s ${where.sql} ORDER BY s.swap LIMIT ${limitOf(query) + 1}`,
      where.values,
    ),
  );
  const [{ rows }, { parts, whole }] = await Promise.all([
    headers,
    partsOf(
      those ?? (await headers).rows.map((row) => row.swap),
      ({ swap }: Leg) => swap,
      (swaps, most) => legs(model, { swaps, most }, planned),
    ),
  ]);
  const bySwap = groupBy(parts, ({ swap }) => swap);
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
    whole,
  );
}
