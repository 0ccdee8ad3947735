import { ID } from '../model.ts';

// `status` is open until the swap is rejected, withdrawn or executed: whether an open one is accepted follows from who accepted,
// whether it expired from the clock. `swap_counts` are a leg's units as they came (or were lost, or cancelled), each with when
// it happened, so that a balance can be judged at any moment and integrated over time. `swap_lots` says which of a line's units
// are which leg's, as libs/ledger's attribution keeps it: a row a line, for as long as some of a leg's have yet to arrive.
// `completed` is when the last unit of a leg came: of thousands of swaps it finds the few of which something was missing at a moment.
export const swapsTables = `
  CREATE TABLE swaps (
    ledger ${ID} NOT NULL, swap ${ID} NOT NULL, by ${ID} NOT NULL, parties text[] NOT NULL, accepted text[] NOT NULL,
    status text NOT NULL, authorised_by ${ID}, reason text, evidence text NOT NULL, expires timestamptz,
    proposed timestamptz NOT NULL, proposed_sequence bigint NOT NULL, executed timestamptz, executed_sequence bigint,
    PRIMARY KEY (ledger, swap)
  );
  CREATE INDEX swaps_executed ON swaps (ledger, executed_sequence) WHERE executed_sequence IS NOT NULL;
  CREATE TABLE swap_legs (
    ledger ${ID} NOT NULL, swap ${ID} NOT NULL, leg int NOT NULL, giver ${ID} NOT NULL, receiver ${ID} NOT NULL,
    "order" ${ID} NOT NULL, line ${ID} NOT NULL, item ${ID} NOT NULL, quantity int NOT NULL,
    window_from date NOT NULL, window_to date NOT NULL, completed timestamptz NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (ledger, swap, leg)
  );
  CREATE INDEX swap_legs_completed ON swap_legs (ledger, completed);
  CREATE INDEX swap_legs_giver ON swap_legs (ledger, giver);
  CREATE INDEX swap_legs_receiver ON swap_legs (ledger, receiver);
  CREATE TABLE swap_counts (
    ledger ${ID} NOT NULL, swap ${ID} NOT NULL, leg int NOT NULL, sequence bigint NOT NULL, kind text NOT NULL,
    occurred timestamptz NOT NULL, quantity bigint NOT NULL,
    PRIMARY KEY (ledger, swap, leg, sequence, kind)
  );
  CREATE TABLE swap_lots (
    ledger ${ID} NOT NULL, "order" ${ID} NOT NULL, line ${ID} NOT NULL, lots text NOT NULL,
    PRIMARY KEY (ledger, "order", line)
  );`;
