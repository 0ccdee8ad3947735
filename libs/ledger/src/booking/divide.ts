import {
  countDistinct,
  countSerials,
  lengthOf,
  rangesOf,
  type SerialRange,
  type Serials,
  serialsOf,
} from '#contracts/serials';
import { accountKey, type Holding, mayBeNegative } from '../account.ts';
import type { FoundLine } from '../order/line.ts';
import { rangeIn, type View } from '../view.ts';

/** What one line of an event takes from one account. */
interface Part {
  readonly holding: Holding;
  readonly quantity: number;
  readonly serials?: Serials | undefined;
}

/**
 * Divides what the lines of one event take among the accounts that each may mean, in turn, and remembers what the lines
 * before have taken. It refuses nothing: what no account has is asked of the first one, and `book` says what is wrong.
 */
export class Division {
  readonly #view: View;
  readonly #taken = new Map<string, number>();
  readonly #newlyNamed = new Map<string, number>();

  constructor(view: View) {
    this.#view = view;
  }

  /** At least one source. The parts are in the order of the sources; serial numbers are in it by where the units are. */
  parts(line: FoundLine, sources: readonly Holding[], { quantity, serials }: Omit<Part, 'holding'>): Part[] {
    const parts = this.#divide(line, sources, { quantity, serials });
    for (const { holding, quantity: taken } of parts) add(this.#taken, accountKey(holding), taken);
    // All from one account: the serial numbers stay as they were given, right or wrong.
    return parts.length === 1 ? parts.map((part) => ({ ...part, quantity, serials })) : parts;
  }

  #divide(line: FoundLine, sources: readonly Holding[], { quantity, serials }: Omit<Part, 'holding'>): Part[] {
    const isWrong = serials !== undefined && (line.tracking === 'quantity' || !namesEach(serials, quantity));
    if (sources.length === 1 || isWrong) {
      // Where there are enough of them, the serial numbers are what is wrong.
      const holding = sources.find(isBottomless) ?? sources[0];
      return holding === undefined ? [] : [{ holding, quantity, serials }];
    }
    return serials === undefined ? this.#unnamed(sources, quantity) : this.#named(line, sources, serials);
  }

  #unnamed(sources: readonly Holding[], quantity: number): Part[] {
    let open = quantity;
    const parts = sources.map((holding) => {
      const part = Math.max(0, Math.min(open, holding.quantity - (this.#taken.get(accountKey(holding)) ?? 0)));
      open -= part;
      return { holding, quantity: part };
    });
    return parts
      .map((part, index) => (index === 0 ? { ...part, quantity: part.quantity + open } : part))
      .filter((part) => part.quantity > 0);
  }

  #named({ goods: { item }, state }: FoundLine, sources: readonly Holding[], serials: Serials): Part[] {
    const found = new Map(sources.map((holding) => [accountKey(holding), [] as SerialRange[]]));
    const elsewhere: SerialRange[] = [];
    for (const units of this.#view.unitsOf(item, rangesOf(serials))) {
      const there = units.account === undefined ? undefined : found.get(units.account);
      (there ?? elsewhere).push(rangeIn(units));
    }
    let others: readonly SerialRange[] = elsewhere;
    // Units without a number get theirs by being taken.
    for (const source of sources) {
      const key = accountKey(source);
      const balance = state.accounts.get(key)?.quantity ?? 0;
      const free = isBottomless(source) ? Infinity : balance - this.#view.named(key) - (this.#newlyNamed.get(key) ?? 0);
      const [here, left] = split(others, Math.max(0, free));
      add(this.#newlyNamed, key, total(here));
      found.get(key)?.push(...here);
      others = left;
    }
    return sources
      .map((holding, index) => {
        const ranges = [...(found.get(accountKey(holding)) ?? []), ...(index === 0 ? others : [])];
        return { holding, quantity: total(ranges), serials: serialsOf(ranges) };
      })
      .filter((part) => part.quantity > 0);
  }
}

/** Units out of supply, of which there are always enough. */
const isBottomless = ({ stage }: Holding): boolean => mayBeNegative(stage);

/** Whether there is one serial number for each unit. */
const namesEach = (serials: Serials, quantity: number): boolean =>
  countSerials(serials) === quantity && countDistinct(rangesOf(serials)) === quantity;

function add(tally: Map<string, number>, key: string, quantity: number): void {
  tally.set(key, (tally.get(key) ?? 0) + quantity);
}

/** The first `count` units of the ranges, and the others. */
export function split(
  ranges: readonly SerialRange[],
  count: number,
): [first: SerialRange[], others: readonly SerialRange[]] {
  const first: SerialRange[] = [];
  let open = count;
  for (const [index, range] of ranges.entries()) {
    if (open === 0) return [first, ranges.slice(index)];
    const part = Math.min(open, lengthOf(range));
    first.push({ ...range, to: range.from + part - 1 });
    open -= part;
    if (part < lengthOf(range)) return [first, [{ ...range, from: range.from + part }, ...ranges.slice(index + 1)]];
  }
  return [first, []];
}

export const total = (ranges: readonly SerialRange[]): number =>
  ranges.reduce((sum, range) => sum + lengthOf(range), 0);
