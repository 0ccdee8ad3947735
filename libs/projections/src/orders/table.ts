import { ID } from '../model.ts';

// `placed` is when, `sequence` is the placing's place in the ledger. A line's quantity does not count what was cancelled; what was
// is on its accounts. `n` keeps the lines as the order gave them.
export const ordersTables = `
  CREATE TABLE orders (
    ledger ${ID} NOT NULL, "order" ${ID} NOT NULL, buyer ${ID} NOT NULL, supplier ${ID} NOT NULL,
    placed timestamptz NOT NULL, sequence bigint NOT NULL,
    PRIMARY KEY (ledger, "order")
  );
  CREATE TABLE order_lines (
    ledger ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL, n int NOT NULL, item ${ID} NOT NULL,
    quantity bigint NOT NULL, window_from date NOT NULL, window_to date NOT NULL,
    PRIMARY KEY (ledger, "order", line)
  ) WITH (fillfactor = 90);`;
