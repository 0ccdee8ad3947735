import { ID } from '../model.ts';

// Units with a serial number of their own, each in the account it is in; `sequence` is the event that brought it there.
export const unitsTables = `
  CREATE TABLE units (
    ledger ${ID} NOT NULL, serial ${ID} NOT NULL, item ${ID} NOT NULL, account int NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (ledger, serial, item)
  ) WITH (fillfactor = 85);
  CREATE INDEX units_account ON units (ledger, account);`;
