import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { rangesOf, type SerialRange, serialsOf } from '#contracts/serials';
import { keyAt, parseAccountKey } from '../account.ts';
import type { EntityKey } from '../entity.ts';
import { standingIn } from '../evolve.ts';
import { type Spot, unitChanges, UnitIndex } from '../units.ts';
import { joinUnits, outside, UnitMap, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';

/** The moves of an event, each with the units that it moved; `unnamed` are those that have no serial number any more without the event. */
export interface Moved {
  readonly moves: readonly Move[];
  readonly unnamed: readonly { readonly item: string; readonly serials: (string | SerialRange)[] }[];
}

/** What an event did to the units of one order, by the events of that order. */
interface Done {
  /** Its moves; of those in the order, each with the units that it moved. */
  readonly moves: readonly Move[];
  /** Where the units that it names were before it. */
  readonly were: readonly (UnitRange & Spot)[];
}

/** What each of these events of an order did, by sequence. */
interface Passed {
  readonly events: readonly LedgerEvent[];
  readonly done: ReadonlyMap<number, Done>;
}
const passed = new WeakMap<LedgerEvent, Map<EntityKey, Passed>>();

/** Of the last events of an order it is kept what they did, up to so many ranges of units. */
const MOST_RANGES = 50_000;

/** What an event moved. The events of an order say what is in its accounts; where a unit was, the last event in any of this one's orders says. */
export function movedBy({ event, streams }: Recorded): Moved {
  const orders = new Map<string, Done>();
  for (const [key, stream] of streams)
    if (key.startsWith('order/')) {
      const done = doneIn(key, standingIn(stream), event);
      if (done !== undefined) orders.set(key.slice('order/'.length), done);
    }
  const were = new UnitMap<Spot>();
  for (const { account, since, ...range } of [...orders.values()].flatMap((one) => one.were)) {
    for (const { value, ...piece } of were.pieces(range))
      if (value === undefined || value.since < since) were.put(piece, { account, since });
  }
  const moves = movesOf(event).map((move, n) => orders.get(move.order)?.moves[n] ?? move);
  return { moves, unnamed: namedAnew(movesOf(event), were) };
}

/**
 * What an event did in one of its orders. The order's events are gone through for it from the first one, and what they did is kept: hundreds
 * of them are taken back in one batch, the last first, so that those before stay the same.
 */
function doneIn(order: EntityKey, stream: readonly LedgerEvent[], event: LedgerEvent): Done | undefined {
  const events = stream.filter(({ sequence }) => sequence <= event.sequence);
  const [first = event] = events;
  const ofFirst = passed.get(first) ?? new Map<EntityKey, Passed>();
  const known = ofFirst.get(order);
  const isSame = known !== undefined && events.every((one, n) => known.events[n] === one);
  const found = isSame ? known.done.get(event.sequence) : undefined;
  if (found !== undefined) return found;
  const done = doneInTurn(order, events);
  passed.set(first, ofFirst.set(order, { events, done }));
  return done.get(event.sequence);
}

/** What each of the events of an order did, by sequence; the first ones are left out where they are more than is kept. */
function doneInTurn(order: EntityKey, events: readonly LedgerEvent[]): Map<number, Done> {
  const all = new Map<number, Done>();
  const index = new UnitIndex();
  let ranges = 0;
  for (const event of events) {
    const moves = withUnits(movesOf(event), index, (move) => `order/${move.order}` === order);
    // Of other orders some events are missing here.
    const were = spotsOf(movesOf(event), index).filter(
      ({ account }) => `order/${parseAccountKey(account).order}` === order,
    );
    const done = { moves, were };
    all.set(event.sequence, done);
    ranges += sizeOf(done);
    for (const [sequence, oldest] of all) {
      if (ranges <= MOST_RANGES || sequence === event.sequence) break;
      all.delete(sequence);
      ranges -= sizeOf(oldest);
    }
    index.apply(movesOf(event), event.sequence);
  }
  return all;
}

/** How many ranges of units are kept of what an event did. */
const sizeOf = ({ moves, were }: Done): number =>
  moves.reduce((sum, { serials }) => sum + (Array.isArray(serials) ? serials.length : 1), were.length);

/** Where the units are that some moves name, but for those that are nowhere. */
const spotsOf = (moves: readonly Move[], index: UnitIndex): (UnitRange & Spot)[] =>
  moves.flatMap(({ item, serials = [] }) => rangesOf(serials).flatMap((range) => index.spots({ item, ...range })));

/** The units that nobody knew before an event named them, or that were in supply elsewhere, which its moves turned round do not lead back to. */
function namedAnew(moves: readonly Move[], were: UnitMap<Spot>): Moved['unnamed'] {
  const unknown = new Map<string, UnitRange[]>();
  const naming = moves.filter(({ serials }) => serials !== undefined);
  const froms = new Set(moves.map((move) => keyAt(move, move.from)));
  const leadsBack = (account: string): boolean => froms.has(account) || parseAccountKey(account).stage !== 'supply';
  for (const { item, serials = [] } of naming) {
    const ranges = unknown.get(item) ?? [];
    for (const range of rangesOf(serials)) {
      for (const { value, ...piece } of were.pieces({ item, ...range }))
        if (value === undefined || !leadsBack(value.account)) ranges.push(piece);
    }
    if (ranges.length > 0) unknown.set(item, ranges);
  }
  return [...unknown].map(([item, ranges]) => ({ item, serials: listed(joinUnits(ranges)) }));
}

const listed = (units: readonly UnitRange[]): (string | SerialRange)[] =>
  serialsOf(units.map(({ item: _, ...range }) => range));

/** What stands in the orders that some events touch, in its order. */
function inOrders(some: Iterable<Recorded>): LedgerEvent[] {
  const events = new Map<number, LedgerEvent>();
  for (const { streams } of some) {
    for (const [key, stream] of streams)
      if (key.startsWith('order/')) for (const event of standingIn(stream)) events.set(event.sequence, event);
  }
  return [...events.values()].sort((a, b) => a.sequence - b.sequence);
}

/** The moves, each with the units that it moved; of one that named none: all that `index` has where it took them from. */
function withUnits(
  moves: readonly Move[],
  index: UnitIndex,
  isOf: (move: Move) => boolean = () => true,
): readonly Move[] {
  if (moves.every(({ serials }) => serials !== undefined)) return moves;
  const { named } = unitChanges(moves);
  return moves.map((move): Move => {
    if (move.serials !== undefined || move.from.stage === 'supply' || !isOf(move)) return move;
    const units = joinUnits(outside(index.unitsIn(keyAt(move, move.from)), named));
    return units.length === 0 ? move : { ...move, serials: listed(units) };
  });
}

/**
 * The units that each of some events put back into supply, by its sequence: whoever names them next may do so on an order that the event has
 * nothing to do with. The events of their orders are gone through once, however many of them named none.
 */
export function suppliedBy(
  taken: ReadonlyMap<number, Recorded>,
  isSerial: (item: string) => boolean,
): ReadonlyMap<number, readonly UnitRange[]> {
  const supplied = new Map<number, readonly UnitRange[]>();
  const isSupplied = ({ item, to }: Move): boolean => to.stage === 'supply' && isSerial(item);
  if (![...taken.values()].some(({ event }) => movesOf(event).some(isSupplied))) return supplied;
  const index = new UnitIndex();
  for (const event of inOrders(taken.values())) {
    const moves = movesOf(event);
    if (taken.has(event.sequence) && moves.some(isSupplied)) {
      const units = withUnits(moves, index)
        .filter(isSupplied)
        .flatMap(({ item, serials = [] }) => rangesOf(serials).map((range) => ({ item, ...range })));
      supplied.set(event.sequence, units);
    }
    index.apply(moves);
  }
  return supplied;
}
