import type { Batch, Posting } from '../engine/batch.ts';
import { columns } from '../engine/columns.ts';
import { arrayLiteral } from '../engine/columns.ts';
import { momentOf } from '../engine/moment.ts';
import { instant } from '../reading/instant.ts';
import type { Model } from '../model.ts';
import type { Db } from '../reading/readModel.ts';
import { insertFlags } from './insertFlags.ts';
import { distinct, type Raised } from './raised.ts';

/**
 * `negative-past-balance`: an event that was reported late takes units off an account at a moment when they were not there yet. (The
 * ledger accepts it when they are there today.) One flag an account. It looks at postings, so it comes after them.
 */
export const pastBalancesModel: Model = { name: 'past balances', tables: '', apply };

/** Only these are not negative by their nature. */
const mayBeNegative = new Set(['supply', 'count']);

// Backwards from the balance that the account had after the late posting: the balance at a moment is that, less everything that
// occurred later. Postings with a greater sequence were not known then, so the answer is the same whatever the batch.
const LOWEST = `
  SELECT t.i, lowest.balance, lowest.occurred
  FROM unnest($2::int[], $3::int[], $4::bigint[], $5::float8[], $6::bigint[]) AS t (i, account, sequence, occurred, balance)
  CROSS JOIN LATERAL (
    SELECT t.balance - coalesce(sum(p.quantity) OVER (ORDER BY p.occurred DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP), 0)
        AS balance, ${instant('p.occurred')} AS occurred
    FROM postings p
    WHERE p.ledger = $1 AND p.account = t.account AND p.occurred >= ${momentOf('t.occurred')} AND p.sequence <= t.sequence
    ORDER BY 1, p.occurred LIMIT 1
  ) lowest
  WHERE lowest.balance < 0 ORDER BY t.i`;

async function apply({ ledger, postings }: Batch, db: Db): Promise<void> {
  const late = lastOfEach(
    postings.filter(({ late, quantity, account }) => late && quantity < 0 && !mayBeNegative.has(account.account.stage)),
  );
  if (late.length === 0) return;
  const { rows } = await db.query<{ i: number; balance: string; occurred: string }>(LOWEST, [
    ledger,
    ...columns(
      late.map((posting, i) => ({ ...posting, i })),
      ({ i }) => i,
      ({ account }) => account.id,
      ({ sequence }) => sequence,
      ({ occurred }) => occurred,
      ({ balance }) => balance,
    ).map(arrayLiteral),
  ]);
  const raised = rows.flatMap(({ i, balance, occurred }): Raised[] => {
    const posting = late[i];
    if (posting === undefined) return [];
    const { item, ...account } = posting.account.account;
    return [
      {
        sequence: posting.sequence,
        rule: 'negative-past-balance',
        parties: distinct(account.owner, account.custodian),
        item,
        facts: { ...account, at: occurred, balance: Number(balance) },
        events: [posting.sequence],
      },
    ];
  });
  await insertFlags(db, ledger, raised);
}

/** An event may post on an account more than once: what counts is the account after it. */
function lastOfEach(postings: readonly Posting[]): Posting[] {
  return [...new Map(postings.map((posting) => [`${posting.sequence}|${posting.account.id}`, posting])).values()];
}
