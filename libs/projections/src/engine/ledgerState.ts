import type { Completed, EventType } from '#contracts/catalog';
import { isVoid, type LedgerEvent, movesOf, takenBack } from '#contracts/cloudEvent';
import type { Place } from '#contracts/move';
import type { ConfirmationCode } from '#contracts/orderEvents';
import { inKey, keyOf, microseconds, type Window } from '#contracts/scalars';
import { type Account, isPartiesStage } from '#ledger/account';
import { Turns } from '#platform/service/turns';
import type { Db } from '../reading/readModel.ts';
import { arrayLiteral, microsecondsOf } from './values.ts';

/** An account as the last batch left it. */
export interface AccountState {
  readonly id: number;
  readonly account: Account;
  quantity: number;
  /** The newest occurrence on it, in microseconds since 1970. */
  newest: number;
}

/** What the supplier said of a line when it confirmed it last. */
export interface PromiseState {
  readonly code: ConfirmationCode;
  readonly quantity: number;
  readonly window: Window | null;
  readonly reason: string | null;
  /** What was ordered then. */
  readonly ordered: { readonly quantity: number; readonly window: Window };
  readonly sequence: number;
  /** In microseconds since 1970. */
  readonly confirmed: number;
  /** Whether the window that was ordered is still the one that was confirmed. */
  readonly stands: boolean;
}

export type Confirmed = Completed<'lading.order.confirmed.v1'>['lines'][number];

/** What a confirmed line promises from then on. */
export function promiseOf(
  { code, quantity = 0, window, reason, ordered }: Confirmed,
  { sequence, time }: Pick<LedgerEvent, 'sequence' | 'time'>,
): PromiseState {
  const isPromised = code !== 'rejected';
  return {
    code,
    quantity: isPromised ? quantity : 0,
    window: isPromised && window !== undefined ? { from: window.from, to: window.to } : null,
    reason: reason ?? null,
    ordered: { quantity: ordered.quantity, window: { from: ordered.window.from, to: ordered.window.to } },
    sequence,
    confirmed: microseconds(time),
    stands: true,
  };
}

/** An order line as the last batch left it. */
export interface LineState {
  readonly order: string;
  readonly line: string;
  /** Its index in the order. */
  readonly n: number;
  readonly item: string;
  quantity: number;
  /** How many units of it were ever cancelled. */
  cancelled: number;
  from: string;
  to: string;
  promise: PromiseState | null;
  /** How many units of it are still ordered. */
  ordered: number;
  /** Of these, how many are somebody else's than its buyer's. */
  reallocated: number;
}

/** The window that the supplier is held to: the one that it promised, else the one that was ordered. */
export const dueOf = ({ from, to, promise }: LineState): Window =>
  promise?.stands === true && promise.window !== null ? promise.window : { from, to };

/** An order with all accounts that its lines ever had. */
export interface OrderState {
  readonly order: string;
  readonly buyer: string;
  readonly supplier: string;
  /** In microseconds since 1970. */
  readonly placed: number;
  /** Of the event that placed it. */
  readonly sequence: number;
  readonly lines: Map<string, LineState>;
  /** By `placeKey`. */
  readonly accounts: Map<string, AccountState>;
  /** Who ever had units of which line in a party's stage, by `ownedKey`. */
  readonly owned: Set<string>;
  /** Whether it has accounts of lines that were taken back: they are used again. */
  readonly hasOld?: boolean;
}

type KeyedPlace = Pick<Place, 'owner' | 'custodian' | 'stage'> & { readonly shipment?: string | null | undefined };

/** Names an account within its order. */
export const placeKey = (line: string, { owner, custodian, stage, shipment }: KeyedPlace): string =>
  `${inKey(line)}|${inKey(owner)}|${inKey(custodian)}|${stage}|${inKey(shipment ?? '')}`;

export const ownedKey = (line: string, owner: string): string => keyOf(line, owner);

/**
 * A fold of some events of a ledger, those that had occurred by a moment: a move may have occurred, as it was told, before its order was
 * placed, or its line added. It is booked all the same, on a line that nobody has ordered.
 */
interface PastFold {
  /** The orders whose moves are booked; all of them, when it names none. */
  readonly orders?: ReadonlySet<string> | undefined;
}

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
  /** Orders whose placing was taken back; undefined: not looked up yet. Placed again, they use the accounts that they had. */
  #takenBack: Set<string> | undefined;
  /** The accounts of those that the batch places again. */
  readonly old = new Map<string, Map<string, AccountState>>();
  readonly #orders = new Map<string, { readonly order: OrderState; readonly weight: number }>();
  #weight = 0;

  /** @param past a fold of chosen events, which holds all that it knows in memory */
  constructor(
    sequence: number,
    accounts: number,
    readonly past?: PastFold,
  ) {
    this.sequence = sequence;
    this.accounts = accounts;
  }

  /** The orders of which the events move or change anything, from memory or else from the tables; not those that they place. */
  async ordersOf(db: Db, ledger: string, events: readonly LedgerEvent[]): Promise<Map<string, OrderState>> {
    const found = new Map<string, OrderState>();
    const placed = new Set<string>();
    const toLoad = new Set<string>();
    const want = (id: string): void => {
      if (found.has(id) || placed.has(id) || !this.follows(id)) return;
      const remembered = this.#orders.get(id)?.order ?? (this.past && neverPlaced(id));
      if (remembered === undefined) toLoad.add(id);
      else found.set(id, remembered);
    };
    for (const told of events) {
      const event = isVoid(told) ? takenBack(told) : told;
      if (told !== event && event.type === 'lading.order.placed.v1') want(event.data.order);
      else if (event.type === 'lading.order.placed.v1') placed.add(event.data.order);
      else if (CHANGES_LINES.has(event.type) && 'order' in event.data) want(event.data.order);
      for (const { order } of movesOf(event)) want(order);
    }
    await this.#loadOld(db, ledger, placed);
    if (toLoad.size > 0) for (const order of await loadOrders(db, ledger, toLoad)) found.set(order.order, order);
    return found;
  }

  /** Whether the moves of an order are booked. */
  follows(order: string): boolean {
    return this.past?.orders?.has(order) !== false;
  }

  async #loadOld(db: Db, ledger: string, placed: ReadonlySet<string>): Promise<void> {
    this.old.clear();
    if (placed.size === 0 || this.past !== undefined) return;
    if (this.#takenBack === undefined) {
      const { rows } = await db.query<{ order: string }>(TAKEN_BACK, [ledger]);
      this.#takenBack = new Set(rows.map(({ order }) => order));
    }
    const again = [...placed].filter((order) => this.#takenBack?.has(order));
    if (again.length === 0) return;
    for (const { id, quantity, newest, ...account } of await loadAccounts(db, ledger, again)) {
      const accounts = this.old.get(account.order) ?? new Map<string, AccountState>();
      accounts.set(placeKey(account.line, account), { id, account, quantity, newest });
      this.old.set(account.order, accounts);
    }
  }

  /** Learns how the items are tracked that the events move, so that only those with serial numbers are looked at unit by unit. */
  async learnTracking(db: Db, ledger: string, events: readonly LedgerEvent[]): Promise<void> {
    const { tracking } = this;
    const unknown = new Set<string>();
    for (const event of events) {
      if (event.type === 'lading.item.registered.v1') tracking.set(event.data.item, event.data.tracking);
      for (const { item } of movesOf(event)) if (!tracking.has(item)) unknown.add(item);
    }
    for (const item of unknown) if (tracking.has(item)) unknown.delete(item);
    if (unknown.size === 0 || this.past !== undefined) return;
    const { rows } = await db.query<{ item: string; tracking: 'quantity' | 'serial' }>(
      'SELECT item, tracking FROM items WHERE ledger = $1 AND item = ANY($2)',
      [ledger, [...unknown]],
    );
    for (const row of rows) tracking.set(row.item, row.tracking);
  }

  /** Keeps the orders of a batch as the newest, and forgets the oldest ones beyond `most` accounts. */
  remember(orders: Iterable<OrderState>, most: number): void {
    for (const order of orders) {
      this.#forget(order.order);
      const weight = 1 + order.lines.size + order.accounts.size;
      this.#orders.set(order.order, { order, weight });
      this.#weight += weight;
    }
    for (const oldest of this.#orders.keys()) {
      if (this.#weight <= most) return;
      this.#forget(oldest);
    }
  }

  /** Of an order that is not what it was, the tables are asked. */
  forget({ order }: OrderState): void {
    this.#takenBack?.add(order);
    this.#forget(order);
  }

  #forget(id: string): void {
    this.#weight -= this.#orders.get(id)?.weight ?? 0;
    this.#orders.delete(id);
  }
}

/** They say something of the lines of an order, whether they move its units or not. */
const CHANGES_LINES: ReadonlySet<string> = new Set<EventType>([
  'lading.order.lines_added.v1',
  'lading.order.confirmed.v1',
  'lading.order.line_changed.v1',
]);

const neverPlaced = (order: string): OrderState => ({
  ...{ order, buyer: '', supplier: '', placed: 0, sequence: 0 },
  ...{ lines: new Map(), accounts: new Map(), owned: new Set() },
});

type AccountRow = Account & { readonly id: number; readonly quantity: number; readonly newest: number };

/** A promise as a table keeps it, in one text. */
export const promiseFrom = (text: string | null): PromiseState | null =>
  text === null ? null : (JSON.parse(text) as PromiseState);

const TAKEN_BACK = `SELECT substr(subject, 7) AS "order" FROM activity WHERE ledger = $1 AND voided_by IS NOT NULL AND type = 'lading.order.placed.v1'`;

const loadAccounts = async (db: Db, ledger: string, orders: readonly string[]): Promise<AccountRow[]> =>
  (
    await db.query<AccountRow>(
      `SELECT account AS id, owner, custodian, item, "order", line, stage, shipment, quantity, ${microsecondsOf('newest')} AS newest
       FROM holdings WHERE ledger = $1 AND "order" = ANY($2::text[])`,
      [ledger, arrayLiteral(orders)],
    )
  ).rows;

/** Orders with their lines and accounts, as they are in the tables. */
async function loadOrders(db: Db, ledger: string, ids: Iterable<string>): Promise<OrderState[]> {
  const values = [ledger, arrayLiteral([...ids])];
  const orders = await db.query<Omit<OrderState, 'lines' | 'accounts' | 'owned'>>(
    `SELECT "order", buyer, supplier, ${microsecondsOf('placed')} AS placed, sequence FROM orders
     WHERE ledger = $1 AND "order" = ANY($2::text[])`,
    values,
  );
  const lines = await db.query<
    Omit<LineState, 'promise' | 'ordered' | 'reallocated'> & { readonly promise: string | null }
  >(
    `SELECT "order", line, n, item, quantity, cancelled, window_from AS "from", window_to AS "to", promise FROM order_lines
     WHERE ledger = $1 AND "order" = ANY($2::text[])`,
    values,
  );
  const accounts = await loadAccounts(db, ledger, [...ids]);
  const found = new Map<string, OrderState>();
  const turns = new Turns();
  for (const row of orders.rows)
    found.set(row.order, { ...row, lines: new Map(), accounts: new Map(), owned: new Set() });
  for (const { promise, ...line } of lines.rows) {
    if (turns.over) await turns.next();
    found.get(line.order)?.lines.set(line.line, { ...line, promise: promiseFrom(promise), ordered: 0, reallocated: 0 });
  }
  for (const { id, quantity, newest, ...account } of accounts) {
    if (turns.over) await turns.next();
    const order = found.get(account.order);
    order?.accounts.set(placeKey(account.line, account), { id, account, quantity, newest });
    const line = order?.lines.get(account.line);
    if (order !== undefined && line !== undefined && account.stage === 'ordered') {
      line.ordered += quantity;
      if (account.owner !== order.buyer) line.reallocated += quantity;
    }
    if (line === undefined && order !== undefined) found.set(order.order, Object.assign(order, { hasOld: true }));
    else if (isPartiesStage(account.stage)) order?.owned.add(ownedKey(account.line, account.owner));
  }
  return [...found.values()];
}
