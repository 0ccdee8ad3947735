import { z } from 'zod';
import { Day, ItemId, LineId, OrderId, PartiesStage, PartyId, Quantity, ShipmentId, Stage, Text } from './scalars.ts';
import { Serials } from './serials.ts';

/** Where units are: with whom, in which stage, and on which shipment while in transit. */
export const Place = z.strictObject({
  owner: PartyId,
  custodian: PartyId,
  stage: Stage,
  shipment: ShipmentId.optional(),
});
export type Place = z.infer<typeof Place>;

/**
 * Units going from one account to another: what an event books. One move is two postings, so every event sums to zero.
 * `serials` is absent when all that the account holds moves, or when units move that nobody has named yet.
 */
export const Move = z.strictObject({
  item: ItemId,
  order: OrderId,
  line: LineId,
  quantity: Quantity,
  serials: Serials.optional(),
  from: Place,
  to: Place,
});
export type Move = z.infer<typeof Move>;

/** Who a shipment is for from now on, when all that is still in transit on it has one owner. */
export const ConsigneeChange = z.strictObject({
  shipment: ShipmentId,
  consignee: PartyId,
  destination: Text.optional(),
  eta: Day.optional(),
});
export type ConsigneeChange = z.infer<typeof ConsigneeChange>;

/** So many units of a line, wherever they are in the parties' hands, or in the place that is named. */
export const someUnits = {
  order: OrderId,
  line: LineId,
  quantity: Quantity,
  shipment: ShipmentId.optional(),
  custodian: PartyId.optional(),
  stage: PartiesStage.optional(),
  serials: Serials.optional(),
};

/** Units of one owner that are held. */
export const HeldLine = z.strictObject({ owner: PartyId, item: ItemId, ...someUnits });
export type HeldLine = z.infer<typeof HeldLine>;
