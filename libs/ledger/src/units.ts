import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { lengthOf, rangeOf, rangesOf } from '#contracts/serials';
import { keyAt } from './account.ts';
import { joinUnits, outside, UnitMap, type UnitRange } from './unitRanges.ts';
import type { FoundUnits } from './view.ts';

/** Units that an event names: afterwards they are in `to` (an `accountKey`), wherever they were, if anywhere. */
export interface NamedUnits extends UnitRange {
  readonly account: string;
}

/** Every named unit that `from` held before the event, but for those that the event names, is in `to` afterwards. */
export interface TheRest {
  readonly item: string;
  readonly from: string;
  readonly to: string;
}

export interface UnitChanges {
  readonly named: readonly NamedUnits[];
  readonly rest: readonly TheRest[];
  /** Units that are nowhere afterwards: what had given them their numbers is taken back. */
  readonly unnamed?: readonly UnitRange[];
}

/** How an event moves serial numbers. What takes an event back names all units that it moves back; some of them have no number then. */
export function unitChangesOf(
  event: Pick<LedgerEvent, 'type' | 'data'>,
  isSerial?: (item: string) => boolean,
): UnitChanges {
  if (event.type !== 'lading.event.voided.v1') return unitChanges(movesOf(event), isSerial);
  const changes = unitChanges(movesOf(event), isSerial, 'back');
  const { unnamed: lists = [] } = event.data as LedgerEvent<'lading.event.voided.v1'>['data'];
  const unnamed = lists.flatMap(({ item, serials }): readonly UnitRange[] =>
    serials === undefined
      ? changes.named.filter((units) => units.item === item)
      : rangesOf(serials).map((range) => ({ item, ...range })),
  );
  return { named: outside(changes.named, unnamed), rest: [], unnamed };
}

/**
 * How an event moves serial numbers. A move that names units puts them into its `to`; a move that names none takes every
 * named unit that its `from` held before the event and that no other move of the event names: for an item tracked by
 * quantity there are none. All of it is read from the state before the event, at once: no leg spends what another brings.
 * Each unit is named once in the answer: what comes back and goes on is where it went; units that follow each other are one range,
 * in whatever order they were named. `isSerial` spares the moves of items that have no serial numbers; the moves of what takes an
 * event back lead `back`.
 */
export function unitChanges(
  moves: readonly Move[],
  isSerial: (item: string) => boolean = () => true,
  way: 'forth' | 'back' = 'forth',
): UnitChanges {
  let named: NamedUnits[] = [];
  const rest = new Map<string, TheRest>();
  let comesBack = false;
  for (const move of moves) {
    const { item, serials } = move;
    if (!isSerial(item)) continue;
    const account = keyAt(move, move.to);
    if (serials !== undefined) {
      const units = rangesOf(serials).map((range) => ({ item, ...range, account }));
      // Units that came back to supply go on from there in the same event; turned round, they go on to where they came from.
      if (comesBack || (way === 'back' && move.from.stage === 'supply')) named = outside(named, units);
      comesBack ||= move.to.stage === 'supply';
      named.push(...units);
    }
    // Units from nowhere have no names yet, and a ledger's supply is not searched for any.
    else if (move.from.stage !== 'supply') {
      const from = keyAt(move, move.from);
      rest.set(from, { item, from, to: account });
    }
  }
  // Most events name no units: nothing is put together for them.
  const joined = named.length === 0 ? [] : joinUnits(named, 0, ({ account }) => account);
  return { named: joined, rest: [...rest.values()] };
}

/** The account that units are in, and the sequence of the event that brought them there (0: it is not known). */
export interface Spot {
  readonly account: string;
  readonly since: number;
}

/** Which account each named unit is in, and which units each account has. */
export class UnitIndex {
  readonly #spots = new UnitMap<Spot>();
  /** What was ever put into an account; some of it may have left again. */
  readonly #putInto = new Map<string, UnitRange[]>();
  readonly #named = new Map<string, number>();

  /** Books an event's moves. */
  apply(moves: readonly Move[], since = 0): void {
    this.change(unitChanges(moves), since);
  }

  change(changes: UnitChanges, since: number): void {
    const steps = this.changing(changes, since);
    while (steps.next().done !== true);
  }

  /**
   * The same in steps, for who may not work on an account of 100,000 units at once. Units of accounts that change places leave from
   * where they were before the event: so all is looked up, then put.
   */
  *changing({ named, rest, unnamed = [] }: UnitChanges, since: number): Generator<undefined> {
    for (const range of unnamed) this.#forget(range);
    const leaving: NamedUnits[] = [];
    for (const { from, to } of rest) {
      for (const units of yield* this.#take(from)) leaving.push({ ...units, account: to });
    }
    // One value for an account: so units that come together are one range here, too.
    const spots = new Map<string, Spot>();
    for (const list of [leaving, named]) {
      for (const { account, ...range } of list) {
        let spot = spots.get(account);
        if (spot === undefined) spots.set(account, (spot = { account, since }));
        this.put(range, spot);
        yield;
      }
    }
  }

  #forget(range: UnitRange): void {
    for (const { value, ...piece } of this.#spots.pieces(range)) {
      if (value !== undefined) this.#count(value.account, -lengthOf(piece));
    }
    this.#spots.remove(range);
  }

  put(range: UnitRange, spot: Spot): void {
    for (const piece of this.#spots.pieces(range)) {
      if (piece.value !== undefined) this.#count(piece.value.account, -lengthOf(piece));
    }
    this.#spots.put(range, spot);
    this.#count(spot.account, lengthOf(range));
    const there = this.#putInto.get(spot.account);
    if (there === undefined) this.#putInto.set(spot.account, [range]);
    else there.push(range);
  }

  /** The units of a range by their accounts; undefined: the unit is nowhere. */
  units(range: UnitRange): FoundUnits[] {
    return this.#spots.pieces(range).map(({ value, ...piece }) => ({ ...piece, account: value?.account }));
  }

  /** Where the units of a range are, and since when, but for those that are nowhere. */
  spots(range: UnitRange): (UnitRange & Spot)[] {
    return this.#spots
      .pieces(range)
      .flatMap(({ value, ...piece }) => (value === undefined ? [] : [{ ...piece, ...value }]));
  }

  /** The key of the account that one unit is in. */
  unit(item: string, serial: string): string | undefined {
    return this.units({ item, ...rangeOf(serial) })[0]?.account;
  }

  /** How many units of an account have a serial number. */
  named(account: string): number {
    return this.#named.get(account) ?? 0;
  }

  /** Every named unit, by ranges: where it is, and since when. */
  *all(): Iterable<UnitRange & Spot> {
    for (const { value, ...range } of this.#spots.all()) yield { ...range, ...value };
  }

  /** What an account has now, as ranges. */
  unitsIn(account: string): UnitRange[] {
    const there = this.#there(account);
    for (;;) {
      const { done, value } = there.next();
      if (done === true) return value;
    }
  }

  /** What an account has now. It is about to leave, so it is not looked for here again. */
  *#take(account: string): Generator<undefined, UnitRange[]> {
    const there = yield* this.#there(account);
    this.#putInto.delete(account);
    return there;
  }

  *#there(account: string): Generator<undefined, UnitRange[]> {
    const there = new UnitMap<true>();
    for (const range of this.#putInto.get(account) ?? []) {
      for (const { value, ...piece } of this.#spots.pieces(range)) {
        if (value?.account === account) there.put(piece, true);
      }
      yield;
    }
    return [...there.all()].map(({ value, ...range }) => range);
  }

  #count(account: string, change: number): void {
    const named = this.named(account) + change;
    if (named === 0) this.#named.delete(account);
    else this.#named.set(account, named);
  }
}
