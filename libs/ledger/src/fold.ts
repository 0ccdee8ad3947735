import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { accountKey, accountOf, type Holding } from './account.ts';
import type { UnitRange } from './unitRanges.ts';
import { unitChangesOf, UnitIndex } from './units.ts';

/**
 * Who has what, from nothing but the moves of a ledger's events: one function for all types. It is what a replay prints,
 * and the truth that read models are compared to. Apply the events in the order of their sequence.
 */
export class Fold {
  readonly #accounts = new Map<string, Holding>();
  readonly #units = new UnitIndex();
  #sequence = 0;

  /** Books one event. */
  apply(event: Pick<LedgerEvent, 'type' | 'sequence' | 'data'>): void {
    const moves = movesOf(event);
    for (const move of moves) {
      this.#post(accountOf(move, move.from), -move.quantity);
      this.#post(accountOf(move, move.to), move.quantity);
    }
    if (moves.length > 0) this.#units.change(unitChangesOf(event), 0);
    this.#sequence = event.sequence;
  }

  /** The sequence of the last event applied; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Every account that is not at zero, in the order of their keys. */
  holdings(): Holding[] {
    return [...this.#accounts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, holding]) => holding);
  }

  /** The balance of an account, by its key. */
  balance(account: string): number {
    return this.#accounts.get(account)?.quantity ?? 0;
  }

  /** The key of the account that a serial number is in. */
  unit(item: string, serial: string): string | undefined {
    return this.#units.unit(item, serial);
  }

  /** Every unit that has a serial number, by ranges, with the key of its account. */
  units(): Iterable<UnitRange & { readonly account: string }> {
    return this.#units.all();
  }

  #post(account: ReturnType<typeof accountOf>, quantity: number): void {
    const key = accountKey(account);
    const balance = this.balance(key) + quantity;
    if (balance === 0) this.#accounts.delete(key);
    else this.#accounts.set(key, { ...account, quantity: balance });
  }
}

/** The holdings after these events. */
export function foldHoldings(events: Iterable<Pick<LedgerEvent, 'type' | 'sequence' | 'data'>>): Holding[] {
  const fold = new Fold();
  for (const event of events) fold.apply(event);
  return fold.holdings();
}
