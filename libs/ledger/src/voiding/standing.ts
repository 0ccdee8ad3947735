import { isVoid, type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyAt, parseAccountKey } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { standingIn } from '../evolve.ts';
import { entityOf, type Recorded, type View } from '../view.ts';
import { Given, type Units } from './given.ts';
import { Later } from './later.ts';
import { suppliedBy } from './moved.ts';
import { holdsOf } from './said.ts';

/** A later event, and what it needs of those that are to be taken back. */
interface Needing {
  readonly event: LedgerEvent;
  readonly needs: string;
}
export type Standing = Needing & { readonly recorded: Recorded };

/**
 * What stands on some events, and on that in turn, the last first: taken back in this order, and then these, each can be. A unit that was brought to an
 * account is taken for the one that left it when the others there would not have been enough; what left it is not counted as
 * there again. So it names rather more than less, and whatever it leaves out stands without any of these. Undefined: more has to be loaded.
 *
 * @param asked the same when it is asked again after that
 */
export function standingOn(
  given: readonly Recorded[],
  view: View,
  asked: object,
): Standing[] | { readonly tooMany: number } | undefined {
  const roots = new Map(given.map((one) => [one.event.sequence, one]));
  const taken = foundSoFar.get(asked) ?? new Map(roots);
  foundSoFar.set(asked, taken);
  const isSerial = (item: string): boolean => entityOf(view, 'item', item)?.data.tracking === 'serial';
  for (;;) {
    const supplied = suppliedBy(taken, isSerial);
    const found = oncePassed(roots, taken, streamsElsewhere(taken, supplied, view), { isSerial, supplied });
    const fresh = found.filter(({ event }) => !taken.has(event.sequence));
    if (fresh.length === 0) {
      const standing = found.flatMap((one): Standing[] => {
        const recorded = taken.get(one.event.sequence);
        return recorded === undefined || roots.has(one.event.sequence) ? [] : [{ ...one, recorded }];
      });
      return standing.sort((a, b) => b.event.sequence - a.event.sequence);
    }
    if (taken.size + fresh.length > MOST) return { tooMany: taken.size + fresh.length };
    let isMissing = false;
    for (const { event } of fresh) {
      const recorded = view.recorded(event.sequence);
      if (recorded === undefined) isMissing = true;
      else if (recorded.tooMany !== undefined) return { tooMany: recorded.tooMany };
      else taken.set(event.sequence, recorded);
    }
    if (isMissing) return undefined;
  }
}

/** Lists of events that one batch takes back, one right after the other. */
const inTurn = new WeakMap<readonly number[], boolean>();

/**
 * Whether an event is one of a list that a batch takes back, the last first, on which nothing else stands: then nothing stands on any of
 * them when its turn comes. It is found out when the first of them is taken back. Otherwise each of hundreds would be held
 * against the thousands of later events that their orders may have.
 */
export function isTakenInTurn({ event }: Recorded, list: readonly number[], view: View): boolean {
  const known = inTurn.get(list);
  if (known !== undefined) return known;
  const isLastFirst = list.every((sequence, n) => n === 0 || sequence < (list[n - 1] ?? 0));
  if (list.length < 2 || list[0] !== event.sequence || !isLastFirst) return false;
  const all = list.flatMap((sequence) => view.recorded(sequence) ?? []);
  const isWhole = all.length === list.length && all.every(({ tooMany }) => tooMany === undefined);
  const standing = isWhole ? standingOn(all, view, list) : undefined;
  if (standing === undefined || !view.isWhole()) return false; // more is loaded, and it is decided again
  const is = !('tooMany' in standing) && standing.length === 0;
  inTurn.set(list, is);
  return is;
}

/** What stands on events may be found in as many rounds as there are events, with a load after each: none of them is gone through again. */
const foundSoFar = new WeakMap<object, Map<number, Recorded>>();

/** An atomic batch takes so many, with the first one and what corrects it. */
const MOST = 900;

function oncePassed(
  roots: ReadonlyMap<number, Recorded>,
  taken: ReadonlyMap<number, Recorded>,
  elsewhere: readonly (readonly LedgerEvent[])[],
  units: Units,
): Needing[] {
  const streams = new Set(elsewhere);
  const orders = new Set<string>();
  for (const recorded of taken.values()) {
    for (const [key, stream] of recorded.streams) {
      if (key.startsWith('order/')) orders.add(key.slice('order/'.length));
      streams.add(standingIn(stream));
    }
    streams.add(recorded.naming.filter((event) => !isVoid(event)));
  }
  const first = Math.min(...taken.keys());
  if ([...streams].every((stream) => (stream.at(-1)?.sequence ?? 0) <= first)) return [];
  const events = new Map<number, LedgerEvent>();
  for (const stream of streams) for (const event of stream) events.set(event.sequence, event);
  const book = new Balances(orders);
  const given = new Given(units);
  const found: Needing[] = [];
  const held = new Set<string>();
  for (const event of [...events.values()].sort((a, b) => a.sequence - b.sequence)) {
    const { sequence } = event;
    let needs: string | undefined;
    if (sequence > first) {
      const later = Later.of(event);
      needs = given.neededBy(later, held) ?? book.short(later);
      if (needs !== undefined) found.push({ event, needs });
    }
    if (roots.has(sequence) || needs !== undefined) book.lacks(given.add(event, taken.get(sequence)));
    for (const one of holdsOf(event)) held.add(one);
    book.book(event);
  }
  return found;
}

/**
 * What an event's own streams do not have: those of the shipments on which its units came to be another's, and of orders. Units that went
 * through supply may be on an order that what put them there has nothing to do with: that on which they are now.
 */
function streamsElsewhere(
  taken: ReadonlyMap<number, Recorded>,
  supplied: Units['supplied'],
  view: View,
): (readonly LedgerEvent[])[] {
  const keys = new Set<EntityKey>();
  for (const { event, streams } of taken.values()) {
    // A receipt of none of them moves nothing, and still says whose they are.
    for (const { to } of movesOf(event)) if (to.shipment !== undefined) keys.add(`shipment/${to.shipment}`);
    for (const { item, ...range } of supplied.get(event.sequence) ?? [])
      for (const { account } of view.unitsOf(item, [range]))
        if (account !== undefined) keys.add(`order/${parseAccountKey(account).order}`);
    for (const key of streams.keys()) keys.delete(key);
  }
  return [...keys].map((key) => standingIn(view.stream(key)));
}

/**
 * What is on the accounts of some orders and in transit on shipments, event by event, and how much of it was brought by what is to be
 * taken back.
 */
class Balances {
  /** By `accountKey`, and by shipment. */
  readonly #there = new Map<string, number>();
  readonly #lacking = new Map<string, number>();
  #unbooked: LedgerEvent[] = [];

  constructor(private readonly orders: ReadonlySet<string>) {}

  /** Nothing is added up until it is asked for: most of what is taken back lacks nothing to anybody. */
  book(event: LedgerEvent): void {
    this.#unbooked.push(event);
  }

  #add(event: LedgerEvent): void {
    for (const move of movesOf(event)) {
      const { from, to, quantity } = move;
      if (from.shipment !== undefined) this.#bring(`shipment/${from.shipment}`, -quantity);
      if (to.shipment !== undefined) this.#bring(`shipment/${to.shipment}`, quantity);
      if (!this.orders.has(move.order)) continue;
      this.#bring(keyAt(move, move.from), -move.quantity);
      this.#bring(keyAt(move, move.to), move.quantity);
    }
  }

  lacks(brought: ReadonlyMap<string, number>): void {
    for (const [key, quantity] of brought) this.#lacking.set(key, (this.#lacking.get(key) ?? 0) + quantity);
  }

  /** Whether an event takes units that would not be there, or says where units go that would not be on the way, in words. */
  short({ event, out }: Later): string | undefined {
    if (event.type === 'lading.shipment.rescheduled.v1' && this.#lacks(event.subject, 1))
      return `what is in transit on shipment ${event.data.shipment}`;
    const short = out.find(({ account, quantity }) => this.#lacks(account, quantity))?.move;
    return short && `units of line ${short.line} of order ${short.order} (${short.from.stage}, ${short.from.owner})`;
  }

  /** Whether fewer than so many would be there without what is to be taken back. */
  #lacks(key: string, quantity: number): boolean {
    const lacking = this.#lacking.get(key);
    if (lacking === undefined) return false;
    for (const event of this.#unbooked) this.#add(event);
    this.#unbooked = [];
    return (this.#there.get(key) ?? 0) - lacking < quantity;
  }

  #bring(key: string, quantity: number): void {
    this.#there.set(key, (this.#there.get(key) ?? 0) + quantity);
  }
}
