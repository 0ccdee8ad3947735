import { z } from 'zod';
import { ReasonCode } from './reasonCodes.ts';
import { PostingRow, sequence } from './rows.ts';
import { ItemId, PartyId } from './scalars.ts';
import { Total } from './totals.ts';

/** One event as a line to read: what happened, to whom, how many. */
export const ActivityRow = z.object({
  sequence,
  type: PostingRow.shape.type,
  id: PostingRow.shape.id,
  source: z.string().meta({ example: 'urn:nvidia:erp' }),
  subject: z.string().meta({ example: 'shipment/S-1' }),
  actor: z.string().describe('The name of the key that submitted it').meta({ example: 'erp' }),
  occurred: PostingRow.shape.occurred,
  recorded: PostingRow.shape.recorded,
  parties: z.array(PartyId).describe('Whose units it moves, or whom it names'),
  items: z.array(ItemId),
  quantity: Total.describe('The units that it moves').meta({ example: 12000 }),
  reasonCode: ReasonCode.nullable().describe('Why, for programs').meta({ example: 'shortage' }),
  note: z.string().nullable().meta({ example: null }),
  voidedBy: PostingRow.shape.voidedBy,
  voids: PostingRow.shape.voids,
});
export type ActivityRow = z.infer<typeof ActivityRow>;

/** What happened for one reason: the events of one type that have its code, counted. */
export const ReasonRow = z.object({
  reasonCode: ReasonCode.meta({ example: 'shortage' }),
  type: PostingRow.shape.type,
  events: Total.describe('The events of this type with this code').meta({ example: 3 }),
  quantity: Total.describe('The units that they move, together').meta({ example: 12000 }),
  last: sequence.describe('The newest of them'),
});
export type ReasonRow = z.infer<typeof ReasonRow>;
