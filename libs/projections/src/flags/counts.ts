import { FlagRule } from '#contracts/flagRows';
import { dayOf, type ReadModel } from '../reading/readModel.ts';
import { clockFlags } from './clock.ts';
import { OVERSOLD } from './oversold.ts';

/** How many flags of each rule are up in a ledger, as of the model's moment: also of the rules of which there are none. */
export async function countFlags(model: ReadModel): Promise<ReadonlyMap<FlagRule, number>> {
  const { db, ledger, asOf } = model;
  const { rows } = await db.query<{ rule: FlagRule; flags: number }>(
    `SELECT rule, count(*) AS flags FROM flags WHERE ledger = $1 GROUP BY rule
     UNION ALL
     SELECT 'overdue-line', count(*) FROM queue WHERE ledger = $1 AND waiting AND due_to < $2::date
     UNION ALL
     SELECT 'overdue-shipment', count(*) FROM (
       SELECT DISTINCT l.shipment, l.item
       FROM shipment_lines l JOIN shipments s ON s.ledger = $1 AND s.shipment = l.shipment
       WHERE l.ledger = $1 AND l.in_transit > 0 AND NOT s.final AND s.eta < $2::date) late
     UNION ALL
     SELECT 'oversold', count(*) FROM ${OVERSOLD} WHERE c.ledger = $1`,
    [ledger, dayOf(asOf.occurred)],
  );
  const counts = new Map<FlagRule, number>(FlagRule.options.map((rule) => [rule, 0]));
  for (const { rule, flags } of rows) counts.set(rule, flags);
  for await (const some of clockFlags(model)) {
    for (const { rule } of some) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
  return counts;
}
