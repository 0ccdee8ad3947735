import type { EventType } from '#contracts/catalog';
import { isVoid, type LedgerEvent, movesOf, takenBack } from '#contracts/cloudEvent';
import type { Place } from '#contracts/move';
import { inKey, keyOf, type Window } from '#contracts/scalars';
import { type Account, isPartiesStage } from '#ledger/account';
import { Turns } from '#platform/service/turns';
import type { Db } from '../reading/readModel.ts';
import { type PromiseState, promiseFrom } from './promise.ts';
import { arrayLiteral, microsecondsOf } from './values.ts';

/** An account as the last batch left it. */
export interface AccountState {
  readonly id: number;
  readonly account: Account;
  quantity: number;
  /** The newest occurrence on it, in microseconds since 1970. */
  newest: number;
  /** How many postings it ever had. */
  postings: number;
  /** The number of the total that it is a part of: of the first account of that total. */
  total: number;
}

/** An order line as the last batch left it. */
export interface LineState {
  readonly order: string;
  readonly line: string;
  /** Its index in the order. */
  readonly n: number;
  readonly item: string;
  readonly dueFirst: string; // The last day of its window when it was ordered.
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
  /** The numbers of totals, which never change, by `totalKey`: of those that accounts were opened in lately. */
  readonly #totals = new Map<string, number>();
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
    for (const row of await loadAccounts(db, ledger, again)) {
      const accounts = this.old.get(row.order) ?? new Map<string, AccountState>();
      accounts.set(placeKey(row.line, row), accountFrom(row));
      this.old.set(row.order, accounts);
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

  /** Numbers the totals of accounts that are opened: with an account of each new one, so that a rebuild gives the same numbers. */
  async learnTotals(db: Db, ledger: string, opened: readonly AccountState[]): Promise<void> {
    if (this.#totals.size > REMEMBERED_TOTALS) this.#totals.clear();
    const strange = opened.filter(({ account }) => !this.#totals.has(totalKey(account)));
    const unknown = [...new Map(strange.map(({ account }) => [totalKey(account), account])).values()];
    if (unknown.length > 0 && this.past === undefined) {
      const { rows } = await db.query<Account & { readonly total: number }>(TOTALS, [
        ledger,
        ...TOTALLED.map((column) => arrayLiteral(unknown.map((account) => account[column]))),
      ]);
      for (const row of rows) this.#totals.set(totalKey(row), row.total);
    }
    for (const state of opened) {
      const key = totalKey(state.account);
      state.total = this.#totals.get(key) ?? state.id;
      this.#totals.set(key, state.total);
    }
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

const REMEMBERED_TOTALS = 20_000;
const TOTALLED = ['owner', 'item', 'stage', 'custodian'] as const;

/** Names the total of an account. */
const totalKey = ({ owner, item, stage, custodian }: Account): string => keyOf(owner, item, stage, custodian);

const TOTALS = `
  SELECT given.*, found.total
  FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS given (owner, item, stage, custodian)
    CROSS JOIN LATERAL (
      SELECT total FROM holding_totals t
      WHERE ledger = $1 AND t.owner = given.owner AND t.item = given.item AND t.stage = given.stage AND t.custodian = given.custodian OFFSET 0
    ) found`;

type AccountRow = Account & Omit<AccountState, 'account'>;

const accountFrom = ({ id, quantity, newest, postings, total, ...account }: AccountRow): AccountState => ({
  ...{ id, account, quantity, newest, postings, total },
});

const TAKEN_BACK = `SELECT substr(subject, 7) AS "order" FROM activity WHERE ledger = $1 AND voided_by IS NOT NULL AND type = 'lading.order.placed.v1'`;

const loadAccounts = async (db: Db, ledger: string, orders: readonly string[]): Promise<AccountRow[]> =>
  (
    await db.query<AccountRow>(
      `SELECT account AS id, owner, custodian, item, "order", line, stage, shipment, quantity, postings, total,
         ${microsecondsOf('newest')} AS newest
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
    `SELECT "order", line, n, item, quantity, cancelled, due_first AS "dueFirst", window_from AS "from", window_to AS "to", promise
     FROM order_lines WHERE ledger = $1 AND "order" = ANY($2::text[])`,
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
  for (const row of accounts) {
    if (turns.over) await turns.next();
    const order = found.get(row.order);
    order?.accounts.set(placeKey(row.line, row), accountFrom(row));
    const line = order?.lines.get(row.line);
    if (order !== undefined && line !== undefined && row.stage === 'ordered') {
      line.ordered += row.quantity;
      if (row.owner !== order.buyer) line.reallocated += row.quantity;
    }
    if (line === undefined && order !== undefined) found.set(order.order, Object.assign(order, { hasOld: true }));
    else if (isPartiesStage(row.stage)) order?.owned.add(ownedKey(row.line, row.owner));
  }
  return [...found.values()];
}
