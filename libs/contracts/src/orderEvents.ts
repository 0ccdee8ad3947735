import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import { why } from './reasonCodes.ts';
import { Count, DocumentId, ItemId, LineId, Note, OrderId, PartyId, Quantity, Reason, Window } from './scalars.ts';
import { Serials } from './serials.ts';

function once(lines: readonly { readonly line: string }[]): boolean {
  return new Set(lines.map(({ line }) => line)).size === lines.length;
}

const lines = z
  .array(
    z.strictObject({ line: LineId, item: ItemId, quantity: Quantity, window: Window, serials: Serials.optional() }),
  )
  .min(1)
  .max(1000)
  .refine(once, 'each line of an order has its own name');

const Placed = z.strictObject({ order: OrderId, buyer: PartyId, supplier: PartyId, lines, note: Note.optional() });

/** Lines that an order gets later, or that did not fit into the event that placed it. */
const LinesAdded = z.strictObject({ order: OrderId, lines, note: Note.optional() });

/** Who asked for the change: the buyer may reduce only its own units, the seller anyone's. */
const Initiator = z.enum(['buyer', 'seller']);

const changed = {
  order: OrderId,
  line: LineId,
  owner: PartyId.optional(),
  initiator: Initiator,
  quantity: Quantity.optional(),
  window: Window.optional(),
  serials: Serials.optional(),
  ...why,
  note: Note.optional(),
};
const LineChanged = z
  .strictObject(changed)
  .refine(({ quantity, window }) => quantity !== undefined || window !== undefined, {
    message: 'a change names a quantity, a window or both',
    path: ['quantity'],
  });

const LineCancelled = z.strictObject({
  order: OrderId,
  line: LineId,
  owner: PartyId.optional(),
  initiator: Initiator,
  quantity: Quantity.optional(),
  serials: Serials.optional(),
  ...why,
  note: Note.optional(),
});

/** What a supplier says of a line that was ordered (X12 855 and 865, ACK01). */
export const ConfirmationCode = z.enum(['accepted', 'changed', 'backordered', 'rejected']);
export type ConfirmationCode = z.infer<typeof ConfirmationCode>;

const confirmation = {
  line: LineId,
  code: ConfirmationCode,
  quantity: Count.optional(),
  window: Window.optional(),
  reason: Reason.optional(),
};
/** Of a line that is accepted, and of one that is changed in one of them only, what is left out is as ordered. */
const ConfirmedLine = z
  .strictObject(confirmation)
  .refine(({ code, quantity, window }) => code !== 'changed' || quantity !== undefined || window !== undefined, {
    message: 'a line that is changed names the quantity, the window or both that the supplier promises instead',
    path: ['quantity'],
  })
  .refine(({ code, quantity }) => code === 'rejected' || quantity !== 0, {
    message: 'a line of which nothing is promised is confirmed with the code rejected',
    path: ['quantity'],
  });
const Ordered = z.strictObject({ quantity: Count, window: Window });
const confirmed = { order: OrderId, document: DocumentId.optional(), note: Note.optional() };
const OrderConfirmed = z.strictObject({
  ...confirmed,
  lines: z.array(ConfirmedLine).min(1).max(1000).refine(once, 'a line is confirmed once in an event'),
});

const moves = z.array(Move).min(1);
const subject = ({ order }: { order: string }) => `order/${order}`;

export const orderEvents = {
  'lading.order.placed.v1': define({
    service: 'shipments',
    submitted: Placed,
    completed: Placed.extend({ moves }),
    subject,
    stream: 'begins',
    entitled: ['supplier', 'buyer'],
  }),
  'lading.order.lines_added.v1': define({
    service: 'shipments',
    entitled: ['supplier', 'buyer'],
    submitted: LinesAdded,
    completed: LinesAdded.extend({ moves }),
    subject,
    stream: 'continues',
  }),
  'lading.order.confirmed.v1': define({
    service: 'shipments',
    submitted: OrderConfirmed,
    completed: z.strictObject({
      ...confirmed,
      lines: z.array(z.strictObject({ ...confirmation, item: ItemId, ordered: Ordered })).min(1),
    }),
    subject,
    stream: 'continues',
    entitled: ['supplier'],
  }),
  'lading.order.line_changed.v1': define({
    service: 'shipments',
    submitted: LineChanged,
    completed: z.strictObject({
      ...changed,
      previous: z.strictObject({ quantity: Quantity.or(z.literal(0)), window: Window }),
      moves: moves.optional(),
    }),
    subject,
    stream: 'continues',
    entitled: ['initiator'],
  }),
  'lading.order.line_cancelled.v1': define({
    service: 'shipments',
    submitted: LineCancelled,
    completed: LineCancelled.extend({ owner: PartyId, quantity: Quantity, moves }),
    subject,
    stream: 'continues',
    entitled: ['initiator'],
  }),
};
