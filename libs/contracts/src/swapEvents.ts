import { z } from 'zod';
import { define } from './define.ts';
import { ConsigneeChange, HeldLine, Move, someUnits } from './move.ts';
import { why } from './reasonCodes.ts';
import { Evidence, Id, ItemId, Moment, Note, OrderId, PartyId, SwapId, Window } from './scalars.ts';

/** One order line (or part) moving one way. What it does not name, execution picks. */
const Leg = z.strictObject({ from: PartyId, to: PartyId, ...someUnits });

/** A leg as the ledger keeps it: with its item, and its line's window as it stood. */
const CompleteLeg = Leg.extend({ item: ItemId, window: Window });

const Proposed = z.strictObject({
  swap: SwapId,
  by: PartyId,
  expires: Moment.optional(),
  authorisedBy: Id.optional(),
  ...why,
  evidence: z.array(Evidence).max(20).optional(),
  legs: z.array(Leg).min(1).max(500),
  note: Note.optional(),
});

const Step = z.strictObject({ swap: SwapId, by: PartyId, ...why, note: Note.optional() });

const subject = ({ swap }: { swap: string }) => `swap/${swap}`;

/** The acceptance that was missing holds what the legs take, until then. Whoever accepts before holds nothing. */
const Accepted = Step.extend({ until: Moment.optional(), holds: z.array(HeldLine).min(1).optional() });

/** `released`: the orders whose units the swap held. */
const ended = define({
  service: 'swaps',
  submitted: Step,
  completed: Step.extend({ released: z.array(OrderId).min(1).optional() }),
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
  'lading.swap.accepted.v1': define({
    service: 'swaps',
    submitted: Step,
    completed: Accepted,
    subject,
    stream: 'continues',
    entitled: ['by'],
  }),
  'lading.swap.rejected.v1': ended,
  'lading.swap.withdrawn.v1': ended,
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
