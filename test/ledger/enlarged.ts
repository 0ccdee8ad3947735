import { distinctOf, rangesOf, type SerialRange, type Serials } from '#contracts/serials';
import type { Command } from '#ledger/command';
import type { Decision } from '#ledger/decision';
import { Sandbox } from '#ledger/sandbox';
import { joinUnits, type UnitRange } from '#ledger/unitRanges';
import { asNvidia } from './facts.ts';
import { same } from './history.ts';

type Held = UnitRange & { readonly account: string };

/** What counts units in an event. */
const COUNTS = new Set(['quantity', 'received', 'damaged', 'surplus', 'observed', 'difference']);

/**
 * A ledger in which the same happens as in a history, each unit being so many: whatever one unit does there, a range does here. The
 * model counts units one by one; so what it says about ranges of thousands is what it says about the units of the history.
 */
export class Enlarged {
  readonly ledger = new Sandbox(asNvidia);
  #names = 0;

  constructor(private readonly times: number) {}

  /** The same happens here, and must come to the same: the refusal, or each move with its units. */
  happens(command: Command, now: Date, decision: Decision): void {
    const large = this.ledger.submit({ ...command, data: this.#enlarged(command.data, true) } as Command, now);
    const moves = (of: Decision) =>
      (of.ok && 'moves' in of.data ? (of.data.moves ?? []) : []).map((move) => ({
        ...move,
        serials: move.serials && joined(move.serials),
      }));
    same(
      `a decision about ${this.times} units for each`,
      [large.ok || large.code, moves(large)],
      [decision.ok || decision.code, moves(this.#enlarged(decision, false))],
      command,
    );
  }

  /** Every unit of the small ledger is so many here, in the same account. */
  agrees(small: Sandbox): void {
    const held = ({ item, prefix, digits, from, to, account }: Held) =>
      `${item} ${prefix}${digits} ${from}-${to} ${account}`;
    const units = (list: Iterable<Held>) =>
      joinUnits([...list], 0, ({ account }) => account)
        .map(held)
        .sort();
    const each = [...small.index.all()].flatMap((range) =>
      rangesOf(this.#large(range)).map((large) => ({ ...range, ...large })),
    );
    same('units in large ranges', units(this.ledger.index.all()), units(each));
  }

  #enlarged<T>(value: T, isAsked: boolean): T {
    if (Array.isArray(value)) return value.map((one) => this.#enlarged(one as unknown, isAsked)) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, said]: [string, unknown]) => {
        if (typeof said === 'number' && COUNTS.has(name)) return [name, said * this.times];
        if (name.toLowerCase().endsWith('serials') && typeof said === 'object')
          return [name, this.#serials(said as Serials, isAsked)];
        return [name, this.#enlarged(said, isAsked)];
      }),
    ) as T;
  }

  /** As ranges, or now and then with a unit of a range by itself, which says the same. */
  #serials(small: Serials, isAsked: boolean): Serials {
    return rangesOf(small).flatMap((range): (string | SerialRange)[] => {
      const large = this.#large(range);
      if (!isAsked || ++this.#names % 3 > 0) return [large];
      const first = `${large.prefix}${String(large.from).padStart(large.digits, '0')}`;
      // In the order in which they are given, units get their names.
      return [first, { ...large, from: large.from + 1 }];
    });
  }

  /** Of n7 the numbers 7,000 to 7,999, where each unit is a thousand. */
  readonly #large = ({ prefix, from, to }: SerialRange): SerialRange => ({
    ...{ prefix, digits: 8 },
    ...{ from: from * this.times, to: (to + 1) * this.times - 1 },
  });
}

const joined = (serials: Serials): unknown => [...distinctOf(rangesOf(serials))];
