import type { Told } from './facts.ts';

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

/** What a confirmation must not be older than: the promise that it replaces, and the window that it speaks of. */
export const heldAgainst = ({ type, data }: Told): string[] =>
  type === 'lading.order.confirmed.v1'
    ? data.lines.flatMap(({ line }) => [`promise ${data.order} ${line}`, `window ${data.order} ${line}`])
    : [];
