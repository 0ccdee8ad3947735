import { ID } from '../model.ts';

// What one owner has or is promised of one order line. Lines that still wait for something are indexed in the queue's order.
// `placed` is the sequence of the order's placing.
export const queueTables = `
  CREATE TABLE queue (
    ledger ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL, owner ${ID} NOT NULL, item ${ID} NOT NULL,
    window_from date NOT NULL, window_to date NOT NULL, placed bigint NOT NULL, n int NOT NULL,
    ordered bigint NOT NULL, in_transit bigint NOT NULL, held bigint NOT NULL, damaged bigint NOT NULL, waiting boolean NOT NULL,
    PRIMARY KEY (ledger, "order", line, owner)
  ) WITH (fillfactor = 85);
  CREATE INDEX queue_waiting ON queue (ledger, item, window_from, window_to, placed, n, owner) WHERE waiting;`;
