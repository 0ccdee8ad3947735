import { Stage } from '#contracts/scalars';
import { type Account, type Goods, MAX_BALANCE, mayBeNegative } from '#ledger/account';

/** One end of a move, as it is written in an event. */
interface End {
  readonly owner: string;
  readonly custodian: string;
  readonly stage: string;
  readonly shipment?: string;
}

const STAGES: ReadonlySet<string> = new Set(Stage.options);
/** An id is never of several lines, so that a line end divides the parts of a key. */
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && !value.includes('\n');

const PART = '"([^"\\\\\\x00-\\x1f]+)"';
const END = `\\{"owner":${PART},"custodian":${PART},"stage":"(${Stage.options.join('|')})"(?:,"shipment":${PART})?\\}`;
/** A move as the ledger writes it, nothing in it escaped, at the place of a text where it is looked for; and what follows it. */
const MOVE = new RegExp(
  `\\{"item":${PART},"order":${PART},"line":${PART},"quantity":([1-9]\\d{0,9}),(?:"serials":\\[[^\\]]*\\],)?"from":${END},"to":${END}\\}(?:,|(?=\\]$))`,
  'y',
);

/**
 * What each account has, from nothing but the moves: one number for each account that is not at zero. It trusts no event: a move that
 * does not book as much as it takes, or from or to no account, is said to be wrong.
 */
export class Balances {
  readonly #balances: Map<string, number>;
  readonly #touched: string[] = [];

  constructor(saved: Iterable<readonly [string, number]> = []) {
    this.#balances = new Map(saved);
  }

  /** Books the moves of an event. @returns what is wrong with them; undefined when nothing is */
  book(moves: unknown): string | undefined {
    if (moves === undefined) return undefined;
    if (!Array.isArray(moves)) return 'its moves are no list';
    const read: Booking[] = [];
    for (const [index, move] of (moves as readonly unknown[]).entries()) {
      const booking = parse(move);
      if (booking === undefined) return `its move ${index} takes nothing from one account to another`;
      read.push(booking);
    }
    return this.#bookAll(read);
  }

  #bookAll(bookings: readonly Booking[]): string | undefined {
    this.#touched.length = 0;
    for (const { quantity, from, to } of bookings) {
      this.#post(from, -quantity);
      this.#post(to, quantity);
    }
    for (const key of this.#touched) {
      const balance = this.#balances.get(key);
      if (balance === undefined || balance >= 0) continue;
      const account = accountIn(key);
      if (!mayBeNegative(account.stage)) return `it takes more than there is: ${said(account)} is at ${balance}`;
    }
    return undefined;
  }

  /** The same of moves as JSON, which saves most of the time that it takes to parse them. @throws {SyntaxError} when it is no JSON */
  bookText(moves: string): string | undefined {
    if (moves === '') return undefined;
    const read: Booking[] = [];
    for (let at = 1; at < moves.length - 1; at = MOVE.lastIndex) {
      MOVE.lastIndex = at;
      const move = MOVE.exec(moves);
      if (move === null || Number(move[4]) > MAX_BALANCE) return this.book(JSON.parse(moves));
      const [
        ,
        item,
        order,
        line,
        quantity,
        owner,
        custodian,
        stage,
        shipment = '',
        toOwner,
        toCustodian,
        toStage,
        toShipment = '',
      ] = move;
      read.push({
        quantity: Number(quantity),
        from: `${item}\n${order}\n${line}\n${owner}\n${custodian}\n${stage}\n${shipment}`,
        to: `${item}\n${order}\n${line}\n${toOwner}\n${toCustodian}\n${toStage}\n${toShipment}`,
      });
    }
    return this.#bookAll(read);
  }

  /** Accounts that are not at zero. */
  get size(): number {
    return this.#balances.size;
  }

  /** Every account that is not at zero. */
  *accounts(): Generator<Account & { readonly quantity: number }> {
    for (const [key, quantity] of this.#balances) yield { ...accountIn(key), quantity };
  }

  /** To go on from later. */
  entries(): IterableIterator<[string, number]> {
    return this.#balances.entries();
  }

  /** Takes an account out, for whoever goes through all of them. @returns what is on it; 0 when it is not there */
  take({ item, order, line, ...end }: Account): number {
    const key = keyOf(`${item}\n${order}\n${line}`, end);
    const quantity = this.#balances.get(key) ?? 0;
    this.#balances.delete(key);
    return quantity;
  }

  #post(key: string, quantity: number): void {
    const balance = (this.#balances.get(key) ?? 0) + quantity;
    if (balance === 0) this.#balances.delete(key);
    else this.#balances.set(key, balance);
    if (quantity < 0) this.#touched.push(key);
  }
}

/** The accounts of a move, by keys, and how many units it books: as many as it takes. */
interface Booking {
  readonly quantity: number;
  readonly from: string;
  readonly to: string;
}

/** Undefined when it is no move. */
function parse(move: unknown): Booking | undefined {
  if (typeof move !== 'object' || move === null) return undefined;
  const { item, order, line, quantity, from, to } = move as Readonly<Record<string, unknown>>;
  const isMove =
    isText(item) &&
    isText(order) &&
    isText(line) &&
    Number.isInteger(quantity) &&
    (quantity as number) >= 1 &&
    (quantity as number) <= MAX_BALANCE &&
    isEnd(from) &&
    isEnd(to);
  if (!isMove) return undefined;
  const goods = `${item}\n${order}\n${line}`;
  return { quantity: quantity as number, from: keyOf(goods, from), to: keyOf(goods, to) };
}

function isEnd(end: unknown): end is End {
  if (typeof end !== 'object' || end === null) return false;
  const { owner, custodian, stage, shipment } = end as Readonly<Record<string, unknown>>;
  return (
    isText(owner) &&
    isText(custodian) &&
    typeof stage === 'string' &&
    STAGES.has(stage) &&
    (shipment === undefined || isText(shipment))
  );
}

const keyOf = (goods: string, { owner, custodian, stage, shipment }: Omit<Account, keyof Goods> | End): string =>
  `${goods}\n${owner}\n${custodian}\n${stage}\n${shipment ?? ''}`;

function accountIn(key: string): Account {
  const [item = '', order = '', line = '', owner = '', custodian = '', stage = '', shipment = ''] = key.split('\n');
  return {
    ...{ owner, custodian, item, order, line },
    ...{ stage: stage as Account['stage'], shipment: shipment === '' ? null : shipment },
  };
}

export const said = ({ owner, custodian, item, order, line, stage, shipment }: Account): string =>
  `${item} of order ${order}, line ${line}, ${stage} at ${custodian} for ${owner}${shipment === null ? '' : ` on ${shipment}`}`;
