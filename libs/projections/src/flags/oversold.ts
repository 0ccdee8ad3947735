import type { FlagRow } from '#contracts/flagRows';
import { Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { PROMISED_IN_PERIOD } from '../supply/queries.ts';
import { flagIdSql } from './flagId.ts';
import { among, type Judged } from './overdue.ts';

const FLAG = flagIdSql(`'oversold'`, 'c.supplier', 'c.item', 'c.period_from', 'c.period_to');

interface Oversold {
  readonly flag: string;
  readonly raised: number;
  readonly item: string;
  readonly supplier: string;
  readonly from: string;
  readonly to: string;
  readonly committed: number;
  readonly promised: number;
  readonly dispatched: number;
}

/** The periods, as a FROM clause, in which a supplier promised more of an item than it committed to. */
export const OVERSOLD = `commitments c JOIN LATERAL (${PROMISED_IN_PERIOD}) p ON p.promised > c.quantity`;

/**
 * `oversold`: in a period that a supplier committed to, its order lines promise more than that. One flag a supplier, item and period. It
 * is raised by the event that committed, and is the supplier's: its buyers do not see each other's orders.
 */
export async function oversold({ db, ledger, party: self }: ReadModel, which: Judged): Promise<FlagRow[]> {
  const where = new Where(ledger, 'c').equals('c.item', which.item).equals('c.supplier', which.party);
  where.only(self, (own) => `c.supplier = ${own}`);
  among(where, 'c.sequence', FLAG, which);
  const { rows } = await db.query<Oversold>(
    `SELECT ${FLAG} AS flag, c.sequence AS raised, c.item, c.supplier, c.period_from AS "from", c.period_to AS "to",
       c.quantity AS committed, p.promised, p.dispatched
     FROM ${OVERSOLD} ${where.sql} ORDER BY c.sequence, ${FLAG} LIMIT ${which.limit}`,
    where.values,
  );
  return rows.map(({ flag, raised, item, supplier, from, to, committed, promised, dispatched }) => ({
    flag,
    rule: 'oversold',
    raised,
    parties: [supplier],
    item,
    facts: { supplier, period: { from, to }, committed, promised, oversold: promised - committed, dispatched },
    events: [raised],
  }));
}
