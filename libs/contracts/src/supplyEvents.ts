import { z } from 'zod';
import { define } from './define.ts';
import { Count, DocumentId, ItemId, Note, PartyId, Window } from './scalars.ts';

/** How much of an item a supplier will have for its customers in a period, all its orders together; 0: nothing any more. */
const Committed = z.strictObject({
  supplier: PartyId,
  item: ItemId,
  period: Window,
  quantity: Count,
  document: DocumentId.optional(),
  note: Note.optional(),
});

export const supplyEvents = {
  'lading.supply.committed.v1': define({
    service: 'shipments',
    submitted: Committed,
    completed: Committed.extend({ previous: Count.optional() }),
    subject: ({ supplier }) => `party/${supplier}`,
    stream: 'none',
    entitled: ['supplier'],
  }),
};
