import { z } from 'zod';

/**
 * An id that a user chose (`tesla`, `PO-TSLA-1`): 1 to 100 characters that are safe in a path, a subject and a
 * Kafka key. `|` and `/` stay out: accounts and entities are keyed by joining ids with them.
 */
const anId = () =>
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:~@+#-]{0,99}$/,
      'an id: a letter or digit, then up to 99 of letters, digits and ._:~@+#-',
    );

/** An id that names nothing in the ledger: of a person who controls or authorises, of a maker. */
export const Id = anId();

/** What an id names in its ledger. Each but `line`, which is a part of its order, is an entity with a stream. */
export type Named = 'party' | 'item' | 'order' | 'line' | 'shipment' | 'swap' | 'reallocation' | 'return';

/**
 * What the ids among the schemas name. A schema that is made from one of them (optional, described) names the same. A
 * party that an event names must be registered, unless `later` says that it may be registered afterwards.
 */
export const named = z.registry<{ readonly what: Named; readonly later?: boolean }>();

export const PartyId = anId().register(named, { what: 'party' });
/** Who keeps a ledger: when it is opened, no party is registered in it yet. */
export const KeeperId = anId().register(named, { what: 'party', later: true });
export const ItemId = anId().register(named, { what: 'item' });
export const OrderId = anId().register(named, { what: 'order' });
/** Unique in its order only. */
export const LineId = anId().register(named, { what: 'line' });
export const ShipmentId = anId().register(named, { what: 'shipment' });
export const SwapId = anId().register(named, { what: 'swap' });
export const ReallocationId = anId().register(named, { what: 'reallocation' });
export const ReturnId = anId().register(named, { what: 'return' });

/** A ledger's id: it is also part of file names and metrics, so lower case and short. */
export const LedgerId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a ledger id: lower-case letters, digits and -, at most 63');

const MAX_QUANTITY = 2 ** 31 - 1;

/** Whole units that move: 1 to 2³¹−1. */
export const Quantity = z.int().min(1).max(MAX_QUANTITY);

/** Whole units that were counted or reported: 0 to 2³¹−1. */
export const Count = z.int().min(0).max(MAX_QUANTITY);

/** Whole units, either sign: a difference. */
export const Difference = z.int().min(-MAX_QUANTITY).max(MAX_QUANTITY);

/** A calendar day in UTC, `2023-12-31`. */
export const Day = z.iso.date('a day, like 2023-12-31');

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A moment with its offset (RFC 3339), `2023-12-31T10:00:00+01:00`. Seconds are needed, leap seconds are refused. */
export const Moment = z
  .string()
  .refine(isMoment, 'a moment with its offset (RFC 3339), like 2023-12-31T10:00:00Z')
  .meta({ format: 'date-time' });

function isMoment(text: string): boolean {
  if (!RFC3339.test(text) || Number.isNaN(Date.parse(text))) return false;
  // Date.parse rolls 31 February over to March: the day must survive the round trip.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** Both days inclusive, in UTC; the last one ends at 24:00 (X12 DTM 064/063). */
export const Window = z
  .strictObject({ from: Day, to: Day })
  .refine(({ from, to }) => from <= to, { message: 'a window ends on or after the day it starts', path: ['to'] });
export type Window = z.infer<typeof Window>;

/** Money is a decimal string, never a float. */
export const Money = z.strictObject({
  amount: z.string().regex(/^(0|[1-9]\d{0,17})(\.\d{1,6})?$/, 'a decimal string, like 30000.00'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, like USD'),
});

export const Text = z.string().min(1).max(500);

/** For people; at most 500 characters. */
export const Note = Text;

/** A document that backs a fact: kept elsewhere, named by address and hash. */
export const Evidence = z.strictObject({
  kind: z.string().min(1).max(50),
  uri: z.url().max(1000),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex')
    .optional(),
});

/** What units can be while a party has them. */
export const PartiesStage = z.enum(['ordered', 'in_transit', 'held', 'damaged']);
export type PartiesStage = z.infer<typeof PartiesStage>;

/** Every stage; the second group is outside the parties' hands. */
export const Stage = z.enum([
  ...PartiesStage.options,
  ...(['supply', 'cancelled', 'lost', 'returned', 'scrapped', 'count'] as const),
]);
export type Stage = z.infer<typeof Stage>;
