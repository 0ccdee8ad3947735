import type { SwapRow } from '#contracts/rows';
import { clockOf, type Planned, type ReadModel, unplanned } from '../reading/readModel.ts';
import { Where } from '../reading/page.ts';

/** A leg of a swap as of a moment. */
export interface Leg {
  readonly swap: string;
  readonly leg: number;
  readonly from: string;
  readonly to: string;
  readonly order: string;
  readonly line: string;
  readonly item: string;
  readonly quantity: number;
  readonly windowFrom: string;
  readonly windowTo: string;
  /** Whether the swap was executed by then: before that, nothing is owed. */
  readonly executed: boolean;
  readonly raised: number | null;
  readonly proposedSequence: number;
  readonly received: number;
  readonly lost: number;
  readonly cancelled: number;
  /** The received units, each times the days since it came. */
  readonly unitDays: number;
  readonly overdue: boolean;
}

/** Whose legs: of these swaps, or of executed swaps in which these parties give or receive. */
interface LegsOf {
  readonly swaps?: readonly string[];
  readonly parties?: readonly string[];
  /** No more than so many; what is beyond is not read. */
  readonly most: number;
}

/** A leg in which a party gives or receives. */
export type PartysLeg = Leg & { readonly party: string };

export async function legs(
  model: ReadModel,
  of: LegsOf & { readonly parties: readonly string[] },
): Promise<PartysLeg[]>;
export async function legs(model: ReadModel, of: LegsOf, planned?: Planned): Promise<Leg[]>;
/**
 * Legs by swap and number; of parties, those of the first party first, and a leg twice where both of its parties are asked for. What
 * happened after the model's moment is left out, and what is overdue is judged then.
 */
export async function legs({ db, ledger, asOf }: ReadModel, of: LegsOf, planned = unplanned): Promise<Leg[]> {
  const where = new Where(ledger, 'l');
  const moment = `${where.value(clockOf({ asOf }))}::timestamptz`;
  if (of.swaps !== undefined) where.and(`l.swap = ANY(${where.value(of.swaps)})`);
  const most = where.value(of.most);
  let [from, partys, order] = ['swap_legs', '', 'l.swap, l.leg'];
  if (of.parties !== undefined) {
    // One index has the givers, another the receivers, each in the order of the swaps: so no more legs are read than are answered.
    const as = (role: string) =>
      `(SELECT * FROM swap_legs WHERE ledger = $1 AND executed AND ${role} = p.party ORDER BY swap, leg LIMIT ${most})`;
    from = `(SELECT p.party, p.n, one.* FROM unnest(${where.value(of.parties)}::text[]) WITH ORDINALITY AS p (party, n)
       CROSS JOIN LATERAL (${as('giver')} UNION ALL ${as('receiver')} ORDER BY swap, leg LIMIT ${most}) one LIMIT ${most})`;
    [partys, order] = ['l.party, ', 'l.n, l.swap, l.leg'];
  }
  const { rows } = await db.query<Omit<Leg, 'unitDays'> & { unitDays: string }>(
    planned(
      `SELECT ${partys}l.swap, l.leg, l.giver AS "from", l.receiver AS "to", l."order", l.line, l.item, l.quantity,
       l.window_from AS "windowFrom", l.window_to AS "windowTo",
       coalesce(s.executed <= ${moment}, false) AS executed, s.executed_sequence AS raised,
       s.proposed_sequence AS "proposedSequence", c.received, c.lost, c.cancelled, c.unit_days AS "unitDays",
       coalesce(s.executed <= ${moment}, false) AND c.received < l.quantity
         AND (l.window_to + 1)::timestamp AT TIME ZONE 'UTC' <= ${moment} AS overdue
     FROM ${from} l
       CROSS JOIN LATERAL (SELECT * FROM swaps WHERE ledger = $1 AND swap = l.swap OFFSET 0) s
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(quantity) FILTER (WHERE kind = 'received'), 0)::bigint AS received,
           coalesce(sum(quantity) FILTER (WHERE kind IN ('lost', 'returned')), 0)::bigint AS lost,
           coalesce(sum(quantity) FILTER (WHERE kind IN ('cancelled', 'given_back')), 0)::bigint AS cancelled,
           coalesce(sum(quantity * extract(epoch FROM ${moment} - occurred)) FILTER (WHERE kind = 'received'), 0) / 86400 AS unit_days
         FROM swap_counts c WHERE c.ledger = $1 AND c.swap = l.swap AND c.leg = l.leg AND c.occurred <= ${moment}
       ) c
     ${where.sql} ORDER BY ${order} LIMIT ${most}`,
      where.values,
    ),
  );
  return rows.map((row) => ({ ...row, unitDays: Number(row.unitDays) }));
}

/** The units of an executed leg that have not come; nothing is missing yet of a leg that is not executed. */
export const missing = (leg: Leg): number => (leg.executed ? leg.quantity - leg.received : 0);

export const legRow = (leg: Leg): SwapRow['legs'][number] => ({
  from: leg.from,
  to: leg.to,
  order: leg.order,
  line: leg.line,
  item: leg.item,
  quantity: leg.quantity,
  window: { from: leg.windowFrom, to: leg.windowTo },
  received: leg.received,
  missing: missing(leg),
  lost: leg.lost,
  cancelled: leg.cancelled,
  overdue: leg.overdue,
});
