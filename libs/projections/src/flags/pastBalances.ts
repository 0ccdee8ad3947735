import { mayBeNegative } from '#ledger/account';
import type { Posting } from '../engine/batch.ts';
import { instantOf } from '../engine/values.ts';
import type { Model } from '../model.ts';
import { postings } from '../postings/model.ts';
import { insertFlags } from './model.ts';
import { distinct, type RaisedFlag } from './rules.ts';

/**
 * `negative-past-balance`: an event that was reported late takes units off an account at a moment when they were not there yet. (The
 * ledger accepts it when they are there today.) One flag an account. It looks at postings, so it comes after them.
 */
export const pastBalancesModel: Model = {
  tables: [],
  apply: async (batch, db) => {
    const late = lastOfEach(
      batch.postings.filter(
        ({ late, quantity, account }) => late && quantity < 0 && !mayBeNegative(account.account.stage),
      ),
    );
    if (late.size === 0) return;
    const found = new Map(
      (await findNegative(db, batch.ledger, [...late.values()])).map((row) => [postingKey(row), row]),
    );
    // In the order of the postings, by which flags are numbered.
    const raised = [...late].flatMap(([key, posting]): RaisedFlag[] => {
      const lowest = found.get(key);
      return lowest === undefined ? [] : [flagOf(posting, lowest)];
    });
    await insertFlags(db, batch.ledger, raised);
  },
};

interface Lowest {
  readonly account: number;
  readonly sequence: number;
  readonly balance: string;
  readonly occurred: string;
}

// Backwards from the balance that the account had after the late posting: the balance at a moment is that, less everything that
// occurred later. Postings with a greater sequence were not known then, so the answer is the same whatever the batch. All that occurred
// later was told after the last mark of which the newest had occurred before. Each moment takes its own postings out of one running sum: a
// window that excludes them would be added up anew for each.
const findNegative = postings.over<Posting, Lowest>(
  {
    account: ({ account }) => account.id,
    sequence: ({ sequence }) => sequence,
    occurred: ({ occurred }) => occurred,
    balance: ({ balance }) => balance,
  },
  (given) => `
    SELECT given.account, given.sequence, lowest.balance, lowest.occurred
    FROM ${given}
    LEFT JOIN LATERAL (
      SELECT sequence, n FROM posting_marks WHERE ledger = $1 AND key = given.account AND newest < given.occurred
      ORDER BY newest DESC, sequence DESC, n DESC LIMIT 1
    ) m ON true
    CROSS JOIN LATERAL (SELECT coalesce(m.sequence, 0) AS sequence, coalesce(m.n, 0) AS n) before
    CROSS JOIN LATERAL (
      SELECT given.balance + sum(p.quantity) - sum(sum(p.quantity)) OVER (ORDER BY p.occurred DESC ROWS UNBOUNDED PRECEDING) AS balance,
        ${instantOf('p.occurred')} AS occurred
      FROM postings p
      WHERE p.ledger = $1 AND p.account = given.account AND p.occurred >= given.occurred AND p.sequence <= given.sequence
        AND (p.sequence, p.n) > (before.sequence, before.n)
      GROUP BY p.occurred
      ORDER BY 1, p.occurred LIMIT 1
    ) lowest
    WHERE lowest.balance < 0`,
);

const postingKey = ({ sequence, account }: { sequence: number; account: number }): string => `${sequence}|${account}`;

/** An event may post on an account more than once: what counts is the account after it. */
const lastOfEach = (late: readonly Posting[]): Map<string, Posting> =>
  new Map(late.map((posting) => [postingKey({ sequence: posting.sequence, account: posting.account.id }), posting]));

function flagOf({ sequence, account: state }: Posting, { balance, occurred }: Lowest): RaisedFlag {
  const { item, ...account } = state.account;
  return {
    sequence,
    rule: 'negative-past-balance',
    parties: distinct(account.owner, account.custodian),
    item,
    facts: { ...account, at: occurred, balance: Number(balance) },
    events: [sequence],
  };
}
