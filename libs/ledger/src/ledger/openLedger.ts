import type { Rule } from '../command.ts';
import { accept, reject } from '../decision.ts';

/** Opens the ledger: its first event. The keeper is registered as a party later, like everyone. */
export const openLedger: Rule<'lading.ledger.opened.v1'> = (data, view) =>
  view.entity('ledger') === undefined
    ? accept(data)
    : reject('already-exists', 'This ledger is open already.', { name: data.name, keeper: data.keeper });
