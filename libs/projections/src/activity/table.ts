import { ID } from '../model.ts';

// Parties and items are ids with blanks between them, since every array costs more to read than the rest of the row.
export const activityTables = `
  CREATE TABLE activity (
    ledger ${ID} NOT NULL, sequence bigint NOT NULL,
    type text NOT NULL, id text NOT NULL, source text NOT NULL, subject text NOT NULL, actor text NOT NULL,
    occurred timestamptz NOT NULL, recorded timestamptz NOT NULL,
    parties text NOT NULL, items text NOT NULL, quantity bigint NOT NULL, note text,
    PRIMARY KEY (ledger, sequence)
  );`;
