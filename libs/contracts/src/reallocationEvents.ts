import { z } from 'zod';
import { define } from './define.ts';
import { ConsigneeChange, HeldLine, Move, someUnits } from './move.ts';
import { why } from './reasonCodes.ts';
import { Day, Evidence, HoldId, Id, ItemId, Moment, Note, OrderId, PartyId, ReallocationId, Text } from './scalars.ts';

const ReallocationLine = z.strictObject(someUnits);

/** reassigned: ordered units (X12 865 TI); reconsigned: in transit (X12 elem. 157); transferred: already held. */
const made = {
  reallocation: ReallocationId,
  kind: z.enum(['reassigned', 'reconsigned', 'transferred']),
  from: PartyId,
  to: PartyId,
  destination: Text.optional(),
  eta: Day.optional(),
  lines: z.array(ReallocationLine).min(1).max(1000),
  hold: HoldId.optional(),
  ...why,
  authorisedBy: Id.optional(),
  evidence: z.array(Evidence).max(20).optional(),
  note: Note.optional(),
};

const Made = z.strictObject(made).check(({ value: { kind, lines }, issues }) => {
  for (const [at, { shipment }] of lines.entries()) {
    if (kind !== 'reconsigned' || shipment !== undefined) continue;
    const message = 'units in transit are reconsigned on a shipment: name it';
    issues.push({ code: 'custom', message, path: ['lines', at, 'shipment'], input: lines[at] });
  }
});

/** Units of one owner that are kept for a purpose until a moment, named as the legs of a swap name theirs. */
const Held = z.strictObject({
  hold: HoldId,
  owner: PartyId,
  purpose: Text,
  until: Moment,
  lines: z.array(z.strictObject(someUnits)).min(1).max(1000),
  authorisedBy: Id.optional(),
  note: Note.optional(),
});

const Released = z.strictObject({ hold: HoldId, ...why, note: Note.optional() });

const ofHold = ({ hold }: { hold: string }) => `hold/${hold}`;

/** The orders of which a hold is over. */
const released = z.array(OrderId).min(1);

export const reallocationEvents = {
  'lading.reallocation.made.v1': define({
    service: 'reallocations',
    submitted: Made,
    completed: z.strictObject({
      ...made,
      lines: z.array(ReallocationLine.extend({ item: ItemId })).min(1),
      consignees: z.array(ConsigneeChange).min(1).optional(),
      released: released.optional(),
      moves: z.array(Move).min(1),
    }),
    subject: ({ reallocation }) => `reallocation/${reallocation}`,
    stream: 'begins',
    entitled: ['from'],
  }),
  'lading.units.held.v1': define({
    service: 'reallocations',
    submitted: Held,
    completed: Held.extend({ lines: z.array(HeldLine).min(1) }),
    subject: ofHold,
    stream: 'begins',
    entitled: ['owner'],
  }),
  'lading.units.released.v1': define({
    service: 'reallocations',
    submitted: Released,
    completed: Released.extend({ owner: PartyId, released }),
    subject: ofHold,
    stream: 'continues',
    entitled: ['owner'],
  }),
};
