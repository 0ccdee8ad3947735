import type { Move } from '#contracts/move';
import { type NamedUnit, unitChanges } from './units.ts';

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
