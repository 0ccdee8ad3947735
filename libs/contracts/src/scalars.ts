import { z } from 'zod';
import { codes, IDS_PATTERN, whyNoId } from './whyNoId.ts';

/** Most ids look like this, and need no further look. */
const ORDINARY = /^[\x21-\x2d\x2f-\x7e][\x21-\x7e]{0,127}$/;

/**
 * An id that a user or another system chose: `tesla`, `PO-TSLA-1`, `PO/2026/0007`, `№ 7`. What it may be is said by `whyNoId`.
 * The published pattern leaves out what not every reader of patterns can say.
 */
const anId = () =>
  z
    .string()
    .check(({ value, issues }) => {
      const message = ORDINARY.test(value) ? undefined : whyNoId(value);
      if (message !== undefined) issues.push({ code: 'custom', message, input: value });
    })
    .meta({ pattern: IDS_PATTERN });

/** An id as a part of a key that joins ids with `|`. No id holds the control character that stands for a `|` of its own. */
export const inKey = (id: string): string => (id.includes('|') ? id.replaceAll('|', '\u001f') : id);

/** The id of which `inKey` made a part of a key. */
export const outOfKey = (part: string): string => (part.includes('\u001f') ? part.replaceAll('\u001f', '|') : part);

/** Joins ids to one key, a different one for other ids. */
export const keyOf = (...ids: readonly string[]): string => ids.map(inKey).join('|');

/** An id that names nothing in the ledger: of a person who controls or authorises, of a maker. */
export const Id = anId();

/** What an id names in its ledger. Each but `line`, which is a part of its order, is an entity with a stream. */
export type Named = 'party' | 'item' | 'order' | 'line' | 'shipment' | 'swap' | 'reallocation' | 'return' | 'hold';

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
export const HoldId = anId().register(named, { what: 'hold' });
/** The number of the paper that a fact was reported by, as whoever reported it numbers such papers. */
export const DocumentId = anId();

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

const DAY = /^(?:19|[2-9]\d)\d\d-\d\d-\d\d$/;

/** A calendar day in UTC of the years 1900 to 9999, `2023-12-31`. */
export const Day = z
  .string()
  .refine(isDay, 'a day of the years 1900 to 9999, like 2023-12-31')
  .meta({ format: 'date', pattern: DAY.source });

/** The days that there are in a calendar, 29 February in every year. */
const IN_CALENDAR =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))$/;

/** Without a Date, which takes ten times as long, and every event has several days. */
function isDay(day: string): boolean {
  return DAY.test(day) && IN_CALENDAR.test(day) && (!day.endsWith('-02-29') || isLeap(Number(day.slice(0, 4))));
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const MOMENT =
  /^(?:19|[2-9]\d)\d\d-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:0\d|1[0-5]):[0-5]\d)$/;

/**
 * A moment with its offset (RFC 3339), `2023-12-31T10:00:00+01:00`: one that PostgreSQL, Go, Java and Python read as the same.
 * So its year is 1900 to 9999, in UTC and rounded to microseconds, too; there is no hour 24 and no leap second; an offset has
 * less than 16 hours (PostgreSQL's limit), and a fraction at most 9 digits (Java's).
 */
export const Moment = z
  .string()
  .refine(
    isMoment,
    'a moment of the years 1900 to 9999 with its offset (RFC 3339), like 2023-12-31T10:00:00Z; hours end at 23, seconds at 59, offsets at 15:59',
  )
  .meta({ format: 'date-time', pattern: MOMENT.source });

function isMoment(text: string): boolean {
  if (!MOMENT.test(text)) return false;
  const day = text.slice(0, 10);
  // An offset or a rounding leads out of these years only from their first and from their last day.
  return isDay(day) && ((day !== '1900-01-01' && day !== '9999-12-31') || DAY.test(utcOf(text).slice(0, 10)));
}

const FRACTION = /\.(\d+)/;

/** When it is, in whole milliseconds since 1970 without the fraction of its second, and in microseconds of that second, rounded. */
function parts(moment: string): { readonly second: number; readonly micros: number } {
  const fraction = FRACTION.exec(moment)?.[1];
  const second = Date.parse(moment.replace(FRACTION, '').toUpperCase());
  // Whole numbers only: a binary fraction would round some halves down and others up.
  return {
    second,
    micros: fraction === undefined ? 0 : Math.round(Number(fraction.slice(0, 9).padEnd(9, '0')) / 1000),
  };
}

/** Microseconds since 1970, the one reading of a moment that everything here compares by. Exact until 2255. */
export function microseconds(moment: string): number {
  const { second, micros } = parts(moment);
  return second * 1000 + micros;
}

/** The same, exact for every moment. */
export function exactMicroseconds(moment: string): bigint {
  const { second, micros } = parts(moment);
  return BigInt(second) * 1000n + BigInt(micros);
}

/** The same as RFC 3339 in UTC with six digits: PostgreSQL keeps all of it. */
export function utcOf(moment: string): string {
  // Most are in UTC and whole seconds already.
  if (moment.length === 20 && moment.endsWith('Z') && moment[10] === 'T') return `${moment.slice(0, 19)}.000000Z`;
  const { second, micros } = parts(moment);
  const whole = new Date(micros < 1_000_000 ? second : second + 1000).toISOString();
  return `${whole.slice(0, -4)}${String(micros % 1_000_000).padStart(6, '0')}Z`;
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

/** What no text holds: control characters, halves of surrogate pairs, separators of lines and paragraphs, noncharacters. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;
const UNPRINTABLE_BUT_LINES = /(?![\t\n])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/**
 * Text that can be stored and printed: 1 to `most` characters (code points, as JSON Schema counts). PostgreSQL takes no NUL,
 * RFC 8785 no half of a surrogate pair and no noncharacter, and a line is one line in every reader. Marks that change the
 * direction or have no width are text of real languages: they are taken, and a terminal gets the text without them.
 *
 * The published pattern leaves out what not every reader of patterns can say (Go's know no surrogates).
 */
function printable(most: number, { lines }: { readonly lines: boolean }) {
  const never = lines ? UNPRINTABLE_BUT_LINES : UNPRINTABLE;
  return z
    .string()
    .check(({ value, issues }) => {
      const message = value === '' ? 'at least 1 characters' : (whyUnprintable(value, never) ?? tooLong(value, most));
      if (message !== undefined) issues.push({ code: 'custom', message, input: value });
    })
    .meta({
      minLength: 1,
      maxLength: most,
      pattern: lines ? '^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]+$' : '^[^\\x00-\\x1f\\x7f-\\x9f]+$',
    });
}

/** Text with nothing in it that has to be looked up in Unicode's tables. */
const ASCII = /^[\x20-\x7e]*$/;

function whyUnprintable(text: string, never: RegExp): string | undefined {
  if (ASCII.test(text)) return undefined;
  const found = never.exec(text);
  if (found === null) return undefined;
  const instead =
    LINE_ENDS.has(found[0]) && never === UNPRINTABLE_BUT_LINES ? 'a line ends with U+000A' : 'leave it out';
  return `the character ${codes(found[0])}, at position ${found.index}, cannot be printed: ${instead}`;
}

const LINE_ENDS = new Set(['\r', '\u0085', '\u2028', '\u2029']);

function tooLong(text: string, most: number): string | undefined {
  // No text has more characters than UTF-16 units.
  return text.length > most && Array.from(text).length > most ? `at most ${most} characters` : undefined;
}

/** One line of text, of at most so many characters. */
export const line = (most: number) => printable(most, { lines: false });

/**
 * The id that a submitter gave an event: any printable text of at most 200 bytes in UTF-8, because an index holds it, and without
 * blanks at its ends, because a header and a table of text lose them.
 */
export const EventId = printable(200, { lines: false })
  .refine((id) => id.length * 3 <= 200 || utf8.encode(id).length <= 200, 'at most 200 bytes in UTF-8')
  .refine((id) => id.trim() === id, 'an id begins and ends with something else than a blank');

const utf8 = new TextEncoder();

/** What RFC 3986 lets stand in an address after its scheme and host. */
const IN_URI = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";
/** The same, within one segment and without a colon. */
const IN_URI_SEGMENT = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})";
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\\.?|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?';
const URI_REST = `(?://(?:${IN_URI_SEGMENT}+@)?${HOST}(?=[/?#]|$)${IN_URI}*|///(?!/)${IN_URI}*|(?!//)${IN_URI}+)(?:#${IN_URI}*)?`;
const URI = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${URI_REST}$`);
const RELATIVE = new RegExp(`^(?:${URI_REST}|#${IN_URI}*)$`);
const COLON_FIRST = /^[^/?#]*:/;

/**
 * Whether a text is a URI, or may be relative to one, to those who read the feed, too: the clients of Java and Go read no event whose
 * `source` or `dataschema` is none.
 */
export function isUri(text: string, { relative }: { relative: boolean }): boolean {
  const form = COLON_FIRST.test(text) || !relative ? URI : RELATIVE;
  const authority = /^(?:[^/?#]+:)?\/\/([^/?#]+)/.exec(text)?.[1];
  return form.test(text) && (authority === undefined || URL.canParse(`http://${authority}`));
}

/** The source of an event: a URI reference, at most 200 characters. */
export const Source = z
  .string()
  .regex(
    /^[\x21-\x7e]{1,200}$/,
    'a URI reference: 1 to 200 ASCII characters without blanks; others are percent-encoded',
  )
  .refine((source) => isUri(source, { relative: true }), 'no URI reference as RFC 3986 has it, like urn:maker:erp');

/**
 * Whether a source is a name of the ledger's own, `urn:lading:…`: in any case, since scheme and namespace of a URN have none, and
 * percent-encoded, since some readers decode it.
 */
export const isReserved = (source: string): boolean => /^urn:lading(?::|$)/i.test(decoded(source));

/** Each percent-encoded ASCII character as itself; the others do not matter here. */
const decoded = (uri: string): string =>
  uri.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** A name for people. */
export const Name = line(200);

/** One line for people: a destination. */
export const Text = line(500);

/** Why something was done, for people: at most 500 characters, in lines if need be. */
export const Reason = printable(500, { lines: true });

/** For people; at most 500 characters, in lines if need be. */
export const Note = printable(500, { lines: true });

const EVIDENCE_URI = new RegExp(
  `^(?:[Hh][Tt][Tt][Pp][Ss]?://${HOST}(?:[/?]${IN_URI}*)?|[Uu][Rr][Nn]:[A-Za-z0-9][A-Za-z0-9-]{0,31}:${IN_URI}+)(?:#${IN_URI}*)?$`,
);

/** A document that backs a fact: kept elsewhere, named by address and hash. */
export const Evidence = z.strictObject({
  kind: line(50),
  uri: z
    .string()
    .max(1000)
    .regex(
      EVIDENCE_URI,
      'an address that begins with https://, http:// or urn:, without a user or password in it; what is not ASCII is percent-encoded',
    )
    .refine((uri) => URL.canParse(uri), 'not an address: its host or port cannot be'),
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
