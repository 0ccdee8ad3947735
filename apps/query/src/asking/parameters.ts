import { z } from 'zod';
import { Day } from '#contracts/scalars';
import { IDS_PATTERN } from '#contracts/whyNoId';

const MAX_PAGE = 1000;

/** A whole number as text, as it comes in a query string. */
const numeral = (from: number, to: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,15})$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(from).max(to));

/** Refuses a question about the past, which must not be answered as if it were about today. */
const moment = z
  .string()
  .refine(() => false, 'the past is not answered yet: leave it out to ask about now')
  .optional()
  .meta({ description: 'Refused: the past is not answered yet.', deprecated: true });

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

export const inTime = { at: moment, known: moment };

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

/** Any of `values`, separated by commas. */
export const oneOrMore = <T extends string>(values: z.ZodEnum<Record<T, T>>) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(values).min(1).max(values.options.length));

/** The parameters of an asking route; what it does not know is refused. */
export const parameters = <S extends z.core.$ZodLooseShape>(shape: S) => z.strictObject({ ...shape, ...everywhere });
