import { ID } from '../model.ts';

// `balance` is the account's after this posting, in sequence order. `occurred` is the event's, again, so that one index has what
// an account's past is read by. `n` counts the postings of one event: from and to of its first move, then of its second.
export const postingsTables = `
  CREATE TABLE postings (
    ledger ${ID} NOT NULL, sequence bigint NOT NULL, n int NOT NULL, account int NOT NULL,
    quantity int NOT NULL, balance bigint NOT NULL, occurred timestamptz NOT NULL,
    PRIMARY KEY (ledger, sequence, n)
  );
  CREATE INDEX postings_account ON postings (ledger, account, occurred, sequence);`;
