import { markTotals } from '../postings/model.ts';
import type { Db } from '../reading/readModel.ts';

/** What `item_totals` has of the rows of `holding_totals`: one of each role that an owner and a custodian have, as `model.ts` adds them. */
export const ADD_UP_ITEMS = `
  INSERT INTO item_totals (ledger, party, role, item, stage, quantity)
  SELECT t.ledger, r.party, r.role, t.item, t.stage, sum(t.quantity)
  FROM holding_totals t CROSS JOIN LATERAL (
    VALUES ('', 'either'), (t.owner, 'own'), (t.owner, 'either'), (nullif(t.custodian, t.owner), 'either')
  ) AS r (party, role)
  WHERE t.ledger = $1 AND r.party IS NOT NULL GROUP BY t.ledger, r.party, r.role, t.item, t.stage`;

// When the first of a total's postings occurred, its accounts do not say.
const ADD_UP = `
  UPDATE holding_totals stored
  SET quantity = added.quantity, postings = added.postings, oldest = added.oldest, newest = added.newest
  FROM (
    SELECT total, sum(quantity)::bigint AS quantity, sum(postings)::int AS postings, min(oldest) AS oldest, max(newest) AS newest
    FROM (
      SELECT total, quantity, postings, NULL::timestamptz AS oldest, newest FROM holdings WHERE ledger = $1
      UNION ALL
      SELECT total, 0, 0, occurred, NULL FROM postings WHERE ledger = $1
    ) each GROUP BY total
  ) added
  WHERE stored.ledger = $1 AND stored.total = added.total`;

/** Adds up the accounts of a version that was filled without totals, and marks these. Done twice, it makes no difference. */
export async function fillTotals(db: Db, ledger: string): Promise<void> {
  // Tables that have no statistics yet were taken for empty, and all postings were added up again for each total.
  await db.query('SET LOCAL enable_nestloop TO off');
  await db.query(ADD_UP, [ledger]);
  await db.query('SET LOCAL enable_nestloop TO on');
  await db.query('DELETE FROM item_totals WHERE ledger = $1', [ledger]);
  await db.query(ADD_UP_ITEMS, [ledger]);
  await markTotals(db, ledger);
}
