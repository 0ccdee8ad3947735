import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import { why } from './reasonCodes.ts';
import {
  Count,
  Difference,
  DocumentId,
  ItemId,
  LineId,
  Note,
  OrderId,
  PartyId,
  Quantity,
  ReturnId,
  ShipmentId,
} from './scalars.ts';
import { Serials } from './serials.ts';

const line = { order: OrderId, line: LineId, owner: PartyId.optional() };
const known = { owner: PartyId, item: ItemId };
/** Of a return, its own id is the number of its paper. */
const papers = { document: DocumentId.optional() };
const tail = { ...why, note: Note.optional() };
/** `held` when left out. */
const HeldOrDamaged = z.enum(['held', 'damaged']);

const StagedLine = z.strictObject({
  ...line,
  quantity: Quantity,
  stage: HeldOrDamaged.optional(),
  serials: Serials.optional(),
});

/**
 * A line's `shipment` marks units in transit, refused or handed from one carrier to another; one beside the lines holds for all
 * of them.
 */
const ShippedLine = StagedLine.extend({ shipment: ShipmentId.optional() });
const Returned = z.strictObject({
  return: ReturnId,
  from: PartyId,
  to: PartyId,
  shipment: ShipmentId.optional(),
  lines: z.array(ShippedLine).min(1).max(1000),
  ...tail,
});

const Scrapped = z.strictObject({
  custodian: PartyId,
  ...papers,
  lines: z.array(StagedLine).min(1).max(1000),
  ...tail,
});

const Transferred = z.strictObject({
  from: PartyId,
  to: PartyId,
  shipment: ShipmentId.optional(),
  ...papers,
  lines: z.array(ShippedLine).min(1).max(1000),
  ...tail,
});

/** Held units that broke, or damaged ones that were repaired: `to` is the stage that they are in from then on. */
const ChangedLine = z.strictObject({ ...line, quantity: Quantity, to: HeldOrDamaged, serials: Serials.optional() });
const ConditionChanged = z.strictObject({
  custodian: PartyId,
  ...papers,
  lines: z.array(ChangedLine).min(1).max(1000),
  ...tail,
});

/** Units outside the parties' hands that a count finds, by the order line that they were of, and whose or where they are in the books. */
const Found = z.strictObject({
  ...line,
  custodian: PartyId.optional(),
  stage: z.enum(['returned', 'lost', 'scrapped', 'cancelled', 'count']),
  quantity: Quantity.optional(),
});

/**
 * `serials` of a count are the units that are missing or found: the difference. `from` says where units that were found came back from; what
 * it does not cover is a difference of the count.
 */
const CountedLine = z.strictObject({
  ...line,
  observed: Count,
  serials: Serials.optional(),
  from: z.array(Found).min(1).max(1000).optional(),
});
const Counted = z.strictObject({
  custodian: PartyId,
  ...papers,
  lines: z.array(CountedLine).min(1).max(1000),
  ...tail,
});

const moves = z.array(Move).min(1);
const staged = z.array(StagedLine.extend(known)).min(1);

export const unitEvents = {
  'lading.units.returned.v1': define({
    service: 'shipments',
    submitted: Returned,
    completed: Returned.extend({ lines: z.array(ShippedLine.extend(known)).min(1), moves }),
    subject: (data) => `return/${data.return}`,
    stream: 'begins',
    entitled: ['from'],
  }),
  'lading.units.scrapped.v1': define({
    service: 'shipments',
    submitted: Scrapped,
    completed: Scrapped.extend({ lines: staged, moves }),
    subject: ({ custodian }) => `party/${custodian}`,
    stream: 'none',
    entitled: ['custodian'],
  }),
  'lading.units.condition_changed.v1': define({
    service: 'shipments',
    submitted: ConditionChanged,
    completed: ConditionChanged.extend({ lines: z.array(ChangedLine.extend(known)).min(1), moves }),
    subject: ({ custodian }) => `party/${custodian}`,
    stream: 'none',
    entitled: ['custodian'],
  }),
  'lading.custody.transferred.v1': define({
    service: 'shipments',
    submitted: Transferred,
    completed: Transferred.extend({ lines: z.array(ShippedLine.extend(known)).min(1), moves }),
    subject: ({ from }) => `party/${from}`,
    stream: 'none',
    entitled: ['from'],
  }),
  'lading.count.adjusted.v1': define({
    service: 'shipments',
    submitted: Counted,
    completed: Counted.extend({
      lines: z.array(CountedLine.extend({ ...known, expected: Count, difference: Difference })).min(1),
      moves,
    }),
    subject: ({ custodian }) => `party/${custodian}`,
    stream: 'none',
    entitled: ['custodian'],
  }),
};
