import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move, Place } from '#contracts/move';
import { keyOf } from '#contracts/scalars';
import { lengthOf, rangeOf } from '#contracts/serials';
import { type Goods, keyAt } from './account.ts';
import { AccountLots, type PathLot, sum } from './accountLots.ts';
import { takeFirst } from './lots.ts';
import { joinUnits, type UnitRange } from './unitRanges.ts';

/** One event that changed what some units are, and how. `from` and `to` are left out where it moved none. */
export interface Step {
  readonly sequence: number;
  readonly order: string;
  readonly line: string;
  readonly from?: Place;
  readonly to?: Place;
}

/** How units came to where they are: the last step, and what was before it. Branches share what they have in common. */
interface Path extends Required<Step> {
  /** Undefined where the units begin. */
  readonly before: Path | undefined;
  /** Of units that came back and were sold again: where they were before they were this line's. */
  readonly was: Path | undefined;
  /** They came back from a line that is not followed. */
  readonly isCut: boolean;
  readonly node: number;
}

/** Units of one account that came there by the same steps. Their quantities sum to the account's balance. */
export interface Branch {
  /** Below zero: units that left the account before anything that is known brought them there. */
  readonly quantity: number;
  readonly steps: readonly Step[];
  /** Whether the steps say where the units began. Else what brought them to the first one, or back to be sold again, is not among the events. */
  readonly begins: boolean;
  readonly units?: readonly UnitRange[];
}

type Line = Omit<Goods, 'item'>;

/**
 * Where the units of some order lines came from: a fold of their moves in sequence order (docs/decisions/047). Units that are
 * tracked by quantity leave an account first in, first out, by when their owner got them, like the legs of swaps (`attribute`); units
 * with a serial number are followed by it, and as what of their line they were before anybody named them.
 *
 * It takes any part of a history, as that of a moment: units that leave an account before they came are missing there, and
 * their way begins where they went. So the branches of an account always sum to what the same events make its balance. What is new from
 * supply begins there, and what goes back to it by quantity ends: only a serial number says that a unit is the same one.
 */
export class Lineage {
  readonly #lines: ReadonlySet<string>;
  readonly #accounts = new AccountLots<Path>();
  /** What was said of ordered units without moving them: confirmations, and other windows. */
  readonly #said = new Map<string, number[]>();
  readonly #others = new Map<string, Line>();
  #nodes = 0;

  constructor(lines: Iterable<Line>) {
    this.#lines = new Set([...lines].map(({ order, line }) => keyOf(order, line)));
  }

  /** How much it keeps: whoever may not keep any amount stops in time. */
  get size(): number {
    return this.#nodes;
  }

  /** Other lines from which units came back to be sold again as units of these: their events tell the rest of the way. */
  get others(): Iterable<Line> {
    return this.#others.values();
  }

  /** Folds the next event. All that it takes is taken from what was there before it: no leg spends what another brings. */
  apply(event: LedgerEvent): void {
    this.#listen(event);
    const { sequence } = event;
    const steps = new Map<string, Path>();
    const all = movesOf(event);
    const moves = all.filter(({ order, line }) => this.#lines.has(keyOf(order, line)));
    if (moves.length === 0) return;
    const cut = new Set<string>();
    for (const move of moves.length === all.length ? [] : all) {
      const { item, order, line } = move;
      const key = keyOf(order, line);
      if (this.#lines.has(key) || !comesBack(move)) continue;
      this.#others.set(key, { order, line });
      cut.add(item);
    }
    // A move that names no units takes those that no other move names.
    const taken = new Map<Move, ReturnType<AccountLots<Path>['take']>>();
    for (const move of moves) if (move.serials !== undefined) taken.set(move, this.#accounts.take(move));
    for (const move of moves) if (move.serials === undefined) taken.set(move, this.#accounts.take(move));
    const back = new Map<string, PathLot<Path>[]>();
    for (const move of moves) {
      const { lots = [], named = [] } = taken.get(move) ?? {};
      const isCut = cut.has(move.item) && isSoldOn(move);
      const then = (before: Path | undefined, was?: Path): Path =>
        this.#step(steps, sequence, move, { before, was, isCut: isCut && was === undefined });
      for (const { was, ...lot } of withWhatCameBack(move, lots, back)) {
        const path = then(lot.path, was);
        if (comesBack(move)) back.set(move.item, [...(back.get(move.item) ?? []), { ...lot, path }]);
        this.#accounts.put(move, { ...lot, path }, sequence);
      }
      for (const units of named) this.#accounts.name(units, move, sequence, (was) => then(units.path, was));
    }
  }

  /** The branches of an account, by their first difference; of units with serial numbers, with these. */
  branches(account: string): Branch[] {
    const lots = new Map<Path | undefined, number>();
    for (const { quantity, path } of this.#accounts.lots(account)) lots.set(path, (lots.get(path) ?? 0) + quantity);
    const named = new Map<Path | undefined, UnitRange[]>();
    for (const { path, account: _, since: __, ...range } of this.#accounts.named(account)) {
      const others = named.get(path);
      if (others === undefined) named.set(path, [range]);
      else others.push(range);
    }
    const missing = this.#accounts.missing(account);
    return [
      ...[...lots].map(([path, quantity]) => this.#branch(quantity, path)),
      ...[...named].map(([path, units]) => ({
        ...this.#branch(
          units.reduce((sum, range) => sum + lengthOf(range), 0),
          path,
        ),
        units: joinUnits(units),
      })),
      ...(missing > 0 ? [{ quantity: -missing, steps: [], begins: false }] : []),
    ];
  }

  /** The way of one unit, the account that it is in, and where it was before, in turn; undefined while nobody named it. */
  unit(
    item: string,
    serial: string,
  ): { readonly account: string; readonly branch: Branch; readonly places: readonly Required<Step>[] } | undefined {
    const there = this.#accounts.unit(item, serial);
    const places: Required<Step>[] = [];
    // Where it was itself, and not what was ordered that it became.
    for (let path = there?.path; path !== undefined; path = path.was ?? path.before) {
      const { sequence, order, line, from, to } = path;
      places.push({ sequence, order, line, from, to });
    }
    return (
      there && {
        account: there.account,
        places: places.reverse(),
        branch: { ...this.#branch(1, there.path), units: [{ item, ...rangeOf(serial) }] },
      }
    );
  }

  #listen({ sequence, type, data }: LedgerEvent): void {
    const say = (order: string, line: string) => {
      const key = keyOf(order, line);
      if (this.#lines.has(key)) this.#said.set(key, [...(this.#said.get(key) ?? []), sequence]);
    };
    if (type === 'lading.order.confirmed.v1') for (const { line } of data.lines) say(data.order, line);
    if (type === 'lading.order.line_changed.v1' && data.window !== undefined) say(data.order, data.line);
  }

  /** The same step after the same way is one. */
  #step(
    steps: Map<string, Path>,
    sequence: number,
    { order, line, from, to, ...move }: Move,
    { before, was, isCut }: Pick<Path, 'before' | 'was' | 'isCut'>,
  ): Path {
    const goods = { ...move, order, line };
    const key = `${keyAt(goods, from)}|${keyAt(goods, to)}|${before?.node ?? ''}|${was?.node ?? ''}|${isCut}`;
    let path = steps.get(key);
    if (path === undefined) {
      path = { sequence, order, line, from, to, before, was, isCut, node: ++this.#nodes };
      steps.set(key, path);
    }
    return path;
  }

  #branch(quantity: number, path: Path | undefined): Branch {
    const steps: Step[] = [];
    const seen = new Set<Path>();
    this.#walk(path, Infinity, steps, seen);
    // Of one event, what brought a unit back comes before what sent it.
    steps.reverse().sort((a, b) => a.sequence - b.sequence);
    const first = steps.find(({ from }) => from !== undefined)?.from;
    const begins = (first?.stage === 'supply' || first?.stage === 'count') && ![...seen].some(({ isCut }) => isCut);
    return { quantity, steps, begins };
  }

  #walk(last: Path | undefined, until: number, steps: Step[], seen: Set<Path>): void {
    let next = until;
    for (let path = last; path !== undefined; path = path.before) {
      const { sequence, order, line, from, to, was } = path;
      if (seen.has(path)) return;
      seen.add(path);
      steps.push({ sequence, order, line, from, to });
      if (to.stage === 'ordered') this.#heard(path, next, steps);
      this.#walk(was, sequence, steps, seen);
      next = sequence;
    }
  }

  /** What was said of ordered units while these were. */
  #heard({ sequence: since, order, line }: Path, until: number, steps: Step[]): void {
    for (const sequence of this.#said.get(keyOf(order, line)) ?? [])
      if (sequence > since && sequence < until) steps.push({ sequence, order, line });
  }
}

/** Units that go back to supply, to go on from there in the same event. */
const comesBack = ({ from, to }: Move): boolean => to.stage === 'supply' && from.stage !== 'ordered';

/** Units that leave supply, or were awaited: what came back in the same event may be these. */
const isSoldOn = ({ from }: Move): boolean => from.stage === 'ordered' || from.stage === 'supply';

/** Units that leave supply or were awaited, as those that came back for them: these stand before them in an event (`book`). */
function withWhatCameBack(
  move: Move,
  lots: readonly PathLot<Path>[],
  back: ReadonlyMap<string, PathLot<Path>[]>,
): (PathLot<Path> & { readonly was?: Path | undefined })[] {
  const queue = back.get(move.item);
  if (queue === undefined || !isSoldOn(move)) return [...lots];
  return lots.flatMap((lot) => {
    const came = takeFirst(queue, lot.quantity).map(({ quantity, path }) => ({ ...lot, quantity, was: path }));
    const left = lot.quantity - sum(came);
    return left > 0 ? [...came, { ...lot, quantity: left }] : came;
  });
}
