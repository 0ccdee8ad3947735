import type { UnitRow } from '#contracts/rows';
import { isPast, type ReadModel } from '#projections/reading/readModel';
import { unit, unnamedSince } from '#projections/units/queries';
import { ambiguous } from '../asking/problems.ts';
import { type Trace, trace } from './trace.ts';

/** The unit with a serial number. @throws the 400 of a number that several items use */
export async function oneUnit(model: ReadModel, serial: string, item?: string): Promise<UnitRow | undefined> {
  const { units, count } = await unit(model, serial, item);
  if (count > 1)
    throw ambiguous(
      units.map((one) => one.item),
      count,
    );
  return units[0];
}

/** Where a unit was, with all that was followed to find it. */
interface TracedUnit {
  readonly traced: Trace;
  readonly then: ReturnType<Trace['lineage']['unit']>;
  /** The line that it is of now, when its events are too many to be followed. */
  readonly untold: UnitRow | undefined;
}

/**
 * Follows the unit with a serial number: through the line that it is of now and those that it came from, or, as of a moment, through
 * those that it may have been of by what was taken back since.
 */
export async function traceUnit(model: ReadModel, serial: string, item?: string): Promise<TracedUnit | undefined> {
  const there = await oneUnit({ ...model, party: undefined }, serial, item);
  if (there !== undefined) {
    const found = await among(model, serial, [there]);
    if (found.then !== undefined || !found.traced.isWhole(there))
      return { ...found, untold: found.traced.isWhole(there) ? undefined : there };
  }
  const lines = isPast(model) ? await unnamedSince(model, item) : [];
  if (lines.length === 0) return undefined;
  const found = await among(model, serial, lines);
  return found.then === undefined ? undefined : { ...found, untold: undefined };
}

async function among(model: ReadModel, serial: string, lines: readonly Pick<UnitRow, 'item' | 'order' | 'line'>[]) {
  const traced = await trace(model, lines);
  const items = [...new Set(lines.map((line) => line.item))];
  const item = items.find((one) => traced.lineage.unit(one, serial) !== undefined) ?? items[0] ?? '';
  return { traced, then: traced.lineage.unit(item, serial) };
}
