import { z } from 'zod';
import { define } from './define.ts';
import { Move } from './move.ts';
import {
  Count,
  Day,
  EventId,
  ItemId,
  KeeperId,
  LineId,
  Moment,
  Name,
  Note,
  OrderId,
  PartyId,
  ShipmentId,
  Source,
  Text,
  Window,
} from './scalars.ts';
import { Serials } from './serials.ts';

const Opened = z.strictObject({ name: Name, keeper: KeeperId, note: Note.optional() });

const Sequence = z.int().min(1);

const Voided = z.discriminatedUnion('reason', [
  z.strictObject({ sequence: Sequence, reason: z.literal('did_not_occur'), note: Note.optional() }),
  z.strictObject({
    sequence: Sequence,
    reason: z.literal('incorrect_data'),
    corrections: z
      .array(z.strictObject({ source: Source, id: EventId }))
      .min(1)
      .max(100),
    note: Note.optional(),
  }),
]);

/** The event that is taken back, as the ledger keeps it: its data without the moves, which are the void's turned round. */
const TakenBack = z.strictObject({
  source: z.string(),
  id: z.string(),
  type: z.string(),
  subject: z.string(),
  actor: z.string(),
  recordedtime: Moment,
  data: z.record(z.string(), z.unknown()),
});

/** What a supplier had promised of a line; `stands`: the window that was ordered was still the one that was confirmed. */
const Confirmed = z.strictObject({
  sequence: Sequence,
  time: Moment,
  stands: z.boolean(),
  line: z.record(z.string(), z.unknown()),
});

/** What the event had set, as it was before it; absent where there was nothing. */
const Restored = z.strictObject({
  /** The master data of a party or an item. */
  registered: z.record(z.string(), z.unknown()).optional(),
  lines: z
    .array(z.strictObject({ order: OrderId, line: LineId, window: Window, promised: Confirmed.optional() }))
    .min(1)
    .optional(),
  /**
   * In place of `lines`, where a void of a confirmation would be too large with them: what was promised of its lines, by the event that had
   * confirmed them. `ordered` is left out where it was what the voided confirmation says; a line that is in none had no promise.
   */
  confirmed: z
    .array(
      z.strictObject({
        sequence: Sequence,
        time: Moment,
        stands: z.boolean(),
        lines: z.array(z.record(z.string(), z.unknown())).min(1),
      }),
    )
    .min(1)
    .optional(),
  shipments: z
    .array(
      z.strictObject({
        shipment: ShipmentId,
        /** Each part of the header that the event changed; null: there was none. */
        consignee: PartyId.optional(),
        carrier: PartyId.optional(),
        destination: Text.nullable().optional(),
        eta: Day.nullable().optional(),
        /** Whether another receipt says that nothing more is coming. */
        final: z.boolean().optional(),
      }),
    )
    .min(1)
    .optional(),
  commitments: z
    .array(z.strictObject({ period: Window, quantity: Count, sequence: Sequence }))
    .min(1)
    .optional(),
  /** The windows of a swap's legs before its execution, in their order; of those that are left out at the end, as at the execution. */
  windows: z.array(Window).min(1).optional(),
});
export type Restored = z.infer<typeof Restored>;

const voids = {
  /** The contract had voids without it before any ledger took one. */
  voided: TakenBack.optional(),
  restored: Restored.optional(),
  /** Units that the event gave their serial numbers: they have none any more. Without `serials`: all of the item that the moves name. */
  unnamed: z
    .array(z.strictObject({ item: ItemId, serials: Serials.optional() }))
    .min(1)
    .optional(),
  moves: z.array(Move).min(1).optional(),
};

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
    completed: z.union(Voided.options.map((option) => option.extend(voids))),
    subject: ({ sequence }) => `event/${sequence}`,
    stream: 'begins',
    entitled: [],
  }),
};
