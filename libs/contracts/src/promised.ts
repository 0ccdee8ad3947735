import { z } from 'zod';
import { ConfirmationCode } from './orderEvents.ts';
import { Count, Day, Window } from './scalars.ts';

/** What the supplier promised of a line when it confirmed it last, in answers. */
export const Promised = z
  .object({
    code: ConfirmationCode.describe('How it confirmed the line (X12 855/865)').meta({ example: 'changed' }),
    quantity: Count.describe('Promised, in units; none of a line that was rejected').meta({ example: 12000 }),
    window: Window.nullable().describe('When they are to arrive; null: it did not say, or promised nothing'),
    reason: z.string().nullable().meta({ example: 'Packaging is short' }),
    ordered: z
      .object({ quantity: Count.describe("The line's total, in units").meta({ example: 12000 }), window: Window })
      .describe('What was ordered when it was confirmed'),
    sequence: z.int().min(1).describe('The event that confirmed it').meta({ example: 17 }),
    confirmed: z.string().describe('When it was confirmed (RFC 3339)').meta({ example: '2023-12-05T10:00:00.000Z' }),
    stands: z.boolean().describe('Whether the window that was confirmed is still the one that is ordered'),
  })
  .nullable()
  .describe('What its supplier confirmed; null: nothing yet');

export const Due = Day.describe('The last day of the window that the supplier is held to: promised, else ordered').meta(
  {
    example: '2023-12-31',
  },
);
