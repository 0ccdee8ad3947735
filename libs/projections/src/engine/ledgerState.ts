import type { OrderState } from './batch.ts';

/**
 * What a ledger's projection remembers between two batches, so that a small one costs no look-ups: the orders last used, bounded
 * by the number of their accounts (about 400 bytes each).
 */
export class LedgerState {
  /** The sequence at which all of it was true. */
  sequence: number;
  /** The number that the next new account gets. */
  accounts: number;
  /** How items are tracked, which never changes. */
  readonly tracking = new Map<string, 'quantity' | 'serial'>();
  readonly #orders = new Map<string, { readonly order: OrderState; readonly weight: number }>();
  #weight = 0;

  constructor(sequence: number, accounts: number) {
    this.sequence = sequence;
    this.accounts = accounts;
  }

  order(id: string): OrderState | undefined {
    return this.#orders.get(id)?.order;
  }

  /** Keeps the orders of a batch as the newest, and forgets the oldest ones beyond `most` accounts. */
  remember(orders: Iterable<OrderState>, most: number): void {
    for (const order of orders) {
      this.#forget(order.order);
      const weight = weightOf(order);
      this.#orders.set(order.order, { order, weight });
      this.#weight += weight;
    }
    for (const oldest of this.#orders.keys()) {
      if (this.#weight <= most) return;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#weight -= this.#orders.get(id)?.weight ?? 0;
    this.#orders.delete(id);
  }
}

const weightOf = (order: OrderState): number => 1 + order.lines.size + order.accounts.size;
