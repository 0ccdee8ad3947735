import { rangesOf, type SerialRange, type Serials } from '#contracts/serials';
import { accountKey } from '../account.ts';
import { isRejected, type OrRejected, type Rejected, reject } from '../decision.ts';
import { findLine, type FoundLine, holdingsAt } from '../order/line.ts';
import { type FoundUnits, rangeIn, type View } from '../view.ts';
import { split, total } from './divide.ts';
import type { heldUnits } from './held.ts';
import type { Origin } from './origins.ts';

/** An account that units may come out of. */
export interface Source {
  readonly line: FoundLine;
  readonly key: string;
  readonly quantity: number;
  /** Of a stock, what is held in it. */
  readonly held?: ReturnType<typeof heldUnits>;
}

/** So many units, whichever; or those that get these serial numbers. */
export type Wanted = number | readonly SerialRange[];
export const sizeOf = (wanted: Wanted): number => (typeof wanted === 'number' ? wanted : total(wanted));
export const unitsIn = (origins: readonly Origin[]): number =>
  origins.reduce((units, { quantity }) => units + quantity, 0);

/** An order line that an event names as where units come from, and how many of them; all that are wanted, when it does not say. */
interface NamedLine {
  readonly order: string;
  readonly line: string;
  readonly quantity?: number | undefined;
}

/** What comes out of accounts for the lines of one event, each on what those before it leave. */
export class Taking {
  readonly #view: View;
  readonly #taken = new Map<string, number>();
  readonly #named = new Map<string, number>();

  constructor(view: View) {
    this.#view = view;
  }

  /** Takes from one source after the other, as far as they go; units that have no number yet get the ones that are named. */
  takeFrom(sources: readonly Source[], wanted: Wanted): Origin[] {
    const origins: Origin[] = [];
    let left = wanted;
    for (const source of sources) {
      const { line, key } = source;
      if (typeof left === 'number') {
        const part = Math.min(left, this.free(source, left));
        left -= part;
        if (part > 0) origins.push({ line, key, quantity: part });
        this.take(key, part);
        continue;
      }
      const [ranges, others] = split(left, this.free(source, left));
      left = others;
      if (ranges.length === 0) continue;
      const part = total(ranges);
      origins.push({ line, key, quantity: part, ranges });
      this.take(key, part);
      this.#named.set(key, part + (this.#named.get(key) ?? 0));
    }
    return origins;
  }

  /**
   * Takes from the order lines that an event names, in its order. One without a unit there, or with fewer than it says, is refused; which of
   * them have the serial numbers that are wanted nobody has to know, unless it says how many: then as many of the numbers are units there,
   * known ones (`known`, by account) or units without a number.
   */
  fromNamed<N extends NamedLine>(
    named: readonly N[],
    wanted: Wanted,
    {
      known,
      sourcesOf,
      whyShort,
    }: {
      readonly known: ReadonlyMap<string, number>;
      readonly sourcesOf: (one: N, line: FoundLine) => readonly Source[];
      readonly whyShort: (
        one: N,
        line: FoundLine,
        sources: readonly Source[],
        asked: number,
        available: number,
      ) => Rejected;
    },
  ): OrRejected<Origin[]> {
    const origins: Origin[] = [];
    const byNumber = new Map(known);
    let left = wanted;
    for (const one of named) {
      const line = findLine(this.#view, one);
      if (isRejected(line)) return line;
      const sources = sourcesOf(one, line);
      const there = takeKnown(byNumber, sources, one.quantity ?? 0);
      const most = Math.min((one.quantity ?? sizeOf(left)) - there, sizeOf(left));
      const taken = this.takeFrom(sources, typeof left === 'number' ? most : split(left, most)[0]);
      const got = unitsIn(taken);
      if (typeof left === 'number' && (got === 0 || got < (one.quantity ?? 0))) {
        return whyShort(one, line, sources, one.quantity ?? Math.max(1, most), got);
      }
      if (there + got < (one.quantity ?? 0)) {
        return numberedElsewhere(whyShort(one, line, sources, one.quantity ?? 0, there + got));
      }
      left = typeof left === 'number' ? left - got : split(left, got)[1];
      origins.push(...taken);
    }
    return origins;
  }

  /** The named units that the ledger does not know yet. */
  nowhere(item: string, serials: Serials = []): readonly SerialRange[] {
    const ranges = rangesOf(serials);
    const found = this.#view.unitsOf(item, ranges);
    // Mostly all of them are new.
    return found.every(({ account }) => account === undefined) ? ranges : found.filter(isNowhere).map(rangeIn);
  }

  /** What of it may be taken: all that the lines so far leave, but for what is held. */
  free(source: Source, wanted: Wanted): number {
    const { key, held } = source;
    const left = this.left(source, wanted);
    return held === undefined || left === 0 ? left : Math.max(0, Math.min(left, held.spare([key], this.#taken)));
  }

  /** What the lines so far leave of an account; of that, what may get a serial number. */
  left({ key, quantity: balance }: Source, wanted: Wanted): number {
    const left = balance - (this.#taken.get(key) ?? 0);
    if (typeof wanted === 'number') return Math.max(0, left);
    return Math.max(0, Math.min(left, balance - this.#view.named(key) - (this.#named.get(key) ?? 0)));
  }

  take(key: string, quantity: number): void {
    this.#taken.set(key, quantity + (this.#taken.get(key) ?? 0));
  }
}

const isNowhere = ({ account }: FoundUnits): boolean => account === undefined;

/** How many of the units that an event names by numbers the ledger knows are there, at most so many; they are not counted again. */
function takeKnown(known: Map<string, number>, sources: readonly Source[], most: number): number {
  let open = most;
  for (const { key } of sources) {
    const part = Math.min(open, known.get(key) ?? 0);
    open -= part;
    if (part > 0) known.set(key, (known.get(key) ?? 0) - part);
  }
  return most - open;
}

/** Why serial numbers are not of where the event says: there are units, with other numbers. */
function numberedElsewhere(why: Rejected): Rejected {
  if (why.code !== 'insufficient-quantity') return why;
  const { order, line, asked, available } = why.facts as {
    order: string;
    line: string;
    asked: number;
    available: number;
  };
  return reject(
    why.code,
    `${available} of the serial numbers can be units of line ${line} of order ${order} that are there, and \`from\` says ${asked}. Correct the serial numbers, or say in \`from\` where these units come from.`,
    why.facts,
  );
}

/** In the order of their owners and custodians. */
export function sourcesAt(line: FoundLine, where: Parameters<typeof holdingsAt>[1]): Source[] {
  return holdingsAt(line.state, where)
    .filter(({ quantity }) => quantity > 0)
    .sort((a, b) => (a.owner === b.owner ? (a.custodian < b.custodian ? -1 : 1) : a.owner < b.owner ? -1 : 1))
    .map((holding) => ({ line, key: accountKey(holding), quantity: holding.quantity }));
}
