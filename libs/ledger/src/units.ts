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

/** Which account each named unit is in, by item and serial number, and which units each account has. */
export class UnitIndex {
  readonly #accountOf = new Map<string, Map<string, string>>();
  readonly #unitsIn = new Map<string, Set<string>>();

  /** Books an event's moves. */
  apply(moves: readonly Move[]): void {
    const { named, rest } = unitChanges(moves);
    const puts: NamedUnit[] = [...named];
    if (rest.length > 0 && this.#unitsIn.size > 0) {
      const taken = new Set(named.map(({ item, serial }) => `${item}|${serial}`));
      for (const { item, from, to } of rest) {
        for (const serial of this.#unitsIn.get(from) ?? []) {
          if (!taken.has(`${item}|${serial}`)) puts.push({ item, serial, to });
        }
      }
    }
    for (const put of puts) this.#put(put);
  }

  /** The key of the account that a unit is in. */
  unit(item: string, serial: string): string | undefined {
    return this.#accountOf.get(item)?.get(serial);
  }

  /** How many units of an account have a serial number. */
  named(account: string): number {
    return this.#unitsIn.get(account)?.size ?? 0;
  }

  /** Every named unit: its item, its serial number, its account. */
  *all(): Iterable<{ item: string; serial: string; account: string }> {
    for (const [item, units] of this.#accountOf) {
      for (const [serial, account] of units) yield { item, serial, account };
    }
  }

  #put({ item, serial, to }: NamedUnit): void {
    let units = this.#accountOf.get(item);
    if (units === undefined) this.#accountOf.set(item, (units = new Map<string, string>()));
    const before = units.get(serial);
    if (before !== undefined) {
      const there = this.#unitsIn.get(before);
      there?.delete(serial);
      if (there?.size === 0) this.#unitsIn.delete(before);
    }
    units.set(serial, to);
    let here = this.#unitsIn.get(to);
    if (here === undefined) this.#unitsIn.set(to, (here = new Set<string>()));
    here.add(serial);
  }
}
