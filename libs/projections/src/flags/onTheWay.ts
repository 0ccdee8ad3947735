import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#ledger/touched';
import type { Batch } from '../engine/batch.ts';
import { arrayLiteral } from '../engine/columns.ts';
import type { Db } from '../reading/readModel.ts';

/** One owner's units of one order line that are in transit on a shipment. */
export interface Sent {
  readonly shipment: string;
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly item: string;
  readonly quantity: number;
}

const keyOf = ({ shipment, order, line, owner }: Omit<Sent, 'item' | 'quantity'>): string =>
  [shipment, order, line, owner].join('|');

/**
 * What is still on the way on the shipments of which the batch has a final receipt: from before the batch, and followed through its
 * events. No other shipment is asked for or followed.
 */
export class OnTheWay {
  readonly #sent = new Map<string, Sent>();
  readonly #ending: ReadonlySet<string>;

  constructor({ events }: Batch) {
    this.#ending = new Set(events.flatMap((event) => (isFinal(event) ? [event.data.shipment] : [])));
  }

  async load(ledger: string, db: Db): Promise<void> {
    if (this.#ending.size === 0) return;
    const { rows } = await db.query<Sent>(
      `SELECT shipment, "order", line, owner, item, in_transit::float8 AS quantity FROM shipment_lines
       WHERE ledger = $1 AND shipment = ANY($2::text[]) AND in_transit > 0`,
      [ledger, arrayLiteral([...this.#ending])],
    );
    for (const row of rows) this.#sent.set(keyOf(row), row);
  }

  learn(event: LedgerEvent): void {
    if (this.#ending.size === 0) return;
    for (const { order, line, item, quantity, from, to } of movesOf(event)) {
      if (from.shipment !== undefined)
        this.#add({ order, line, item, ...from, shipment: from.shipment, quantity: -quantity });
      if (to.shipment !== undefined) this.#add({ order, line, item, ...to, shipment: to.shipment, quantity });
    }
  }

  /** By order, line and owner. */
  on(shipment: string): Sent[] {
    const sent = [...this.#sent.values()].filter((line) => line.shipment === shipment && line.quantity > 0);
    return sent.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  #add({ shipment, order, line, owner, item, quantity }: Sent): void {
    if (!this.#ending.has(shipment)) return;
    const key = keyOf({ shipment, order, line, owner });
    const before = this.#sent.get(key)?.quantity ?? 0;
    this.#sent.set(key, { shipment, order, line, owner, item, quantity: before + quantity });
  }
}

const isFinal = (event: LedgerEvent): event is LedgerEvent<'lading.shipment.received.v1'> =>
  event.type === 'lading.shipment.received.v1' && event.data.final === true;
