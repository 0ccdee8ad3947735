import { z } from 'zod';
import { Available, HeldBy, HoldsUntil, OnHold } from './holdRows.ts';
import { Due, Promised } from './promised.ts';
import {
  Day,
  Evidence,
  Id,
  ItemId,
  LineId,
  Money,
  OrderId,
  PartyId,
  Quantity,
  ShipmentId,
  Stage,
  SwapId,
  Window,
} from './scalars.ts';
import { balance } from './totals.ts';

/** The rows that the query service answers with (and the read models keep): the asking half of the contract. */

const MOMENT = '2023-12-31T10:00:00.000Z';
export const sequence = z.int().min(1).describe('The place of an event in its ledger: 1, 2, 3 …').meta({ example: 17 });
export const standing = z
  .int()
  .min(0)
  .describe('The sequence of the last event that this answer knows')
  .meta({ example: 17 });
export const moment = (what: string) => z.string().describe(`${what} (RFC 3339)`).meta({ example: MOMENT });
const count = (what: string) => z.int().min(0).describe(`${what}, in units`).meta({ example: 12000 });
const there = (what: string) => balance(`${what}, in units`).meta({ example: 12000 });
export const id = (schema: typeof Id, what: string, example: string) => schema.describe(what).meta({ example });

const party = id(PartyId, 'A party', 'tesla');
const owner = id(PartyId, 'Who is entitled to the units (EPCIS owning_party)', 'x');
const custodian = id(PartyId, 'Who physically has them (EPCIS possessing_party)', 'dhl');
const item = id(ItemId, 'A product', 'H100');
const order = id(OrderId, 'An order', 'PO-TSLA-1');
const line = id(LineId, 'A line of the order', '1');
const stage = Stage.describe('Where the units are in their life').meta({ example: 'in_transit' });
const shipment = ShipmentId.nullable().describe('The shipment while in transit, else null').meta({ example: 'S-1' });
const units = z.int().describe('Units, either sign').meta({ example: 12000 });

/** A row is as large as an answer may be: where all is found, what is left out here. */
const partial = (parts: string, where: string) =>
  z
    .literal(true)
    .optional()
    .describe(`There is more than one answer has: ${parts} after the first 5,000 are left out. All of them: ${where}`);

/** Units by the stages that are in parties' hands. */
export const Stages = z.object({
  ordered: there('Promised, not sent'),
  in_transit: there('On the way'),
  held: there('There'),
  damaged: there('There, damaged'),
});
export type Stages = z.infer<typeof Stages>;

const account = { owner, custodian, item, order, line, stage, shipment };

const Replaced = z.object({ order, line, item });
const Instead = Replaced.extend({ quantity: Quantity }).array().optional();

const negative = z
  .literal(true)
  .optional()
  .describe(
    'Below zero then, or of a group a part of it: what brought the units was told later than what took them (flag `negative-past-balance`)',
  );

/** The balance of one account. Only `supply` and `count` may be below zero now. */
export const HoldingRow = z.object({
  ...account,
  quantity: units,
  substitutes: Replaced.array().optional().describe('Ordered lines that got units of this one instead'),
  negative,
});
export type HoldingRow = z.infer<typeof HoldingRow>;

/** What holdings may be grouped by. */
export const HoldingKey = z.enum(['owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment']);
export type HoldingKey = z.infer<typeof HoldingKey>;

/** The balance of a group of accounts: only the keys that `groupBy` names, all of them without it. */
export const HoldingGroupRow = HoldingRow.partial().required({ quantity: true });
export type HoldingGroupRow = z.infer<typeof HoldingGroupRow>;

/** Half a move: one signed quantity on one account, with the event that booked it. */
export const PostingRow = z.object({
  sequence,
  type: z.string().describe('The type of the event').meta({ example: 'lading.shipment.dispatched.v1' }),
  id: z.string().describe("The event's id, its submitter's own").meta({ example: 'asn-77' }),
  occurred: moment('When it happened in the world'),
  recorded: moment('When the ledger took it in'),
  ...account,
  quantity: z.int().describe('Units onto the account, or off it').meta({ example: -12000 }),
  balance: z.int().describe('The units on the account after this posting, in sequence order').meta({ example: 0 }),
  voidedBy: sequence.nullable().describe('The event that took this one back').meta({ example: null }),
  voids: sequence.nullable().describe('The event that this one takes back').meta({ example: null }),
});
export type PostingRow = z.infer<typeof PostingRow>;

export const PartyRow = z.object({
  party,
  name: z.string().meta({ example: 'Tesla, Inc.' }),
  roles: z.array(z.enum(['supplier', 'customer', 'carrier'])).meta({ example: ['customer'] }),
  controlledBy: z
    .array(Id)
    .describe('Who controls it')
    .meta({ example: ['elon-musk'] }),
  holdings: z.array(Stages.extend({ item })).describe('What it owns, an item a row'),
  balances: z
    .array(
      z.object({
        swap: id(SwapId, 'The swap', 'SW-1'),
        with: id(PartyId, 'The other party', 'x'),
        item,
        units: units.describe('Given minus received: positive is owed to the party'),
        unitDays: z.number().describe('The units, integrated over the days that they were owed').meta({ example: 0 }),
      }),
    )
    .describe('What is owed to it and by it under swaps'),
  partial: partial('items, or legs of swaps,', '`holdings?owner=…&groupBy=item,stage` and `swaps?party=…`'),
});
export type PartyRow = z.infer<typeof PartyRow>;

export const ItemRow = z.object({
  item,
  name: z.string().meta({ example: 'H100 80 GB SXM5' }),
  maker: Id.nullable().meta({ example: 'nvidia' }),
  tracking: z.enum(['quantity', 'serial']).meta({ example: 'quantity' }),
  eccn: z.string().nullable().describe('Export control classification').meta({ example: '3A090' }),
  listPrice: Money.nullable(),
  holdings: Stages.describe('All of it, in the hands of all parties'),
});
export type ItemRow = z.infer<typeof ItemRow>;

export const OrderRow = z.object({
  order,
  buyer: party,
  supplier: id(PartyId, 'Who sells', 'nvidia'),
  placed: moment('When it was placed'),
  lines: z.array(
    z.object({
      line,
      item,
      quantity: there("The line's total; cancelled units are not counted"),
      cancelled: there('Cancelled so far'),
      window: Window.describe('As ordered, and as changed since'),
      due: Due,
      dueFirst: Day.optional()
        .describe('The last day of its window when it was ordered, where that was changed since')
        .meta({ example: '2023-11-30' }),
      promised: Promised,
      units: z
        .array(z.object({ owner, custodian, stage, shipment, quantity: there('There') }))
        .describe('Where the units of the line are now, and whose they are'),
      onHold: OnHold,
      available: Available,
      holds: z.array(HeldBy),
      substitutedBy: Instead.describe('What came instead of units of this line, if anything'),
      substitutes: Instead.describe('What units of this line came instead of, if of anything'),
    }),
  ),
  partial: partial('lines, or places of their units,', '`events?entity=order/…` and `holdings?order=…`'),
});
export type OrderRow = z.infer<typeof OrderRow>;

/** in_transit: nothing has arrived; partly_received: some has, more is coming; received: nothing is coming; ended: nothing came. */
export const ShipmentStatus = z.enum(['in_transit', 'partly_received', 'received', 'ended']);
export type ShipmentStatus = z.infer<typeof ShipmentStatus>;

export const ShipmentRow = z.object({
  shipment: id(ShipmentId, 'A shipment', 'S-1'),
  consignee: id(PartyId, 'Who it is for', 'tesla'),
  carrier: id(PartyId, 'Who carries it', 'dhl'),
  destination: z.string().nullable().meta({ example: 'Austin' }),
  eta: Day.nullable().describe('When it is expected').meta({ example: '2023-12-28' }),
  dispatched: moment('When its first units left'),
  status: ShipmentStatus,
  lines: z.array(
    z.object({
      order,
      line,
      item,
      owner,
      advised: there('Sent, for this owner'),
      received: count('Arrived in good order'),
      damaged: count('Arrived damaged'),
      surplus: count('Arrived beyond what was sent'),
      lost: there('Lost on the way'),
      inTransit: there('Still on the way'),
      arrived: moment('When units that were sent arrived last; null where none did').nullable(),
    }),
  ),
  partial: partial('lines', '`events?entity=shipment/…` and, of what is on the way, `holdings?shipment=…`'),
});
export type ShipmentRow = z.infer<typeof ShipmentRow>;

/** `expired` is judged when asked: an open swap whose time is over. */
export const SwapStatus = z.enum(['proposed', 'accepted', 'rejected', 'withdrawn', 'executed', 'expired']);
export type SwapStatus = z.infer<typeof SwapStatus>;

export const SwapRow = z.object({
  swap: id(SwapId, 'A swap', 'SW-1'),
  status: SwapStatus,
  by: id(PartyId, 'Who proposed it', 'x'),
  accepted: z
    .array(PartyId)
    .describe('Who accepted it so far')
    .meta({ example: ['x', 'tesla'] }),
  authorisedBy: Id.nullable().meta({ example: 'elon-musk' }),
  reason: z.string().nullable().meta({ example: 'redirecting 12k of shipped H100 GPUs' }),
  evidence: z.array(Evidence),
  expires: z.string().nullable().describe('Until when it may be executed (RFC 3339)').meta({ example: MOMENT }),
  proposed: moment('When it was proposed'),
  executed: z.string().nullable().describe('When it was executed (RFC 3339)').meta({ example: MOMENT }),
  holdsUntil: HoldsUntil,
  legs: z.array(
    z.object({
      from: id(PartyId, 'Who gives', 'tesla'),
      to: id(PartyId, 'Who receives', 'x'),
      order,
      line,
      item,
      quantity: Quantity.meta({ example: 12000 }),
      window: Window.describe("The line's delivery window, as it stood at the proposal, and once executed at that"),
      received: count('Reached the receiver, held or damaged'),
      missing: count('Not there yet; lost and cancelled ones are among them'),
      lost: count('Of the missing ones, lost, returned or scrapped on the way'),
      cancelled: count('Of the missing ones, cancelled'),
      overdue: z.boolean().describe('Whether the window is over and units are missing, when asked'),
    }),
  ),
  balance: z
    .array(
      z.object({
        party,
        item,
        given: count('Of its own that reached the others'),
        received: count('Of theirs that reached it'),
        units: units.describe('Given minus received: positive is owed to the party'),
        unitDays: z
          .number()
          .describe('The units, integrated over the days that they were owed')
          .meta({ example: 372000 }),
      }),
    )
    .describe('The exchange balance'),
});
export type SwapRow = z.infer<typeof SwapRow>;

/** A unit with a serial number of its own. */
export const UnitRow = z.object({
  serial: z.string().meta({ example: 'H100-000001' }),
  ...account,
  sequence: sequence.describe('The event that brought it there'),
});
export type UnitRow = z.infer<typeof UnitRow>;

/** A place in an item's queue: by the window that the supplier is held to, then by the sequence at which the order was placed. */
export const QueueRow = z.object({
  position: z.int().min(1).meta({ example: 1 }),
  order,
  line,
  buyer: party,
  owner,
  window: Window.describe('As ordered'),
  quantity: there('All of the line that the owner has or is promised'),
  ordered: Stages.shape.ordered,
  in_transit: Stages.shape.in_transit,
  held: there('There, damaged ones too'),
  due: Due,
  promised: Promised,
  onHold: OnHold,
});
export type QueueRow = z.infer<typeof QueueRow>;
