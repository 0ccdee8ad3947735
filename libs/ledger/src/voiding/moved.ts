import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import { rangesOf, serialsOf } from '#contracts/serials';
import { keyAt } from '../account.ts';
import { standingIn } from '../evolve.ts';
import { unitChanges, UnitIndex } from '../units.ts';
import { joinUnits, outside, type UnitRange } from '../unitRanges.ts';
import type { Recorded } from '../view.ts';

/** Where the units of the event's orders were before it. */
export function unitsBefore({ event: { sequence }, streams }: Recorded): UnitIndex {
  const index = new UnitIndex();
  const events = new Map<number, LedgerEvent>();
  for (const [key, stream] of streams) {
    if (!key.startsWith('order/')) continue;
    for (const event of standingIn(stream)) if (event.sequence < sequence) events.set(event.sequence, event);
  }
  for (const event of [...events.values()].sort((a, b) => a.sequence - b.sequence)) index.apply(movesOf(event));
  return index;
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

/** The units that an event put back into supply: whoever names them next may do so on an order that the event has nothing to do with. */
export function suppliedBy(recorded: Recorded, isSerial: (item: string) => boolean): UnitRange[] {
  const moves = movesOf(recorded.event);
  const isSupplied = ({ item, to }: Move): boolean => to.stage === 'supply' && isSerial(item);
  if (!moves.some(isSupplied)) return [];
  const isNamed = moves.every((move) => !isSupplied(move) || move.serials !== undefined);
  const named = isNamed ? moves : withUnits(moves, unitsBefore(recorded), isSerial);
  return named.flatMap((move) =>
    isSupplied(move) && move.serials !== undefined
      ? rangesOf(move.serials).map((range) => ({ item: move.item, ...range }))
      : [],
  );
}
