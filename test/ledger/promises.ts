import type { Told } from './facts.ts';

type Committed = Extract<Told, { type: 'lading.supply.committed.v1' }>['data'];
type Confirmed = Extract<Told, { type: 'lading.order.confirmed.v1' }>['data'];

/** A line as the model has it. */
interface Line {
  total: number;
  window: string;
}

/** What a supplier promised of a line last, as text, to be held against the ledger's. */
export class Promises {
  /** `order line`: code, quantity, window. */
  readonly of = new Map<string, string>();

  /** `supplier item from to`: how much. */
  readonly committed = new Map<string, number>();

  /** Every day of the period has that one commitment, or none. */
  mayCommit(data: Committed): boolean {
    return this.#near(data).every((key) => key === keyOf(data) || this.committed.get(key) === 0);
  }

  commit(data: Committed): void {
    this.committed.set(keyOf(data), data.quantity);
  }

  #near({ supplier, item, period }: Committed): string[] {
    return [...this.committed.keys()].filter((key) => {
      const [who, what, from = '', to = ''] = key.split(' ');
      return who === supplier && what === item && !(to < period.from || period.to < from);
    });
  }

  /** What an event must not be older than, besides what it sets. */
  heldAgainst({ type, data }: Told): string[] {
    if (type === 'lading.supply.committed.v1') return this.#near(data).map((key) => `commitment ${key}`);
    if (type !== 'lading.order.confirmed.v1') return [];
    return data.lines.map(({ line }) => `window ${data.order} ${line}`);
  }

  /** Whether the ledger takes it, as far as it is not a matter of time. */
  mayBe({ lines }: Confirmed, line: (name: string) => Line): boolean {
    return lines.every(({ line: name, code, quantity = 0 }) => {
      const { total } = line(name);
      return code !== 'rejected' || quantity === 0 || quantity >= total;
    });
  }

  confirm({ order, lines }: Confirmed, line: (name: string) => Line): void {
    for (const { line: name, code, quantity, window } of lines) {
      const { total, window: ordered } = line(name);
      const then = window === undefined ? undefined : JSON.stringify(window);
      const promised =
        code === 'rejected' ? [0, undefined] : [quantity ?? total, then ?? (isAsOrdered(code) ? ordered : undefined)];
      this.of.set(`${order} ${name}`, JSON.stringify([code, ...promised]));
    }
  }
}

const isAsOrdered = (code: string): boolean => code === 'accepted' || code === 'changed';

/** What is said by such an event. */
export function promisesIn({ type, data }: Told): string[] {
  if (type === 'lading.supply.committed.v1') return [`commitment ${keyOf(data)}`];
  if (type !== 'lading.order.confirmed.v1') return [];
  return data.lines.map(({ line }) => `promise ${data.order} ${line}`);
}

const keyOf = ({ supplier, item, period }: Committed): string => [supplier, item, period.from, period.to].join(' ');
