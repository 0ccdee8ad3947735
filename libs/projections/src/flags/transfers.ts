import type { LedgerEvent } from '#contracts/cloudEvent';
import { movesOf } from '#ledger/touched';
import type { Batch } from '../engine/batch.ts';
import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import type { Db } from '../reading/readModel.ts';

interface Transfer {
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly sequence: number;
}

const INSERT = 'INSERT INTO transfers SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])';

/** The reallocations and swaps that made a party the owner of units of a line, in sequence order. */
export class Transfers {
  readonly #batch: Batch;
  readonly #sequences = new Map<string, number[]>();
  readonly #new: Transfer[] = [];

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** Those from before the batch, of orders of which units arrive for somebody else than their buyer. */
  async load(db: Db): Promise<void> {
    const asked = new Set<string>();
    for (const { event, move } of this.#batch.moves) {
      if (event.type !== 'lading.shipment.received.v1' || move.from.stage !== 'in_transit') continue;
      if (move.to.owner !== this.#batch.orders.get(move.order)?.buyer) asked.add(move.order);
    }
    if (asked.size === 0) return;
    const { rows } = await db.query<Transfer>(
      `SELECT "order", line, owner, sequence FROM transfers WHERE ledger = $1 AND "order" = ANY($2::text[]) ORDER BY sequence`,
      [this.#batch.ledger, arrayLiteral([...asked])],
    );
    for (const row of rows) this.#put(row);
  }

  add(event: LedgerEvent): void {
    for (const { order, line, from, to } of movesOf(event)) {
      if (from.owner === to.owner || this.to(order, line, to.owner).at(-1) === event.sequence) continue;
      const transfer = { order, line, owner: to.owner, sequence: event.sequence };
      this.#put(transfer);
      this.#new.push(transfer);
    }
  }

  /** The events that made a party the owner of units of a line. */
  to(order: string, line: string, owner: string): readonly number[] {
    return this.#sequences.get(`${order}|${line}|${owner}`) ?? [];
  }

  async write(db: Db): Promise<void> {
    await overRows(
      db,
      INSERT,
      this.#batch.ledger,
      columns(
        this.#new,
        ({ order }) => order,
        ({ line }) => line,
        ({ owner }) => owner,
        ({ sequence }) => sequence,
      ),
    );
  }

  #put({ order, line, owner, sequence }: Transfer): void {
    const key = `${order}|${line}|${owner}`;
    const sequences = this.#sequences.get(key);
    if (sequences === undefined) this.#sequences.set(key, [sequence]);
    else sequences.push(sequence);
  }
}
