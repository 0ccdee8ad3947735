import type { Posting } from '../engine/batch.ts';
import { bigint, int, moment, Table } from '../engine/table.ts';
import type { Model } from '../model.ts';

// `balance` is the account's after this posting, in sequence order. `occurred` repeats the event's, so that one index has what an
// account's past is read by. `n` counts the postings of one event: from and to of its first move, then of its second.
export const postings = new Table('postings', {
  columns: { sequence: bigint, n: int, account: int, quantity: int, balance: bigint, occurred: moment },
  key: ['sequence', 'n'],
  indexes: { postings_account: { on: ['account', 'occurred', 'sequence'] } },
});

const insert = postings.insert<Posting>({
  sequence: ({ sequence }) => sequence,
  n: ({ n }) => n,
  account: ({ account }) => account.id,
  quantity: ({ quantity }) => quantity,
  balance: ({ balance }) => balance,
  occurred: ({ occurred }) => occurred,
});

export const postingsModel: Model = {
  tables: [postings],
  apply: (batch, db) => insert(db, batch.ledger, batch.postings),
};
