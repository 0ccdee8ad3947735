import { z } from 'zod';
import { Count, PartyId, Window } from './scalars.ts';
import { balance, Total } from './totals.ts';

const units = (what: string, example: number) => balance(`${what}, in units`).meta({ example });

/**
 * What one supplier promised of an item in a period, and what it committed to. A line counts in the period in which the window ends that
 * its supplier is held to; where nothing is committed, lines that are not all sent are rows by that window.
 */
export const SupplyRow = z.object({
  supplier: PartyId.describe('Who supplies').meta({ example: 'nvidia' }),
  period: Window.describe('The committed period; without a commitment, the window of the lines'),
  committed: Count.nullable()
    .describe('What the supplier will have in that period, in units; null: nothing was said')
    .meta({ example: 150000 }),
  promised: units('What its order lines promise: confirmed, else ordered, and at least what was sent', 160000),
  allocated: units(
    'Of these, sent, or given to another owner than the buyer: dispatched and reallocated. A hold allocates nothing',
    90000,
  ),
  dispatched: units('Of these, sent', 78000),
  reallocated: units('Of these, still ordered, and by a reallocation or swap not the buyer’s any more', 12000),
  oversold: Total.describe('Promised beyond what is committed, in units').meta({ example: 10000 }),
  sequence: z.int().min(1).nullable().describe('The event that committed it').meta({ example: 17 }),
});
export type SupplyRow = z.infer<typeof SupplyRow>;
