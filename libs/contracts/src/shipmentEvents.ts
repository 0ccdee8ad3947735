import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import { why } from './reasonCodes.ts';
import {
  Count,
  Day,
  DocumentId,
  ItemId,
  LineId,
  Note,
  OrderId,
  PartyId,
  Quantity,
  ShipmentId,
  Text,
} from './scalars.ts';
import { Serials } from './serials.ts';

/** One owner's units of one order line; `owner` may be left out while only one could be meant. */
const line = { order: OrderId, line: LineId, owner: PartyId.optional() };
/** What the ledger fills in on a line. */
const known = { owner: PartyId, item: ItemId };

/** Units that a supplier has, by the order line that they were of; `held`, when `stage` is left out, are its own. */
const Delivered = z.strictObject({
  order: OrderId,
  line: LineId,
  stage: z.enum(['held', 'returned', 'lost', 'scrapped', 'cancelled', 'count']).optional(),
  quantity: Quantity.optional(),
});

/**
 * The ordered line that gets another item: as many of its awaited units end as are sent, or received, instead. Beside it,
 * `substitutedSerials` says which of them, where they have numbers already.
 */
const Substituted = z.strictObject({ order: OrderId, line: LineId });
const substitute = { substitutes: Substituted.optional(), substitutedSerials: Serials.optional() };
/** What the ledger fills in on such a line. */
const knownSubstitute = { substitutes: Substituted.extend({ item: ItemId }).optional() };

/**
 * `from`: which units they are, or that they are new; else what the supplier owns and holds comes first, the oldest first. `over`: more of
 * them may be sent than their owner has ordered.
 */
const DispatchedLine = z.strictObject({
  ...line,
  quantity: Quantity,
  serials: Serials.optional(),
  from: z.union([z.literal('new'), z.array(Delivered).min(1).max(1000)]).optional(),
  over: z.boolean().optional(),
  ...substitute,
});
const Dispatched = z.strictObject({
  shipment: ShipmentId,
  consignee: PartyId,
  carrier: PartyId,
  destination: Text.optional(),
  eta: Day.optional(),
  document: DocumentId.optional(),
  lines: z.array(DispatchedLine).min(1).max(1000),
  note: Note.optional(),
});

const ReceivedLine = z.strictObject({
  ...line,
  received: Count,
  damaged: Count.optional(),
  surplus: Count.optional(),
  serials: Serials.optional(),
  damagedSerials: Serials.optional(),
  surplusSerials: Serials.optional(),
  ...substitute,
});
const Received = z.strictObject({
  shipment: ShipmentId,
  by: PartyId,
  final: z.boolean().optional(),
  document: DocumentId.optional(),
  lines: z.array(ReceivedLine).min(1).max(1000),
  note: Note.optional(),
});

/** `custodian`: which carrier lost them, where units were handed from one to another on the way. */
const LostLine = z.strictObject({
  ...line,
  custodian: PartyId.optional(),
  quantity: Quantity,
  serials: Serials.optional(),
});
const Lost = z.strictObject({
  shipment: ShipmentId,
  document: DocumentId.optional(),
  lines: z.array(LostLine).min(1).max(1000),
  ...why,
  note: Note.optional(),
});

/** What is said anew of what is still in transit; the rest stays as it was. */
const rescheduled = {
  shipment: ShipmentId,
  eta: Day.optional(),
  carrier: PartyId.optional(),
  destination: Text.optional(),
  consignee: PartyId.optional(),
  document: DocumentId.optional(),
  ...why,
  note: Note.optional(),
};
const Rescheduled = z
  .strictObject(rescheduled)
  .refine(({ eta, carrier, destination, consignee }) => (eta ?? carrier ?? destination ?? consignee) !== undefined, {
    message: 'a shipment is rescheduled to another eta, carrier, destination or consignee: name what is new',
    path: ['eta'],
  });
const Header = z.strictObject({
  consignee: PartyId,
  carrier: PartyId,
  destination: Text.optional(),
  eta: Day.optional(),
});

/** Beside nothing that is replaced, `substitutedSerials` would be left out silently. */
const replacesWhatItNames = z.check<{
  lines: readonly { substitutes?: unknown; substitutedSerials?: unknown }[];
}>(({ value, issues }) => {
  for (const [at, { substitutes, substitutedSerials }] of value.lines.entries()) {
    if (substitutes !== undefined || substitutedSerials === undefined) continue;
    const message = 'these are the numbers of units that a substitute replaces: name their line in `substitutes`';
    issues.push({ code: 'custom', message, path: ['lines', at, 'substitutedSerials'], input: value.lines[at] });
  }
});

const moves = z.array(Move).min(1);
const subject = ({ shipment }: { shipment: string }) => `shipment/${shipment}`;

export const shipmentEvents = {
  'lading.shipment.dispatched.v1': define({
    service: 'shipments',
    submitted: Dispatched.check(replacesWhatItNames),
    completed: Dispatched.extend({
      lines: z.array(DispatchedLine.extend({ ...known, ...knownSubstitute })).min(1),
      moves,
    }),
    subject,
    stream: 'either',
    entitled: ['supplier'],
  }),
  'lading.shipment.rescheduled.v1': define({
    service: 'shipments',
    submitted: Rescheduled,
    completed: z.strictObject({ ...rescheduled, previous: Header, moves: moves.optional() }),
    subject,
    stream: 'continues',
    entitled: ['supplier', 'carrier'],
  }),
  'lading.shipment.received.v1': define({
    service: 'shipments',
    submitted: Received.check(replacesWhatItNames),
    // A final receipt of nothing moves nothing: all that is missing is the fact.
    completed: Received.extend({
      lines: z.array(ReceivedLine.extend({ ...known, ...knownSubstitute, advised: Count })).min(1),
      moves: moves.optional(),
    }),
    subject,
    stream: 'continues',
    entitled: ['by'],
  }),
  'lading.shipment.lost.v1': define({
    service: 'shipments',
    submitted: Lost,
    completed: Lost.extend({ lines: z.array(LostLine.extend(known)).min(1), moves }),
    subject,
    stream: 'continues',
    entitled: ['supplier', 'carrier'],
  }),
};
