import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { rangesOf, serialsOf } from '#contracts/serials';
import { keyAt } from '../account.ts';
import { standingIn } from '../evolve.ts';
import { unitChanges, UnitIndex } from '../units.ts';
import { joinUnits, outside, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';

/** Where the units of the event's orders were before it. */
export function unitsBefore(recorded: Recorded): UnitIndex {
  const index = new UnitIndex();
  for (const event of inOrders([recorded])) {
    if (event.sequence >= recorded.event.sequence) break;
    index.apply(movesOf(event));
  }
  return index;
}

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
export function withUnits(moves: readonly Move[], index: UnitIndex, isSerial: (item: string) => boolean): Move[] {
  const { named } = unitChanges(moves, isSerial);
  return moves.map((move): Move => {
    if (!isSerial(move.item) || move.serials !== undefined || move.from.stage === 'supply') return move;
    const from = keyAt(move, move.from);
    const all = [...index.all()].filter(({ account }) => account === from);
    const units = joinUnits(
      outside(all, named).map(({ item, prefix, digits, from: first, to }) => ({
        item,
        prefix,
        digits,
        from: first,
        to,
      })),
    );
    return units.length === 0 ? move : { ...move, serials: serialsOf(units.map(({ item: _, ...range }) => range)) };
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
      const units = withUnits(moves, index, isSerial)
        .filter(isSupplied)
        .flatMap(({ item, serials = [] }) => rangesOf(serials).map((range) => ({ item, ...range })));
      supplied.set(event.sequence, units);
    }
    index.apply(moves);
  }
  return supplied;
}
