import { isVoid, type LedgerEvent, movesOf, takenBack } from '#contracts/cloudEvent';
import type { Restored } from '#contracts/ledgerEvents';
import type { Move, Place } from '#contracts/move';
import { inKey, microseconds } from '#contracts/scalars';
import { accountOf, isPartiesStage } from '#ledger/account';
import type { Db } from '../reading/readModel.ts';
import {
  type AccountState,
  type LedgerState,
  type LineState,
  type OrderState,
  ownedKey,
  placeKey,
} from './ledgerState.ts';
import { PoisonEvent } from '#feed/poison';
import { type Confirmed, promiseOf } from './promise.ts';
import { unsaid } from './undone.ts';

/** A move with its event and the accounts it goes between. */
export interface BookedMove {
  readonly event: LedgerEvent;
  readonly move: Move;
  readonly from: AccountState;
  readonly to: AccountState;
}

export interface Posting {
  readonly sequence: number;
  /** Its number among the event's postings: from and to of the first move, then of the second. */
  readonly n: number;
  readonly account: AccountState;
  readonly quantity: number;
  /** Of the account, after it. */
  readonly balance: number;
  /** In microseconds since 1970. */
  readonly occurred: number;
  /** It occurred before an earlier posting of its account. */
  readonly late: boolean;
  /** How many postings its account has with it. */
  readonly rank: number;
}

/** Stands in for what only questions read, which is made when all is there, while nobody asks a version yet. */
export interface Filling {
  mark(db: Db, ledger: string, postings: readonly Posting[]): Promise<void>;
}

/**
 * Works out what the events do to accounts and order lines, starting from the state before them: the one place where moves are
 * booked, for all read models.
 *
 * @throws {PoisonEvent} for an event of an order that the ledger never placed
 */
export async function batchOf(
  db: Db,
  ledger: string,
  events: readonly LedgerEvent[],
  state: LedgerState,
  filling?: Filling,
): Promise<Batch> {
  await state.learnTracking(db, ledger, events);
  const batch = new Batch(ledger, events, state, await state.ordersOf(db, ledger, events), filling);
  for (const event of events) batch.add(event);
  await state.learnTotals(db, ledger, batch.opened);
  return batch;
}

const NOTHING_YET = { cancelled: 0, promise: null, ordered: 0, reallocated: 0 };

/** Events of one ledger that follow each other, with what they do to accounts and order lines already worked out. */
export class Batch {
  readonly moves: BookedMove[] = [];
  readonly postings: Posting[] = [];
  /** Accounts that are new, in the order of their numbers. */
  readonly opened: AccountState[] = [];
  /** Accounts that were there and changed. */
  readonly changed = new Set<AccountState>();
  readonly placed: OrderState[] = [];
  readonly openedLines: LineState[] = [];
  readonly changedLines = new Set<LineState>();
  /** Lines of which something changed, or units came to be ordered or left, as they were before the batch; undefined: a new line. */
  readonly linesBefore = new Map<LineState, LineState | undefined>();
  /** Lines that a void takes away, and orders of which it takes some, or all. */
  readonly removedLines: LineState[] = [];
  readonly removed: OrderState[] = [];
  readonly #firstNew: number;
  readonly #newLines = new Set<LineState>();
  readonly #firstOwned = new Set<string>();

  constructor(
    readonly ledger: string,
    readonly events: readonly LedgerEvent[],
    private readonly state: LedgerState,
    /** Every order that an event of the batch places, changes, or moves units of. */
    readonly orders: Map<string, OrderState>,
    /** Undefined when its version may be asked. */
    readonly filling: Filling | undefined,
  ) {
    this.#firstNew = state.accounts;
  }

  /** Whether it is of chosen events: lines may be missing. */
  get isOfPast(): boolean {
    return this.state.past !== undefined;
  }

  add(event: LedgerEvent): void {
    if (event.type.startsWith('lading.order.') && !this.state.follows((event.data as { order: string }).order)) return;
    if (isVoid(event)) this.#undo(takenBack(event), event.data.restored ?? {});
    else if (event.type === 'lading.order.placed.v1') this.#place(event);
    else if (event.type === 'lading.order.lines_added.v1') this.#addLines(this.#order(event, event.data.order), event);
    else if (event.type === 'lading.order.line_changed.v1') {
      const { order, line, quantity, window } = event.data;
      this.#change(event, order, line, { quantity, ...window });
    } else if (event.type === 'lading.order.confirmed.v1') {
      for (const line of event.data.lines) this.#change(event, event.data.order, line.line, { confirmed: line });
    } else if (event.type === 'lading.order.line_cancelled.v1') {
      const { order, line, quantity } = event.data;
      this.#change(event, order, line, { less: quantity });
    }
    const occurred = microseconds(event.time);
    let n = 0;
    for (const move of movesOf(event)) {
      if (!this.state.follows(move.order)) continue;
      const order = this.#order(event, move.order);
      const from = this.#account(order, move, move.from, occurred);
      const to = this.#account(order, move, move.to, occurred);
      this.moves.push({ event, move, from, to });
      if (isVoid(event) && from.account.stage === 'cancelled' && to.account.stage === 'ordered')
        this.#change(event, move.order, move.line, { cancelled: -move.quantity });
      if (to.account.stage === 'cancelled' && !isVoid(event))
        this.#change(event, move.order, move.line, { cancelled: move.quantity });
      this.#post(event.sequence, n++, from, -move.quantity, occurred);
      this.#post(event.sequence, n++, to, move.quantity, occurred);
      this.#countOrdered(order, from, -move.quantity);
      this.#countOrdered(order, to, move.quantity);
    }
    if (isVoid(event)) this.#remove(takenBack(event));
  }

  /** After the moves of a void: the lines that its event had added are not there any more, nor is the order that it had placed. */
  #remove({ type, data }: LedgerEvent): void {
    if (type !== 'lading.order.placed.v1' && type !== 'lading.order.lines_added.v1') return;
    const order = this.orders.get(data.order);
    if (order === undefined) return;
    for (const { line: name } of data.lines) {
      const line = order.lines.get(name);
      if (line === undefined) continue;
      this.removedLines.push(line);
      order.lines.delete(name);
    }
    if (type === 'lading.order.placed.v1') this.orders.delete(data.order);
    this.removed.push(order);
  }

  /** What an event said of lines is as it was before it. */
  #undo(undone: LedgerEvent, restored: Restored): void {
    for (const { order, line: name, less, window, promise } of unsaid(undone, restored)) {
      this.#change(undone, order, name, { less, ...window });
      const line = this.#order(undone, order).lines.get(name);
      if (line !== undefined && promise !== undefined) line.promise = promise;
    }
  }

  /** Whether an item is tracked by serial number. */
  isSerial(item: string): boolean {
    return this.state.tracking.get(item) === 'serial';
  }

  isOpened({ id }: AccountState): boolean {
    return id >= this.#firstNew;
  }

  /** Whether a party has units of an account's line for the first time. */
  isFirstOwned({ account: { order, line, owner } }: AccountState): boolean {
    return this.#firstOwned.has(`${inKey(order)}|${ownedKey(line, owner)}`);
  }

  #place(event: LedgerEvent<'lading.order.placed.v1'>): void {
    const { time, sequence } = event;
    const { order, buyer, supplier } = event.data;
    const placed: OrderState = {
      order,
      buyer,
      supplier,
      placed: microseconds(time),
      sequence,
      lines: new Map(),
      accounts: this.state.old.get(order) ?? new Map<string, AccountState>(),
      owned: new Set(),
      hasOld: this.state.old.has(order),
    };
    this.placed.push(placed);
    this.orders.set(order, placed);
    this.#addLines(placed, event);
  }

  #addLines(
    { order, lines, accounts, hasOld }: OrderState,
    { data }: LedgerEvent<'lading.order.placed.v1' | 'lading.order.lines_added.v1'>,
  ): void {
    let next = 0;
    for (const one of lines.values()) next = Math.max(next, one.n + 1);
    for (const { line, item, quantity, window } of data.lines) {
      const n = next++;
      // A line that was taken back may have been of another item.
      if (hasOld === true)
        for (const [key, { account }] of accounts)
          if (account.line === line && account.item !== item) accounts.delete(key);
      const state: LineState = { order, line, n, item, dueFirst: window.to, quantity, ...window, ...NOTHING_YET };
      lines.set(line, state);
      this.openedLines.push(state);
      this.#newLines.add(state);
      this.linesBefore.set(state, undefined);
    }
  }

  #change(
    event: LedgerEvent,
    order: string,
    name: string,
    change: {
      quantity?: number | undefined;
      less?: number;
      cancelled?: number;
      from?: string;
      to?: string;
      confirmed?: Confirmed;
    },
  ): void {
    const line = this.#order(event, order).lines.get(name);
    if (line === undefined && this.isOfPast) return;
    if (line === undefined) throw new PoisonEvent(event.sequence, `order ${order} has no line ${name}`);
    this.#keepBefore(line);
    line.quantity = (change.quantity ?? line.quantity) - (change.less ?? 0);
    line.cancelled += change.cancelled ?? 0;
    line.from = change.from ?? line.from;
    line.to = change.to ?? line.to;
    const { promise } = line;
    // A window that was ordered later, by when it occurred, is not what was confirmed.
    if (change.to !== undefined && promise !== null && promise.confirmed <= microseconds(event.time))
      line.promise = { ...promise, stands: false };
    if (change.confirmed !== undefined) line.promise = promiseOf(change.confirmed, event);
    if (!this.#newLines.has(line)) this.changedLines.add(line);
  }

  #countOrdered(
    { lines, buyer }: OrderState,
    { account: { line: name, stage, owner } }: AccountState,
    units: number,
  ): void {
    const line = stage === 'ordered' ? lines.get(name) : undefined;
    if (line === undefined) return;
    this.#keepBefore(line);
    line.ordered += units;
    if (owner !== buyer) line.reallocated += units;
  }

  #keepBefore(line: LineState): void {
    if (!this.linesBefore.has(line)) this.linesBefore.set(line, { ...line });
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
      const [id, account] = [this.state.accounts++, accountOf(move, place)];
      state = { id, account, quantity: 0, newest: occurred, postings: 0, total: id };
      order.accounts.set(key, state);
      this.opened.push(state);
      this.#own(order, move.line, place);
    } else if (order.hasOld === true) this.#own(order, move.line, place);
    return state;
  }

  #own(order: OrderState, line: string, { owner, stage }: Place): void {
    const owned = ownedKey(line, owner);
    if (!isPartiesStage(stage) || order.owned.has(owned)) return;
    order.owned.add(owned);
    this.#firstOwned.add(`${inKey(order.order)}|${owned}`);
  }

  #post(sequence: number, n: number, account: AccountState, quantity: number, occurred: number): void {
    const late = occurred < account.newest;
    account.quantity += quantity;
    if (!late) account.newest = occurred;
    if (!this.isOpened(account)) this.changed.add(account);
    const rank = ++account.postings;
    this.postings.push({ sequence, n, account, quantity, balance: account.quantity, occurred, late, rank });
  }
}
