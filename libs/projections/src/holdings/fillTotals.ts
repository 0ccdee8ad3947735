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
  SET quantity = h.quantity, postings = h.postings, oldest = p.oldest, newest = h.newest
  FROM (
      SELECT total, sum(quantity)::bigint AS quantity, sum(postings)::int AS postings, max(newest) AS newest
      FROM holdings WHERE ledger = $1 GROUP BY total
    ) h,
    (SELECT total, min(occurred) AS oldest FROM postings WHERE ledger = $1 GROUP BY total) p
  WHERE stored.ledger = $1 AND stored.total = h.total AND p.total = h.total`;

/** Adds up the accounts of a version that was filled without totals, and marks these. Done twice, it makes no difference. */
export async function fillTotals(db: Db, ledger: string): Promise<void> {
  await db.query(ADD_UP, [ledger]);
  await db.query('DELETE FROM item_totals WHERE ledger = $1', [ledger]);
  await db.query(ADD_UP_ITEMS, [ledger]);
  await markTotals(db, ledger);
}
