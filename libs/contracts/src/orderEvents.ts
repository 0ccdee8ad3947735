import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import { why } from './reasonCodes.ts';
import { ItemId, LineId, Note, OrderId, PartyId, Quantity, Window } from './scalars.ts';
import { Serials } from './serials.ts';

const lines = z
  .array(
    z.strictObject({ line: LineId, item: ItemId, quantity: Quantity, window: Window, serials: Serials.optional() }),
  )
  .min(1)
  .max(1000)
  .refine(
    (lines) => new Set(lines.map(({ line }) => line)).size === lines.length,
    'each line of an order has its own name',
  );

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
