import { ID } from '../model.ts';

// `account` numbers a ledger's accounts in the order in which its events first name them, so that postings are narrow and a
// rebuild gives the same numbers. `newest` is the newest occurrence on the account: what occurred before it is late.
//
// `open`: there are units on it, and in a party's hands. It is a column of its own because the partial index may then leave
// out what is empty, and yet an update that does not empty an account touches no index (a predicate on the quantity would).
//
// `holding_totals` is small: by parties, items and stages, without the orders. It answers what is asked by those alone, and tells
// which items and owners to look at for accounts: so one index does for any of them (three more took a third of a rebuild).
export const holdingsTables = `
  CREATE TABLE holdings (
    ledger ${ID} NOT NULL, account int NOT NULL,
    owner ${ID} NOT NULL, custodian ${ID} NOT NULL, item ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL,
    stage ${ID} NOT NULL, shipment ${ID},
    quantity bigint NOT NULL, newest timestamptz NOT NULL, open boolean NOT NULL,
    PRIMARY KEY (ledger, account)
  ) WITH (fillfactor = 85);
  CREATE INDEX holdings_order ON holdings (ledger, "order");
  CREATE INDEX holdings_open ON holdings (ledger, item, owner, account) WHERE open;

  CREATE TABLE holding_totals (
    ledger ${ID} NOT NULL, owner ${ID} NOT NULL, item ${ID} NOT NULL, stage ${ID} NOT NULL, custodian ${ID} NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (ledger, owner, item, stage, custodian)
  ) WITH (fillfactor = 50);
  CREATE INDEX holding_totals_item ON holding_totals (ledger, item, stage);
  CREATE INDEX holding_totals_custodian ON holding_totals (ledger, custodian);`;
