import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import { EventId, KeeperId, Name, Note, Source } from './scalars.ts';

const Opened = z.strictObject({ name: Name, keeper: KeeperId, note: Note.optional() });

const Voided = z.discriminatedUnion('reason', [
  z.strictObject({ sequence: z.int().min(1), reason: z.literal('did_not_occur'), note: Note.optional() }),
  z.strictObject({
    sequence: z.int().min(1),
    reason: z.literal('incorrect_data'),
    corrections: z
      .array(z.strictObject({ source: Source, id: EventId }))
      .min(1)
      .max(100),
    note: Note.optional(),
  }),
]);

export const ledgerEvents = {
  'lading.ledger.opened.v1': define({
    service: 'ledger',
    submitted: Opened,
    completed: Opened,
    subject: () => 'ledger',
    stream: 'begins',
    entitled: [],
  }),
  'lading.event.voided.v1': define({
    service: 'shipments',
    submitted: Voided,
    completed: z.union(Voided.options.map((option) => option.extend({ moves: z.array(Move).min(1).optional() }))),
    subject: ({ sequence }) => `event/${sequence}`,
    stream: 'none',
    entitled: [],
  }),
};
