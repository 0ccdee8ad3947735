import { z } from 'zod';
import { HoldingRow, PostingRow, SwapRow } from './rows.ts';

/** Rows that say what changed, and when. */

const units = (what: string, example: number) => z.int().describe(what).meta({ example });

/** What changed between two moments: only the keys that `groupBy` names, all of them without it. */
export const HoldingDiffRow = HoldingRow.omit({ quantity: true, substitutes: true, negative: true })
  .partial()
  .extend({
    before: units('Units at the first of the two moments', 12_000),
    after: units('Units at the second', 6_000),
    change: units('After less before', -6_000),
    events: PostingRow.omit({
      owner: true,
      custodian: true,
      item: true,
      order: true,
      line: true,
      stage: true,
      shipment: true,
      balance: true,
    })
      .array()
      .describe(
        'The events that are in one of the moments and not in the other, with what each adds to the change. What moved units within the row is not named',
      ),
    partial: z
      .literal(true)
      .optional()
      .describe('There are more events than the first 20. All of them: `holdings/postings`'),
  });
export type HoldingDiffRow = z.infer<typeof HoldingDiffRow>;

/** One step of a balance through time. */
export const HoldingHistoryRow = z.object({
  moment: z
    .string()
    .describe('When it changed; of a day, week or month, its last moment (RFC 3339, UTC)')
    .meta({ example: '2023-12-31T23:59:59.999999Z' }),
  sequence: z
    .int()
    .nullable()
    .describe('The last event that changed it then; null where none did')
    .meta({ example: 17 }),
  change: units('Units more, or less, than before', -6_000),
  quantity: units('Units after it', 6_000),
});
export type HoldingHistoryRow = z.infer<typeof HoldingHistoryRow>;

/** One step of what is owed under a swap, through time. */
export const ExchangeHistoryRow = HoldingHistoryRow.pick({ sequence: true }).extend({
  moment: z
    .string()
    .describe(
      'When it changed; of a day, week or month, its last moment, or the moment that is asked about where that is sooner (RFC 3339, UTC)',
    )
    .meta({ example: '2023-12-19T09:00:00.000Z' }),
  balance: SwapRow.shape.balance,
});
export type ExchangeHistoryRow = z.infer<typeof ExchangeHistoryRow>;
