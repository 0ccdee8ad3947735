import { z } from 'zod';
import { sequence } from './rows.ts';
import { ItemId, PartyId } from './scalars.ts';

export const FlagRule = z.enum([
  'related-party',
  'redirected',
  'diversion',
  'one-sided-swap',
  'overdue-leg',
  'overdue-line',
  'overdue-shipment',
  'oversold',
  'receipt-discrepancy',
  'over-shipped',
  'substituted',
  'negative-past-balance',
  'possible-duplicate',
]);
export type FlagRule = z.infer<typeof FlagRule>;

export const FlagRow = z.object({
  flag: z.string().describe('Its id').meta({ example: 'related-party:14:1' }),
  rule: FlagRule,
  raised: sequence.describe('The event that raised it'),
  parties: z.array(PartyId).meta({ example: ['tesla', 'x'] }),
  item: ItemId.nullable().meta({ example: 'H100' }),
  facts: z
    .record(z.string(), z.unknown())
    .describe('What the rule saw')
    .meta({ example: { controller: 'elon-musk' } }),
  events: z
    .array(sequence)
    .describe('The events that it stands on, the first 100 of them')
    .meta({ example: [9, 11] }),
  partial: z
    .literal(true)
    .optional()
    .describe(
      'It stands on more than it names: of the parties and lines of a shipment the first 20, of the events the first 100. All of them: `events?entity=shipment/…` or `events?entity=swap/…`, and `holdings?shipment=…`',
    ),
});
export type FlagRow = z.infer<typeof FlagRow>;

/** What the event stream says of a flag: that it was raised, or is up no longer. */
export interface FlagChange extends FlagRow {
  readonly change: 'raised' | 'cleared';
  /** The last event that the look knew which found it. */
  readonly sequence: number;
}
