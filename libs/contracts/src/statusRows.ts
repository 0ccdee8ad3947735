import { z } from 'zod';
import { id, moment, standing } from './rows.ts';
import { LedgerId, PartyId } from './scalars.ts';

/** The rows about the ledgers themselves, and about how far their consumers have come. */

const ConsumerState = z.enum(['live', 'catching-up', 'rebuilding', 'hole', 'parked']);

/** Where a consumer of a ledger stands. */
export const StatusRow = z.object({
  consumer: z.string().meta({ example: 'projector' }),
  ledger: LedgerId.meta({ example: 'nvidia' }),
  version: z
    .int()
    .nullable()
    .describe('The version of the read models; null for a consumer without')
    .meta({ example: 1 }),
  sequence: standing.describe('The last event that it has dealt with'),
  head: standing.describe("The ledger's last event"),
  lagEvents: z.int().min(0).describe('Events that it is behind').meta({ example: 0 }),
  lagSeconds: z.number().min(0).describe('How long its next event has been waiting').meta({ example: 0 }),
  state: ConsumerState,
  reason: z.string().optional().describe('Why it stands still'),
  event: z
    .object({
      sequence: z.int().min(1).meta({ example: 17 }),
      id: z.string().optional().meta({ example: 'ERP-1' }),
      type: z.string().optional().meta({ example: 'lading.order.placed.v1' }),
    })
    .optional()
    .describe('The event before which it stands still; without id and type when the journal does not have it'),
  since: moment('When it began to stand still, for this reason').optional(),
  advice: z.string().optional().describe('What to do about it'),
});
export type StatusRow = z.infer<typeof StatusRow>;

export const LedgerRow = z.object({
  ledger: LedgerId.meta({ example: 'nvidia' }),
  name: z.string().meta({ example: 'Nvidia allocations' }),
  keeper: id(PartyId, 'The party that keeps it', 'nvidia'),
  sequence: standing.describe('Its last event'),
  recorded: moment('When its last event was recorded'),
  positions: z
    .array(StatusRow.pick({ consumer: true, version: true, sequence: true, state: true }))
    .describe('How far its consumers are'),
});
export type LedgerRow = z.infer<typeof LedgerRow>;
