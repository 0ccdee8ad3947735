import { z } from 'zod';
import { HoldingRow, moment, sequence } from './rows.ts';
import { PartiesStage } from './scalars.ts';

const { owner, custodian, item, order, line, stage, shipment } = HoldingRow.shape;

const Fact = z.object({
  sequence,
  type: z.string().describe('The type of the event').meta({ example: 'lading.shipment.received.v1' }),
  id: z.string().describe("The event's id, its submitter's own").meta({ example: 'receipt-s-1' }),
  occurred: moment('When it happened in the world'),
  recorded: moment('When the ledger took it in'),
});
const since = Fact.describe('The event with which it began');
const until = Fact.nullable().describe('The event with which it ended; null: it goes on');

/** Who owned a unit, and who had it, for a time. */
export const UnitTenureRow = z.object({
  owner,
  custodian,
  order,
  line,
  stage,
  shipment,
  from: since,
  to: until,
  days: z
    .number()
    .describe('For how long, in days; until the moment that is asked about, if it goes on')
    .meta({ example: 12.5 }),
});
export type UnitTenureRow = z.infer<typeof UnitTenureRow>;

/** Whether units are counted because a party owns them, or because it has them in its hands. */
export const TenureRole = z.enum(['owner', 'custodian']);
export type TenureRole = z.infer<typeof TenureRole>;

/** What a party had of an order line in one stage, from the first unit until there was none. */
export const PartyTenureRow = z.object({
  as: TenureRole.describe('Whether the party owned the units, or had them in its hands').meta({ example: 'owner' }),
  item,
  order,
  line,
  stage: PartiesStage.describe('Where the units were in their life').meta({ example: 'held' }),
  from: since,
  to: until,
  quantity: z.int().describe('Units at the end, or at the moment that is asked about').meta({ example: 12000 }),
  most: z.int().describe('The most units at once').meta({ example: 12000 }),
  unitDays: z.number().describe('The units, integrated over the days').meta({ example: 372000 }),
});
export type PartyTenureRow = z.infer<typeof PartyTenureRow>;
