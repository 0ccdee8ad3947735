import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { rangesOf, type SerialRange, serialsOf } from '#contracts/serials';
import { keyAt, parseAccountKey } from '../account.ts';
import { standingIn } from '../evolve.ts';
import { unitChanges, UnitIndex } from '../units.ts';
import { joinUnits, outside, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';

/** The moves of an event, each with the units that it moved; `unnamed` are those that have no serial number any more without the event. */
export interface Moved {
  readonly moves: readonly Move[];
  readonly unnamed: readonly { readonly item: string; readonly serials: (string | SerialRange)[] }[];
}

/** What each of these events moved, by sequence. */
interface Passed {
  readonly events: readonly LedgerEvent[];
  readonly moved: Map<number, Moved>;
}
const passed = new WeakMap<LedgerEvent, Map<string, Passed>>();

/** Of the last events it is kept what they moved, up to so many ranges of units. */
const MOST_RANGES = 50_000;

/**
 * What an event moved. The events of its orders are gone through for it from the first one, and what they moved is kept: hundreds of them
 * are taken back in one batch, the last first, so that those before stay the same.
 */
export function movedBy(recorded: Recorded): Moved {
  const { event, streams } = recorded;
  const events = inOrders([recorded]).filter(({ sequence }) => sequence <= event.sequence);
  const [first = event] = events;
  const orders = [...streams.keys()].filter((key) => key.startsWith('order/')).join(' ');
  const ofFirst = passed.get(first) ?? new Map<string, Passed>();
  const known = ofFirst.get(orders);
  const isSame = known !== undefined && events.every((one, n) => known.events[n] === one);
  const found = isSame ? known.moved.get(event.sequence) : undefined;
  if (found !== undefined) return found;
  const moved = movedInTurn(events);
  passed.set(first, ofFirst.set(orders, { events, moved }));
  return moved.get(event.sequence) ?? { moves: movesOf(event), unnamed: [] };
}

/** What each of some events moved, by sequence; the first ones are left out where they are more than is kept. */
function movedInTurn(events: readonly LedgerEvent[]): Map<number, Moved> {
  const all = new Map<number, Moved>();
  const index = new UnitIndex();
  let ranges = 0;
  for (const event of events) {
    const moves = withUnits(movesOf(event), index);
    all.set(event.sequence, { moves, unnamed: namedAnew(movesOf(event), index) });
    ranges += sizeOf(moves);
    for (const [sequence, oldest] of all) {
      if (ranges <= MOST_RANGES || sequence === event.sequence) break;
      all.delete(sequence);
      ranges -= sizeOf(oldest.moves);
    }
    index.apply(movesOf(event));
  }
  return all;
}

/** How many ranges of units some moves name. */
const sizeOf = (moves: readonly Move[]): number =>
  moves.reduce((sum, { serials }) => sum + (Array.isArray(serials) ? serials.length : 1), 0);

/** The units that nobody knew before an event named them, or that were in supply elsewhere, which its moves turned round do not lead back to. */
function namedAnew(moves: readonly Move[], index: UnitIndex): Moved['unnamed'] {
  const unknown = new Map<string, UnitRange[]>();
  const naming = moves.filter(({ serials }) => serials !== undefined);
  const froms = new Set(moves.map((move) => keyAt(move, move.from)));
  const leadsBack = (account: string): boolean => froms.has(account) || parseAccountKey(account).stage !== 'supply';
  for (const { item, serials = [] } of naming) {
    const ranges = unknown.get(item) ?? [];
    for (const range of rangesOf(serials)) {
      for (const { account, ...piece } of index.units({ item, ...range }))
        if (account === undefined || !leadsBack(account)) ranges.push(piece);
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
function withUnits(moves: readonly Move[], index: UnitIndex): readonly Move[] {
  if (moves.every(({ serials }) => serials !== undefined)) return moves;
  const { named } = unitChanges(moves);
  return moves.map((move): Move => {
    if (move.serials !== undefined || move.from.stage === 'supply') return move;
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
