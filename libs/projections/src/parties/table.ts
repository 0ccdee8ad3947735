import { ID } from '../model.ts';

export const partiesTables = `
  CREATE TABLE parties (
    ledger ${ID} NOT NULL, party ${ID} NOT NULL, name text NOT NULL, roles text[] NOT NULL, controlled_by text[] NOT NULL,
    PRIMARY KEY (ledger, party)
  );`;
