import { z } from 'zod';
import { HoldingRow, moment, sequence } from './rows.ts';
import { Evidence, Id, PartyId, ReallocationId, SwapId } from './scalars.ts';
import { Serials } from './serials.ts';

const { owner, custodian, stage, shipment, order, line } = HoldingRow.shape;
const Place = z.object({ owner, custodian, stage, shipment }).nullable();
const party = (what: string, example: string) => PartyId.describe(what).meta({ example });

/** On what an owner gave units away: a swap, or a reallocation, with who stands behind it. */
const Agreement = z.object({
  swap: SwapId.nullable().describe('The swap, else null').meta({ example: 'SW-1' }),
  reallocation: ReallocationId.nullable().describe('The reallocation, else null').meta({ example: null }),
  by: party('Who proposed the swap, or gave the units', 'x'),
  accepted: z
    .array(PartyId)
    .describe('Who accepted the swap')
    .meta({ example: ['tesla', 'x'] }),
  authorisedBy: Id.nullable().describe('Who authorised it').meta({ example: 'elon-musk' }),
  reason: z.string().nullable().meta({ example: "H100 for X's cluster before Tesla's" }),
  reasonCode: z.string().nullable().meta({ example: 'priority' }),
  evidence: z.array(Evidence),
});

/** One event on the way of units. */
const LineageStep = z.object({
  sequence,
  type: z.string().describe('The type of the event').meta({ example: 'lading.swap.executed.v1' }),
  id: z.string().describe("The event's id, its submitter's own").meta({ example: 'swap-executed' }),
  occurred: moment('When it happened in the world'),
  recorded: moment('When the ledger took it in'),
  by: PartyId.nullable()
    .describe('Whose act it is: who ordered, supplies, receives, gives …; null where the event names nobody')
    .meta({ example: 'nvidia' }),
  order,
  line,
  from: Place.describe('Where the units were before; null where they did not move'),
  to: Place.describe('Where they were then; null where they did not move'),
  agreement: Agreement.nullable().describe('On what they changed their owner, else null'),
});
export type LineageStep = z.infer<typeof LineageStep>;

const Branch = z.object({
  quantity: z
    .int()
    .describe('Units that came this way; below zero: units that left before anything brought them')
    .meta({ example: 12000 }),
  serials: Serials.nullable().describe('Their serial numbers, where they have any'),
  steps: z.array(LineageStep).describe('The events that brought them there, in order'),
  withheld: z
    .literal(true)
    .optional()
    .describe('Events of the way are left out, because they do not concern the party that asks'),
  partial: z
    .literal(true)
    .optional()
    .describe(
      'The way does not begin at its beginning, has more steps than these, or not all that was agreed or confirmed on it is named',
    ),
});

/** Where the units of one account came from: the quantities of its branches sum to its balance. */
export const LineageRow = HoldingRow.omit({ substitutes: true }).extend({
  branches: z.array(Branch).describe('Units that came the same way, a branch each; first in, first out'),
  partial: z.literal(true).optional().describe('There are more branches, or too many events to follow them'),
});
export type LineageRow = z.infer<typeof LineageRow>;
