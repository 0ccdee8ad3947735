import { z } from 'zod';
import { define } from './define.ts';
import { ConsigneeChange, Move } from './move.ts';
import {
  Evidence,
  Id,
  ItemId,
  LineId,
  Moment,
  Note,
  OrderId,
  PartiesStage,
  PartyId,
  Quantity,
  ShipmentId,
  SwapId,
  Reason,
  Window,
} from './scalars.ts';
import { Serials } from './serials.ts';

/** One order line (or part) moving one way. What it does not name, execution picks. */
const Leg = z.strictObject({
  from: PartyId,
  to: PartyId,
  order: OrderId,
  line: LineId,
  quantity: Quantity,
  shipment: ShipmentId.optional(),
  custodian: PartyId.optional(),
  stage: PartiesStage.optional(),
  serials: Serials.optional(),
});

/** A leg as the ledger keeps it: with its item, and its line's window as it stood. */
const CompleteLeg = Leg.extend({ item: ItemId, window: Window });

const Proposed = z.strictObject({
  swap: SwapId,
  by: PartyId,
  expires: Moment.optional(),
  authorisedBy: Id.optional(),
  reason: Reason.optional(),
  evidence: z.array(Evidence).max(20).optional(),
  legs: z.array(Leg).min(1).max(500),
  note: Note.optional(),
});

const Step = z.strictObject({ swap: SwapId, by: PartyId, reason: Reason.optional(), note: Note.optional() });

const subject = ({ swap }: { swap: string }) => `swap/${swap}`;
const step = define({
  service: 'swaps',
  submitted: Step,
  completed: Step,
  subject,
  stream: 'continues',
  entitled: ['by'],
});

export const swapEvents = {
  'lading.swap.proposed.v1': define({
    service: 'swaps',
    submitted: Proposed,
    completed: Proposed.extend({ legs: z.array(CompleteLeg).min(1) }),
    subject,
    stream: 'begins',
    entitled: ['by'],
  }),
  'lading.swap.accepted.v1': step,
  'lading.swap.rejected.v1': step,
  'lading.swap.withdrawn.v1': step,
  'lading.swap.executed.v1': define({
    service: 'swaps',
    submitted: Step,
    completed: Step.extend({
      legs: z.array(CompleteLeg).min(1),
      consignees: z.array(ConsigneeChange).min(1).optional(),
      moves: z.array(Move).min(1),
    }),
    subject,
    stream: 'continues',
    entitled: ['by'],
  }),
};
