import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move, Place } from '#contracts/move';
import { accountOf, isPartiesStage } from '#ledger/account';
import { movesOf } from '#ledger/touched';
import type { Db } from '../reading/readModel.ts';
import {
  type AccountState,
  type Batch,
  type BookedMove,
  type LineState,
  type OrderState,
  ownedKey,
  type Posting,
} from './batch.ts';
import type { LedgerState } from './ledgerState.ts';
import { learnTracking } from './learnTracking.ts';
import { loadOrders } from './loadOrders.ts';
import { microseconds } from './moment.ts';
import { placeKey } from './placeKey.ts';
import { PoisonEvent } from './poison.ts';

/**
 * Works out what the events do to accounts and order lines, starting from the state before them: the one place where moves are
 * booked, for all read models.
 *
 * @throws {PoisonEvent} for an event of an order that the ledger never placed
 */
export async function book(db: Db, ledger: string, events: readonly LedgerEvent[], state: LedgerState): Promise<Batch> {
  await learnTracking(db, ledger, events, state);
  const booking = new Booking(ledger, events, state, await ordersOf(db, ledger, events, state));
  for (const event of events) booking.add(event);
  return booking;
}

async function ordersOf(
  db: Db,
  ledger: string,
  events: readonly LedgerEvent[],
  state: LedgerState,
): Promise<Map<string, OrderState>> {
  const found = new Map<string, OrderState>();
  const placed = new Set<string>();
  const toLoad = new Set<string>();
  const need = (id: string): void => {
    if (found.has(id) || placed.has(id)) return;
    const known = state.order(id);
    if (known === undefined) toLoad.add(id);
    else found.set(id, known);
  };
  for (const event of events) {
    if (event.type === 'lading.order.placed.v1') placed.add(event.data.order);
    else if (event.type === 'lading.order.line_changed.v1') need(event.data.order);
    for (const { order } of movesOf(event)) need(order);
  }
  for (const order of await loadOrders(db, ledger, [...toLoad])) found.set(order.order, order);
  return found;
}

class Booking implements Batch {
  readonly moves: BookedMove[] = [];
  readonly postings: Posting[] = [];
  readonly opened: AccountState[] = [];
  readonly changed = new Set<AccountState>();
  readonly placed: OrderState[] = [];
  readonly openedLines: LineState[] = [];
  readonly changedLines = new Set<LineState>();
  readonly #firstNew: number;
  readonly #newLines = new Set<LineState>();
  readonly #firstOwned = new Set<string>();

  constructor(
    readonly ledger: string,
    readonly events: readonly LedgerEvent[],
    private readonly state: LedgerState,
    readonly orders: Map<string, OrderState>,
  ) {
    this.#firstNew = state.accounts;
  }

  add(event: LedgerEvent): void {
    if (event.type === 'lading.order.placed.v1') this.#place(event);
    else if (event.type === 'lading.order.line_changed.v1') {
      const { order, line, quantity, window } = event.data;
      this.#change(event, order, line, { quantity, ...window });
    } else if (event.type === 'lading.order.line_cancelled.v1') {
      const { order, line, quantity } = event.data;
      this.#change(event, order, line, { less: quantity });
    }
    const occurred = microseconds(event.time);
    let n = 0;
    for (const move of movesOf(event)) {
      const order = this.#order(event, move.order);
      const from = this.#account(order, move, move.from, occurred);
      const to = this.#account(order, move, move.to, occurred);
      this.moves.push({ event, move, from, to });
      this.#post(event.sequence, n++, from, -move.quantity, occurred);
      this.#post(event.sequence, n++, to, move.quantity, occurred);
    }
  }

  isSerial(item: string): boolean {
    return this.state.tracking.get(item) === 'serial';
  }

  isOpened({ id }: AccountState): boolean {
    return id >= this.#firstNew;
  }

  isFirstOwned({ account: { order, line, owner } }: AccountState): boolean {
    return this.#firstOwned.has(`${order}|${ownedKey(line, owner)}`);
  }

  #place({ data, time, sequence }: LedgerEvent<'lading.order.placed.v1'>): void {
    const { order, buyer, supplier } = data;
    const placed: OrderState = {
      order,
      buyer,
      supplier,
      placed: microseconds(time),
      sequence,
      lines: new Map(),
      accounts: new Map(),
      owned: new Set(),
    };
    for (const [n, { line, item, quantity, window }] of data.lines.entries()) {
      const state: LineState = { order, line, n, item, quantity, from: window.from, to: window.to };
      placed.lines.set(line, state);
      this.openedLines.push(state);
      this.#newLines.add(state);
    }
    this.placed.push(placed);
    this.orders.set(order, placed);
  }

  #change(
    event: LedgerEvent,
    order: string,
    name: string,
    change: { quantity?: number | undefined; less?: number; from?: string; to?: string },
  ): void {
    const line = this.#order(event, order).lines.get(name);
    if (line === undefined) throw new PoisonEvent(event.sequence, `order ${order} has no line ${name}`);
    line.quantity = (change.quantity ?? line.quantity) - (change.less ?? 0);
    line.from = change.from ?? line.from;
    line.to = change.to ?? line.to;
    if (!this.#newLines.has(line)) this.changedLines.add(line);
  }

  #order(event: LedgerEvent, id: string): OrderState {
    const order = this.orders.get(id);
    if (order === undefined) throw new PoisonEvent(event.sequence, `order ${id} was never placed in this ledger`);
    return order;
  }

  #account(order: OrderState, move: Move, place: Place, occurred: number): AccountState {
    const key = placeKey(move.line, place);
    let state = order.accounts.get(key);
    if (state === undefined) {
      state = { id: this.state.accounts++, account: accountOf(move, place), quantity: 0, newest: occurred };
      order.accounts.set(key, state);
      this.opened.push(state);
      const owned = ownedKey(move.line, place.owner);
      if (isPartiesStage(place.stage) && !order.owned.has(owned)) {
        order.owned.add(owned);
        this.#firstOwned.add(`${order.order}|${owned}`);
      }
    }
    return state;
  }

  #post(sequence: number, n: number, account: AccountState, quantity: number, occurred: number): void {
    const late = occurred < account.newest;
    account.quantity += quantity;
    if (!late) account.newest = occurred;
    if (!this.isOpened(account)) this.changed.add(account);
    this.postings.push({ sequence, n, account, quantity, balance: account.quantity, occurred, late });
  }
}
