import { z } from 'zod';
import { define } from './define.ts';
import { ConsigneeChange, Move } from './move.ts';
import { Evidence, Id, Moment, Note, PartiesStage, Quantity, Text, Window } from './scalars.ts';
import { Serials } from './serials.ts';

/** One order line (or part) moving one way. What it does not name, execution picks. */
const Leg = z.strictObject({
  from: Id,
  to: Id,
  order: Id,
  line: Id,
  quantity: Quantity,
  shipment: Id.optional(),
  custodian: Id.optional(),
  stage: PartiesStage.optional(),
  serials: Serials.optional(),
});

/** A leg as the ledger keeps it: with its item, and its line's window as it stood. */
const CompleteLeg = Leg.extend({ item: Id, window: Window });

const Proposed = z.strictObject({
  swap: Id,
  by: Id,
  expires: Moment.optional(),
  authorisedBy: Id.optional(),
  reason: Text.optional(),
  evidence: z.array(Evidence).max(20).optional(),
  legs: z.array(Leg).min(1).max(500),
  note: Note.optional(),
});

const Step = z.strictObject({ swap: Id, by: Id, reason: Text.optional(), note: Note.optional() });

const subject = ({ swap }: { swap: string }) => `swap/${swap}`;
const step = define({ service: 'swaps', submitted: Step, completed: Step, subject });

export const swapEvents = {
  'lading.swap.proposed.v1': define({
    service: 'swaps',
    submitted: Proposed,
    completed: Proposed.extend({ legs: z.array(CompleteLeg).min(1) }),
    subject,
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
  }),
};
