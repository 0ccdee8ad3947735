import type { Move } from '#contracts/move';
import { expandSerials } from '#contracts/serials';
import { keyAt } from './account.ts';

/** A unit that an event names: afterwards it is in `to` (an `accountKey`), wherever it was, if anywhere. */
export interface NamedUnit {
  readonly item: string;
  readonly serial: string;
  readonly to: string;
}

/** Every named unit that `from` held before the event, but for those that the event names, is in `to` afterwards. */
export interface TheRest {
  readonly item: string;
  readonly from: string;
  readonly to: string;
}

export interface UnitChanges {
  readonly named: readonly NamedUnit[];
  readonly rest: readonly TheRest[];
}

/**
 * How an event moves serial numbers. A move that names units puts them into its `to`; a move that names none takes every
 * named unit that its `from` held before the event and that no other move of the event names: for an item tracked by
 * quantity there are none. All of it is read from the state before the event, at once: no leg spends what another brings.
 * `isSerial` spares the moves of items that have no serial numbers.
 */
export function unitChanges(moves: readonly Move[], isSerial: (item: string) => boolean = () => true): UnitChanges {
  const named: NamedUnit[] = [];
  const rest = new Map<string, TheRest>();
  for (const move of moves) {
    const { item, serials } = move;
    if (!isSerial(item)) continue;
    const to = keyAt(move, move.to);
    if (serials !== undefined) for (const serial of expandSerials(serials)) named.push({ item, serial, to });
    // Units from nowhere have no names yet, and a ledger's supply is not searched for any.
    else if (move.from.stage !== 'supply') {
      const from = keyAt(move, move.from);
      rest.set(from, { item, from, to });
    }
  }
  return { named, rest: [...rest.values()] };
}
