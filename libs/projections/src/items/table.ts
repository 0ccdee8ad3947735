import { ID } from '../model.ts';

export const itemsTables = `
  CREATE TABLE items (
    ledger ${ID} NOT NULL, item ${ID} NOT NULL, name text NOT NULL, maker ${ID}, tracking text NOT NULL, eccn text,
    amount text, currency text,
    PRIMARY KEY (ledger, item)
  );`;
