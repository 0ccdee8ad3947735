import { z } from 'zod';
import { Day, Moment, Stage, utcOf } from '#contracts/scalars';
import { IDS_PATTERN } from '#contracts/whyNoId';

const MAX_PAGE = 1000;

/** A whole number as text, as it comes in a query string. */
export const numeral = (from: number, to: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(from).max(to));

/** Refuses a question about the past, which must not be answered as if it were about today. */
const never = (why: string) =>
  z
    .string()
    .refine(() => false, `${why}: leave it out to ask about now`)
    .optional()
    .meta({ description: `Refused: ${why}.`, deprecated: true });

/** A day is its end, in UTC: all that occurred, or was recorded, on it and before. */
const endOf = (text: string): string => (isDay(text) ? `${text}T23:59:59.999999Z` : utcOf(text));
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);

const moment = z
  .string()
  .superRefine((text, context) => {
    const message = whyNoMoment(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform(endOf)
  .pipe(z.string());

function whyNoMoment(text: string): string | undefined {
  if ((isDay(text) ? Day : Moment).safeParse(text).success) return undefined;
  const [, day, time, offset] = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](.*?)([Zz]|[+ -]\d{2}(?::?\d{2})?)?)?$/.exec(text) ?? [];
  if (day !== undefined && !Day.safeParse(day).success) return whyNoDay(day);
  const written = day === undefined || time === undefined ? undefined : inFull(day, time, offset);
  if (written === undefined)
    return `${time === undefined ? 'a moment with its offset (RFC 3339), like 2023-12-31T10:00:00Z' : LIMITS}, or a day, which is its end in UTC, like 2023-12-31`;
  if (offset === undefined) return `say its offset, too: ${written}, or a day alone, which is its end in UTC`;
  if (offset.startsWith(' ')) return `in an address a + is written %2B: ${written.replace('+', '%2B')}`;
  return `write it as RFC 3339 does, with its seconds and all of its offset: ${written}, or a day alone, which is its end in UTC`;
}

/** What was meant, as RFC 3339 writes it: what an answer proposes must not be refused again. Undefined where no moment comes of it. */
function inFull(day: string, time: string, offset = 'Z'): string | undefined {
  const [, sign, hours, minutes = '00'] = /^([+ -])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
  const zone = hours === undefined ? offset : `${sign === '-' ? '-' : '+'}${hours}:${minutes}`;
  const moment = `${day}T${/^\d{2}:\d{2}$/.test(time) ? `${time}:00` : time}${zone}`;
  return Moment.safeParse(moment).success ? moment : undefined;
}

/** Of what looks like a moment: what it may have and this one has not. */
const LIMITS =
  'a moment of the years 1900 to 9999 with its offset (RFC 3339), like 2023-12-31T10:00:00Z; hours end at 23, seconds at 59, offsets at 15:59, fractions after 9 digits';

const whyNoDay = (day: string): string =>
  day < '1900'
    ? `a ledger has the years 1900 to 9999, and not ${day}: write 1900-01-01 or later`
    : `the calendar has no day ${day}: write one that it has`;

/** What every asking route takes. */
const everywhere = {
  'min-sequence': numeral(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Waits until the answer knows this sequence (read your own writes); 503 when that takes too long.')
    .meta({ example: 17 }),
};

/** What every list takes. */
export const paging = {
  limit: numeral(1, MAX_PAGE).optional().describe(`Rows a page, at most ${MAX_PAGE}; 100 unless told.`),
  cursor: z.string().min(1).max(6000).optional().describe('`next` of the page before.'),
};

const DIGITS = /^\d+$/;
/** What begins like a number and is no day may have been meant as a sequence. */
const whyNeither = (text: string): string | undefined => {
  const why = whyNoMoment(text);
  return why?.startsWith('a moment') === true ? `a sequence, like 17; or ${why}` : why;
};
const whyNoSequence = (text: string): string | undefined =>
  sequenceNumber.safeParse(text).success
    ? undefined
    : text.startsWith('0')
      ? 'a sequence: a whole number without zeros before it, like 17'
      : 'no ledger has that many events: write a sequence, like 17, or leave it out';

/** What every question takes that is answered as of any moment. */
export const inTime = {
  at: moment
    .optional()
    .describe(
      'When it was true: only what had occurred by then. A moment with its offset (RFC 3339), or a day, which is its end in UTC. Without it, whatever the ledger was told.',
    )
    .meta({ example: '2023-12-31' }),
  known: z
    .string()
    .superRefine((text, context) => {
      const message = DIGITS.test(text) ? whyNoSequence(text) : whyNeither(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .transform((text): number | string => (DIGITS.test(text) ? Number(text) : endOf(text)))
    .pipe(z.union([z.int(), z.string()]))
    .optional()
    .describe(
      'What the ledger had been told: up to this sequence, or what it had recorded by this moment (or day, which is its end in UTC). Without it, all. With both bounds the answer never changes, and may be kept.',
    )
    .meta({ example: '17' }),
};

/** What a question takes that is about now. */
export const onlyNow = (why = 'the past is not answered yet here') => ({ at: never(why), known: never(why) });

export const sequenceNumber = numeral(0, Number.MAX_SAFE_INTEGER);

/** An id to look for. What a pattern cannot say of it is looked at when it is asked for. */
export const id = (what: string) =>
  z
    .string()
    .regex(new RegExp(IDS_PATTERN, 'u'), 'an id: 1 to 128 printable characters, without blanks at the ends')
    .optional()
    .describe(what);

/** Yes or no; without it, either. */
export const yesOrNo = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean())
  .optional();

const DAYS = /^(\d{4}-\d{2}-\d{2}|\.\.)(\/(\d{4}-\d{2}-\d{2}|\.\.))?$/;

/** A day, or the first and the last of several, of which one may be open. */
export const days = z
  .string()
  .regex(DAYS, 'a day, or two: 2023-12-28, 2023-12-01/2023-12-31, ../2023-12-31')
  .refine((text) => {
    const named = text.split('/').filter((day) => day !== '..');
    return named.length > 0 && named.every((day) => Day.safeParse(day).success);
  }, 'days that the calendar has')
  .refine((text) => {
    const [from = '', to = from] = text.split('/');
    return from === '..' || to === '..' || from <= to;
  }, 'the first day before the last')
  .optional();

/** Events by what they are: by their sequences, or by the days on which they occurred. */
export const someEvents = {
  sequence: z
    .string()
    .regex(/^[1-9]\d{0,14}(,[1-9]\d{0,14}){0,199}$/, 'sequences, 200 at most, with commas between them: 14,17')
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(z.int().min(1)).min(1).max(200))
    .optional()
    .describe('Only these events: their sequences, separated by commas, 200 at most.')
    .meta({ example: '9,11' }),
  occurred: days
    .describe(
      'Events that occurred on this day in UTC, or from the first to the last of two: `2023-12-01/2023-12-31`, `../2023-12-31`. A page may have fewer rows than `limit`, and yet a `next`.',
    )
    .meta({ example: '2023-12-01/2023-12-31' }),
};

/** Any of `values`, separated by commas. */
export const oneOrMore = <T extends string>(values: z.ZodEnum<Record<T, T>>) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(values).min(1).max(values.options.length));

/** The parameters of an asking route; what it does not know is refused. */
export const parameters = <S extends z.core.$ZodLooseShape>(shape: S) => z.strictObject({ ...shape, ...everywhere });

/** Which accounts. */
export const accountFilter = {
  owner: id('Who is entitled to the units.'),
  custodian: id('Who physically has them.'),
  item: id('The product.'),
  order: id('The order.'),
  line: id('The line of the order.'),
  stage: Stage.optional().describe('Where the units are in their life.'),
  shipment: id('The shipment, while in transit.'),
};
export const accounts = z
  .literal('all')
  .optional()
  .describe(
    'Adds what is outside the hands of parties (supply, cancelled, lost …); all together sum to zero per item.',
  );
