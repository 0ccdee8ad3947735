import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { microseconds, type Stage } from '#contracts/scalars';
import { accountKey, type Goods, type Holding, keyAt } from './account.ts';
import { type Lot, queueUp, sinceAfter, takeFirst } from './lots.ts';

/** A leg whose units have not arrived yet: `leg` is its index in the swap's legs, `from` the party that gave them, `executed` when. */
interface PendingLeg {
  readonly swap: string;
  readonly leg: number;
  readonly from: string;
  readonly executed: string;
}

/** Units of one account, and the leg that they are. */
interface LegLot extends Lot {
  readonly leg?: PendingLeg;
}

/** The lots of one order line by account (`accountKey`), first in first. Plain JSON: a read model keeps it in a row a line. */
export type Lots = Readonly<Record<string, readonly LegLot[]>>;

/**
 * Units of a leg that count as received by this event. They count from `occurred` on, the later of the event and the execution of the
 * swap: an event that is told late may have occurred before there was anything to receive.
 */
export interface LegReceived {
  readonly swap: string;
  readonly leg: number;
  readonly quantity: number;
  readonly occurred: string;
}

/** Units of a leg that will not arrive: they stay owed, and are shown as this. Below zero: lost units that arrived after all. */
export interface LegGone {
  readonly swap: string;
  readonly leg: number;
  readonly quantity: number;
  readonly occurred: string;
  readonly how: 'cancelled' | 'lost' | 'returned' | 'given_back';
}

export interface Attribution {
  readonly lots: Lots;
  readonly received: readonly LegReceived[];
  readonly gone: readonly LegGone[];
}

/**
 * Which swap leg the units of one order line are, as they move: an incremental fold that exchange balances are made from
 * (docs/decisions/016). Apply the events of a ledger in sequence order; an event that does not move units of this line
 * changes nothing. The rules:
 *
 * - Only ordered units, units in transit and lost units can be a leg's that has not arrived. They stand in lots, a queue an account.
 *   An executed swap puts a lot with its leg on each account that the leg's moves reach; all other units are in lots too,
 *   without a leg, because they take turns with those.
 * - Whatever leaves an account leaves it first in, first out: ordered by when its owner got it (the event's sequence),
 *   wherever the units have been since. A lot keeps its turn on its way from account to account of the same owner.
 * - Units of a leg are received when they reach `held` or `damaged` under the leg's `to`, whoever has custody; at
 *   execution when they are there already. What happens to them afterwards (returned, scrapped, counted) is another matter.
 * - Units passed on before they arrive, by a reallocation or another swap, count as received then: their
 *   owner disposed of them. Only a plain reallocation back to the party that gave them undoes the gift: `given_back`.
 * - Units cancelled, lost, refused in transit (returned), or replaced by another item before they arrive are `gone`: they stay owed. Lost units that
 *   arrive after all are received then, and no longer gone.
 * - Everything an event takes is taken from the lots before it: no leg spends what another brings.
 * - Serial numbers do not matter: units of one line and owner are alike.
 *
 * Throws an Error when the lots do not hold what the event moves: an event was left out, or the lots are another line's.
 *
 * @param mayLack where events are left out on purpose, what the lots do not hold is nobody's leg
 */
export function attribute(
  lots: Lots,
  event: LedgerEvent,
  { order, line }: Omit<Goods, 'item'>,
  mayLack = false,
): Attribution {
  const book = new LotBook(lots, event, mayLack);
  const legs = event.type === 'lading.swap.executed.v1' ? legsOf(event) : undefined;
  const taken = movesOf(event).flatMap((move, index) =>
    move.order === order && move.line === line ? { move, leg: legs?.[index], units: book.take(move) } : [],
  );
  for (const { move, leg, units } of taken) for (const lot of units) book.put(lot, move, leg);
  return book.done();
}

/**
 * The lots of a line that no pending swap has touched yet, from its holdings before that swap's execution. All of it came
 * before the swap, so its order among itself does not matter: a read model may begin here instead of at the order, and
 * may forget the lots again when `isPending` is false.
 */
export function startLots(holdings: Iterable<Holding>): Lots {
  const lots: Record<string, LegLot[]> = {};
  for (const holding of holdings) {
    if (mayArrive(holding.stage) && holding.quantity > 0) {
      lots[accountKey(holding)] = [{ quantity: holding.quantity, since: 0 }];
    }
  }
  return lots;
}

/** Whether units of some leg have yet to arrive. */
export const isPending = (lots: Lots): boolean =>
  Object.values(lots).some((queue) => queue.some(({ leg }) => leg !== undefined));

const onTheWay = (stage: Stage): boolean => stage === 'ordered' || stage === 'in_transit';
/** Lost units may turn up, so they keep their turn, too. */
const mayArrive = (stage: Stage): boolean => onTheWay(stage) || stage === 'lost';
const hasArrived = (stage: Stage): boolean => stage === 'held' || stage === 'damaged';

/** The leg of each move of an executed swap: moves are in the order of the legs, each leg's summing to its quantity. */
function legsOf({ time, data: { swap, legs, moves } }: LedgerEvent<'lading.swap.executed.v1'>): PendingLeg[] {
  let at = 0;
  let open = legs[0]?.quantity ?? 0;
  return moves.map(({ quantity }) => {
    while (open === 0) open = legs[++at]?.quantity ?? quantity;
    open -= quantity;
    return { swap, leg: at, from: legs[at]?.from ?? '', executed: time };
  });
}

/** The lots of one line while one event is applied; accounts that it does not touch are shared with the lots before. */
class LotBook {
  readonly #lots: Record<string, readonly LegLot[]>;
  readonly #sequence: number;
  readonly #time: string;
  readonly #received: LegReceived[] = [];
  readonly #gone: LegGone[] = [];

  constructor(
    lots: Lots,
    { sequence, time }: LedgerEvent,
    private readonly mayLack: boolean,
  ) {
    this.#lots = { ...lots };
    this.#sequence = sequence;
    this.#time = time;
  }

  /** Takes a move's units off its `from`, first in, first out. */
  take(move: Move): LegLot[] {
    if (!mayArrive(move.from.stage)) return [{ quantity: move.quantity, since: this.#sequence }];
    const key = keyAt(move, move.from);
    const left = [...(this.#lots[key] ?? [])];
    const taken = takeFirst(left, move.quantity);
    const open = taken.reduce((short, { quantity }) => short - quantity, move.quantity);
    // Lots that were written down before lost units were kept in them.
    if (open > 0 && (this.mayLack || move.from.stage === 'lost')) taken.push({ quantity: open, since: 0 });
    else if (open > 0) throw new Error(`the lots of ${key} are ${open} units short at sequence ${this.#sequence}`);
    this.#set(key, left);
    return taken;
  }

  /** Puts units that a move took where it takes them, and says what that means for the leg they were, and are now. */
  put(lot: LegLot, move: Move, leg: PendingLeg | undefined): void {
    const { from, to } = move;
    const stays = from.owner === to.owner && !hasArrived(to.stage) && onTheWay(to.stage);
    if (lot.leg !== undefined && from.stage === 'lost') this.#turnsUp(lot.leg, lot.quantity, move);
    else if (lot.leg !== undefined && !stays) this.#settle(lot.leg, lot.quantity, move, leg);

    const since = sinceAfter(move, lot.since, this.#sequence);
    const now: LegLot = from.owner === to.owner ? lot : newLot(lot.quantity, since, leg);
    if (mayArrive(to.stage)) this.#enqueue(keyAt(move, to), now);
    else if (leg !== undefined && hasArrived(to.stage)) this.#receive(leg, lot.quantity);
  }

  done(): Attribution {
    return { lots: this.#lots, received: this.#received, gone: this.#gone };
  }

  /** What became of units whose leg was pending. */
  #settle(was: PendingLeg, quantity: number, { from, to }: Move, leg: PendingLeg | undefined): void {
    // Awaited units that go back to supply were replaced by another item: nobody gets them any more.
    const how = to.stage === 'supply' ? 'cancelled' : to.stage;
    if (how === 'cancelled' || how === 'lost' || how === 'returned') this.#goes(was, quantity, how);
    else if (from.owner !== to.owner && leg === undefined && to.owner === was.from)
      this.#goes(was, quantity, 'given_back');
    else this.#receive(was, quantity);
  }

  /** Lost units count as received when they reach their owner; sold again to somebody else, they stay lost. */
  #turnsUp(was: PendingLeg, quantity: number, { from, to }: Move): void {
    if (!hasArrived(to.stage) || from.owner !== to.owner) return;
    this.#goes(was, -quantity, 'lost');
    this.#receive(was, quantity);
  }

  #receive({ swap, leg, executed }: PendingLeg, quantity: number): void {
    this.#received.push({ swap, leg, quantity, occurred: this.#since(executed) });
  }

  #goes({ swap, leg, executed }: PendingLeg, quantity: number, how: LegGone['how']): void {
    this.#gone.push({ swap, leg, quantity, occurred: this.#since(executed), how });
  }

  #since(executed: string): string {
    return microseconds(executed) > microseconds(this.#time) ? executed : this.#time;
  }

  #enqueue(key: string, lot: LegLot): void {
    const queue = [...(this.#lots[key] ?? [])];
    queueUp(queue, lot, (one, other) => sameLeg(one.leg, other.leg));
    this.#set(key, queue);
  }

  #set(key: string, queue: readonly LegLot[]): void {
    if (queue.length > 0) this.#lots[key] = queue;
    else Reflect.deleteProperty(this.#lots, key);
  }
}

const newLot = (quantity: number, since: number, leg: PendingLeg | undefined): LegLot =>
  leg === undefined ? { quantity, since } : { quantity, since, leg };

const sameLeg = (a: PendingLeg | undefined, b: PendingLeg | undefined): boolean =>
  a?.swap === b?.swap && a?.leg === b?.leg;
