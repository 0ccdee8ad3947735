import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyOf } from '#contracts/scalars';
import type { Batch } from '../engine/batch.ts';
import { bigint, id, Table } from '../engine/table.ts';
import { arrayLiteral } from '../engine/values.ts';
import type { Db } from '../reading/readModel.ts';
import { hasArrived, type UnitsOnTheWay } from './rules.ts';

// The reallocations and swaps that made a party the owner of units of a line: what stands behind goods that were redirected.
export const transfers = new Table('transfers', {
  columns: { order: id, line: id, owner: id, sequence: bigint },
  key: ['order', 'line', 'owner', 'sequence'],
});

interface Transfer {
  readonly order: string;
  readonly line: string;
  readonly owner: string;
  readonly sequence: number;
}

const insertTransfers = transfers.insert<Transfer>({
  order: ({ order }) => order,
  line: ({ line }) => line,
  owner: ({ owner }) => owner,
  sequence: ({ sequence }) => sequence,
});

/** What the rules look at besides the event: as it was before the batch, and then followed through the batch's events. */
export class Background {
  readonly controls = new Map<string, readonly string[]>();
  readonly #batch: Batch;
  readonly #consignees = new Map<string, string>();
  readonly #proposals = new Map<string, number>();
  readonly #transfers = new Map<string, number[]>();
  readonly #newTransfers: Transfer[] = [];
  /** By shipment, of those of which the batch has a final receipt; no other shipment is asked for or followed. */
  readonly #onTheWay = new Map<string, Map<string, UnitsOnTheWay>>();
  readonly #ending: ReadonlySet<string>;

  constructor(batch: Batch) {
    this.#batch = batch;
    this.#ending = new Set(
      batch.events.flatMap(({ type, data }) =>
        type === 'lading.shipment.received.v1' && data.final === true ? [data.shipment] : [],
      ),
    );
  }

  /** Asks for what the batch's events need, all at once. */
  async load(db: Db): Promise<void> {
    await Promise.all([
      this.#loadControls(db),
      this.#loadConsignees(db),
      this.#loadProposals(db),
      this.#loadOnTheWay(db),
      this.#loadTransfers(db),
    ]);
  }

  learn(event: LedgerEvent): void {
    const { type, data, sequence } = event;
    this.#followShipments(event);
    if (type === 'lading.reallocation.made.v1' || type === 'lading.swap.executed.v1') this.#followOwners(event);
    if (type === 'lading.party.registered.v1') this.controls.set(data.party, data.controlledBy ?? []);
    else if (type === 'lading.swap.proposed.v1') this.#proposals.set(data.swap, sequence);
    else if (type === 'lading.shipment.dispatched.v1') {
      if (!this.#consignees.has(data.shipment)) this.#consignees.set(data.shipment, data.consignee);
    } else if (type === 'lading.shipment.rescheduled.v1') {
      if (data.consignee !== undefined) this.#consignees.set(data.shipment, data.consignee);
    } else if ('consignees' in data) {
      for (const { shipment, consignee } of data.consignees ?? []) this.#consignees.set(shipment, consignee);
    }
  }

  consigneeOf(shipment: string): string | undefined {
    return this.#consignees.get(shipment);
  }

  /** The event that proposed the swap that this event executes. */
  proposalOf({ type, data }: LedgerEvent): number | undefined {
    return type === 'lading.swap.executed.v1' ? this.#proposals.get(data.swap) : undefined;
  }

  /** What is on the way on a shipment, by order, line and owner. */
  onTheWay(shipment: string): UnitsOnTheWay[] {
    const own = [...(this.#onTheWay.get(shipment)?.values() ?? [])].filter(({ quantity }) => quantity > 0);
    return own.sort((a, b) => (shipmentLineKey(a) < shipmentLineKey(b) ? -1 : 1));
  }

  /** The events that made a party the owner of units of a line, in sequence order. */
  transfersOf(order: string, line: string, owner: string): readonly number[] {
    return this.#transfers.get(keyOf(order, line, owner)) ?? [];
  }

  async keepTransfers(db: Db): Promise<void> {
    await insertTransfers(db, this.#batch.ledger, this.#newTransfers);
  }

  #followShipments(event: LedgerEvent): void {
    if (this.#ending.size === 0) return;
    for (const { order, line, item, quantity, from, to } of movesOf(event)) {
      if (from.shipment !== undefined)
        this.#addOnTheWay({ order, line, item, owner: from.owner, shipment: from.shipment, quantity: -quantity });
      if (to.shipment !== undefined)
        this.#addOnTheWay({ order, line, item, owner: to.owner, shipment: to.shipment, quantity });
    }
  }

  #addOnTheWay(units: UnitsOnTheWay): void {
    if (!this.#ending.has(units.shipment)) return;
    const own = this.#onTheWay.get(units.shipment) ?? new Map<string, UnitsOnTheWay>();
    const key = shipmentLineKey(units);
    own.set(key, { ...units, quantity: units.quantity + (own.get(key)?.quantity ?? 0) });
    this.#onTheWay.set(units.shipment, own);
  }

  #followOwners(event: LedgerEvent): void {
    const { sequence } = event;
    for (const { order, line, from, to } of movesOf(event)) {
      if (from.owner === to.owner || this.transfersOf(order, line, to.owner).at(-1) === sequence) continue;
      const transfer = { order, line, owner: to.owner, sequence };
      this.#addTransfer(transfer);
      this.#newTransfers.push(transfer);
    }
  }

  #addTransfer({ order, line, owner, sequence }: Transfer): void {
    const key = keyOf(order, line, owner);
    const sequences = this.#transfers.get(key);
    if (sequences === undefined) this.#transfers.set(key, [sequence]);
    else sequences.push(sequence);
  }

  /** Everyone who is controlled, by whom: asked for only when the batch changes an owner. */
  async #loadControls(db: Db): Promise<void> {
    const { ledger, events } = this.#batch;
    const changesOwners = events.some(
      ({ type }) => type === 'lading.reallocation.made.v1' || type === 'lading.swap.executed.v1',
    );
    if (!changesOwners) return;
    const { rows } = await db.query<{ party: string; by: string[] }>(
      `SELECT party, controlled_by AS by FROM parties WHERE ledger = $1 AND controlled_by <> '{}'`,
      [ledger],
    );
    for (const { party, by } of rows) this.controls.set(party, by);
  }

  /** Who the shipments are for of which the batch receives something. */
  async #loadConsignees(db: Db): Promise<void> {
    const { ledger, events } = this.#batch;
    const received = new Set(
      events.flatMap(({ type, data }) => (type === 'lading.shipment.received.v1' ? [data.shipment] : [])),
    );
    if (received.size === 0) return;
    const { rows } = await db.query<{ shipment: string; consignee: string }>(
      'SELECT shipment, consignee FROM shipments WHERE ledger = $1 AND shipment = ANY($2::text[])',
      [ledger, arrayLiteral([...received])],
    );
    for (const { shipment, consignee } of rows) this.#consignees.set(shipment, consignee);
  }

  /** Which events proposed the swaps that the batch executes. */
  async #loadProposals(db: Db): Promise<void> {
    const { ledger, events } = this.#batch;
    const executed = events.flatMap(({ type, data }) => (type === 'lading.swap.executed.v1' ? [data.swap] : []));
    if (executed.length === 0) return;
    const { rows } = await db.query<{ swap: string; sequence: number }>(
      'SELECT swap, proposed_sequence AS sequence FROM swaps WHERE ledger = $1 AND swap = ANY($2::text[])',
      [ledger, arrayLiteral(executed)],
    );
    for (const { swap, sequence } of rows) this.#proposals.set(swap, sequence);
  }

  async #loadOnTheWay(db: Db): Promise<void> {
    if (this.#ending.size === 0) return;
    const { rows } = await db.query<UnitsOnTheWay>(
      `SELECT shipment, "order", line, owner, item, in_transit::float8 AS quantity FROM shipment_lines
       WHERE ledger = $1 AND shipment = ANY($2::text[]) AND in_transit > 0`,
      [this.#batch.ledger, arrayLiteral([...this.#ending])],
    );
    for (const row of rows) this.#addOnTheWay(row);
  }

  /** Of orders of which units arrive for somebody else than their buyer. */
  async #loadTransfers(db: Db): Promise<void> {
    const { ledger, moves, orders } = this.#batch;
    const asked = new Set<string>();
    for (const { event, move } of moves) {
      if (event.type !== 'lading.shipment.received.v1' || !hasArrived(move)) continue;
      if (move.to.owner !== orders.get(move.order)?.buyer) asked.add(move.order);
    }
    if (asked.size === 0) return;
    const { rows } = await db.query<Transfer>(
      `SELECT "order", line, owner, sequence FROM transfers WHERE ledger = $1 AND "order" = ANY($2::text[]) ORDER BY sequence`,
      [ledger, arrayLiteral([...asked])],
    );
    for (const row of rows) this.#addTransfer(row);
  }
}

const shipmentLineKey = ({ shipment, order, line, owner }: UnitsOnTheWay): string =>
  keyOf(shipment, order, line, owner);
