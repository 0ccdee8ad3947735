import type { UnitRow } from '#contracts/rows';
import type { ReadModel } from '#projections/reading/readModel';
import { unit } from '#projections/units/queries';
import { ambiguous } from '../asking/problems.ts';

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
