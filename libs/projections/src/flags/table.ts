import { ID } from '../model.ts';

// Flags that an event raises; those that the clock raises are judged when asked and never stored. `n` tells flags of one rule and
// event apart. `transfers` are the reallocations and swaps that made a party the owner of units of a line: what stands behind
// goods that were redirected.
export const flagsTables = `
  CREATE TABLE flags (
    ledger ${ID} NOT NULL, sequence bigint NOT NULL, rule ${ID} NOT NULL, n int NOT NULL,
    parties text[] NOT NULL, item ${ID}, facts text NOT NULL, events bigint[] NOT NULL,
    PRIMARY KEY (ledger, sequence, rule, n)
  );
  CREATE TABLE transfers (
    ledger ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL, owner ${ID} NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (ledger, "order", line, owner, sequence)
  );`;
