import { ID } from '../model.ts';

// A line is one owner's units of one order line on the shipment: advised = received + damaged + lost + refused + in_transit.
// `final`: a receipt said that nothing more is coming.
export const shipmentsTables = `
  CREATE TABLE shipments (
    ledger ${ID} NOT NULL, shipment ${ID} NOT NULL, consignee ${ID} NOT NULL, carrier ${ID} NOT NULL,
    destination text, eta date, dispatched timestamptz NOT NULL, final boolean NOT NULL,
    PRIMARY KEY (ledger, shipment)
  ) WITH (fillfactor = 90);
  CREATE TABLE shipment_lines (
    ledger ${ID} NOT NULL, shipment ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL, owner ${ID} NOT NULL,
    item ${ID} NOT NULL, advised bigint NOT NULL, received bigint NOT NULL, damaged bigint NOT NULL, surplus bigint NOT NULL,
    lost bigint NOT NULL, refused bigint NOT NULL, in_transit bigint NOT NULL,
    PRIMARY KEY (ledger, shipment, "order", line, owner)
  ) WITH (fillfactor = 85);`;
