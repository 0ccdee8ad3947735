import type { Move } from '#contracts/move';
import { lengthOf, rangeOf, rangesOf } from '#contracts/serials';
import { isPartiesStage, keyAt } from './account.ts';
import { type Lot, queueUp, sinceAfter, takeFirst } from './lots.ts';
import { UnitMap, type UnitRange } from './unitRanges.ts';

/** Units without serial numbers, and the way that they came: undefined where that begins. */
export interface PathLot<P> extends Lot {
  readonly path: P | undefined;
}

/** Units that have a serial number, where they are, and the way that they came. */
interface Named<P> {
  readonly account: string;
  readonly since: number;
  readonly path: P | undefined;
}
type NamedUnits<P> = UnitRange & Named<P>;

/** What a move takes off its account, before it is put where it goes. */
interface Taken<P> {
  readonly lots: readonly PathLot<P>[];
  readonly named: { readonly range: UnitRange; readonly since: number; readonly path: P | undefined }[];
}

/**
 * What is on accounts, and how it came there: units without serial numbers in lots, first in first out, the others by their numbers. What
 * leaves an account that does not have it is missing there, so that what an account has always sums to its balance.
 */
export class AccountLots<P> {
  readonly #lots = new Map<string, PathLot<P>[]>();
  readonly #named = new UnitMap<Named<P> | undefined>();
  /** What was ever put into an account with a serial number; some of it may have left again. */
  readonly #putInto = new Map<string, UnitRange[]>();
  readonly #missing = new Map<string, number>();

  lots(account: string): readonly PathLot<P>[] {
    return this.#lots.get(account) ?? [];
  }

  missing(account: string): number {
    return this.#missing.get(account) ?? 0;
  }

  unit(item: string, serial: string): Named<P> | undefined {
    return this.#named.pieces({ item, ...rangeOf(serial) })[0]?.value;
  }

  /** The units of an account that have a serial number. */
  named(account: string): readonly NamedUnits<P>[] {
    const here: NamedUnits<P>[] = [];
    const seen = new UnitMap<true>();
    for (const range of this.#putInto.get(account) ?? []) {
      for (const { value, ...piece } of this.#named.pieces(range)) {
        if (value?.account !== account) continue;
        for (const { value: again, ...part } of seen.pieces(piece))
          if (again === undefined) here.push({ ...part, ...value });
        seen.put(piece, true);
      }
    }
    this.#putInto.set(account, here);
    return here;
  }

  /** Takes what a move moves. */
  take(move: Move): Taken<P> {
    const { item, from, serials, quantity } = move;
    const account = keyAt(move, from);
    if (serials === undefined) {
      // From supply units are new, whatever came back there.
      if (from.stage === 'supply') return { lots: this.#miss(account, quantity), named: [] };
      return this.#takeUnnamed(move, account);
    }
    const named: Taken<P>['named'] = [];
    for (const range of rangesOf(serials)) {
      for (const { value, ...part } of this.#named.pieces({ item, ...range })) {
        if (value?.account === account) {
          this.#named.put(part, undefined);
          named.push({ range: part, since: value.since, path: value.path });
          continue;
        }
        let next = part.from;
        for (const { quantity: units, since, path } of this.#takeLots(account, lengthOf(part))) {
          named.push({ range: { ...part, from: next, to: next + units - 1 }, since, path });
          next += units;
        }
      }
    }
    return { lots: [], named };
  }

  /**
   * All that are named on the account go along when nobody names any. In a part of a history these may be more than the move's: it lacks
   * what named them elsewhere.
   */
  #takeUnnamed(move: Move, account: string): Taken<P> {
    const named: Taken<P>['named'] = [];
    let open = move.quantity;
    for (const { path, since, account: _, ...range } of this.named(account)) {
      this.#named.put(range, undefined);
      named.push({ range, since, path });
      const over = Math.min(lengthOf(range), lengthOf(range) - open);
      open -= lengthOf(range);
      if (over <= 0) continue;
      this.#queue(account, { quantity: over, since, path });
      this.#miss(keyAt(move, move.to), over);
    }
    return { lots: open > 0 ? this.#takeLots(account, open) : [], named };
  }

  #takeLots(account: string, quantity: number): PathLot<P>[] {
    const queue = this.#lots.get(account);
    const taken = queue === undefined ? [] : takeFirst(queue, quantity);
    return [...taken, ...this.#miss(account, quantity - sum(taken))];
  }

  #miss(account: string, quantity: number): PathLot<P>[] {
    if (quantity <= 0) return [];
    this.#missing.set(account, this.missing(account) + quantity);
    return [{ quantity, since: 0, path: undefined }];
  }

  /** Puts units without serial numbers where a move takes them. */
  put(move: Move, lot: PathLot<P>, sequence: number): void {
    const account = keyAt(move, move.to);
    const missing = this.missing(account);
    if (missing > 0) this.#missing.set(account, Math.max(0, missing - lot.quantity));
    const quantity = lot.quantity - missing;
    // What is new, or is there again, is its owner's from now on, also where the supplier itself is the owner: as `attribute` has it.
    const { stage } = move.from;
    const since = isPartiesStage(stage) || stage === 'lost' ? sinceAfter(move, lot.since, sequence) : sequence;
    if (quantity > 0) this.#queue(account, { ...lot, quantity, since });
  }

  /** Puts named units where a move takes them. Wherever else they were, as many units without a name are left. */
  name(
    { range, since }: Taken<P>['named'][number],
    move: Move,
    sequence: number,
    pathOf: (was: P | undefined) => P,
  ): void {
    const account = keyAt(move, move.to);
    for (const { value, ...part } of this.#named.pieces(range)) {
      if (value !== undefined) this.#queue(value.account, { ...value, quantity: lengthOf(part) });
      this.#named.put(part, { account, since: sinceAfter(move, since, sequence), path: pathOf(value?.path) });
      const there = this.#putInto.get(account);
      if (there === undefined) this.#putInto.set(account, [part]);
      else there.push(part);
    }
  }

  #queue(account: string, { quantity, since, path }: PathLot<P>): void {
    let queue = this.#lots.get(account);
    if (queue === undefined) this.#lots.set(account, (queue = []));
    queueUp(queue, { quantity, since, path }, (one, other) => one.path === other.path);
  }
}

export const sum = (lots: readonly Lot[]): number => lots.reduce((units, { quantity }) => units + quantity, 0);
