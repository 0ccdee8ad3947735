import { z } from 'zod';
import { HoldId, ItemId, LineId, OrderId, PartiesStage, PartyId, Quantity, ShipmentId, SwapId } from './scalars.ts';
import { balance, Total } from './totals.ts';

/** What is held, in answers. `held` is a stage; what is kept for something is on hold. */

const MOMENT = '2023-12-31T10:00:00.000Z';
const until = z.string().describe('Until when, and then no longer (RFC 3339)').meta({ example: MOMENT });
const owner = PartyId.describe('Whose units they are').meta({ example: 'tesla' });
const order = OrderId.meta({ example: 'PO-TSLA-1' });
const line = LineId.meta({ example: '1' });
const item = ItemId.meta({ example: 'H100' });
export const OnHold = Total.describe('Of these units, on hold for a swap or a purpose').meta({ example: 1000 });
export const Available = balance('Available to promise: what is there less what is on hold').meta({ example: 11000 });

/** Of a swap. */
export const HoldsUntil = z
  .string()
  .nullable()
  .describe('Until when it holds what its legs take (RFC 3339); null: it holds nothing, not yet or no longer')
  .meta({ example: null });

/** What holds units of an order line. */
export const HeldBy = z
  .object({
    owner,
    quantity: Quantity.describe('Held, whether they are there or not').meta({ example: 1000 }),
    swap: SwapId.nullable().describe('The swap that holds them; null where it is a hold, or may not be read').meta({
      example: null,
    }),
    hold: HoldId.nullable().describe('The hold; null where it is a swap, or may not be read').meta({ example: 'H-1' }),
    until,
  })
  .describe('What holds units of the line now');

export const HoldStatus = z.enum(['open', 'released', 'expired']);
export type HoldStatus = z.infer<typeof HoldStatus>;

export const HoldRow = z.object({
  hold: HoldId.describe('A hold').meta({ example: 'H-1' }),
  owner,
  purpose: z.string().meta({ example: 'Export licence' }),
  status: HoldStatus.describe('Whether it holds anything: expired is judged when asked'),
  until,
  held: z.string().describe('When it began to (RFC 3339)').meta({ example: MOMENT }),
  released: z
    .string()
    .nullable()
    .describe('When it was released, or used up by a reallocation')
    .meta({ example: null }),
  lines: z.array(
    z.object({
      order,
      line,
      item,
      quantity: Quantity.meta({ example: 1000 }),
      shipment: ShipmentId.nullable().describe('Only units on this shipment').meta({ example: null }),
      custodian: PartyId.nullable().describe('Only units with this custodian').meta({ example: null }),
      stage: PartiesStage.nullable().describe('Only units in this stage; null: any but damaged ones').meta({
        example: null,
      }),
    }),
  ),
});
export type HoldRow = z.infer<typeof HoldRow>;

/** What an owner may promise of an item. */
export const AvailableRow = z.object({
  owner,
  item,
  there: balance('All that it owns: ordered, in transit, held and damaged').meta({ example: 12000 }),
  onHold: OnHold,
  available: Available,
});
export type AvailableRow = z.infer<typeof AvailableRow>;
