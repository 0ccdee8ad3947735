import type { LedgerEvent } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { movesOf } from '#ledger/touched';

export interface Mentioned {
  readonly parties: string[];
  readonly items: string[];
  /** The units that the event moves. */
  readonly quantity: number;
}

/** The parties and items that an event names or whose units it moves, each once, in the order in which it names them. */
export function mentioned(event: LedgerEvent): Mentioned {
  const parties = new Set<string>();
  const items = new Set<string>();
  eachName(namingIn(event.type).completed, event.data, (id, { what }) => {
    if (what === 'party') parties.add(id);
    else if (what === 'item') items.add(id);
  });
  const quantity = movesOf(event).reduce((sum, move) => sum + move.quantity, 0);
  return { parties: [...parties], items: [...items], quantity };
}
