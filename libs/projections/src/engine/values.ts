// How values travel to PostgreSQL and back.

export type Value = string | number | boolean | null;

/**
 * An array as PostgreSQL reads it. pg's own writer escapes every element by two regular expressions; ids need none of it. The elements
 * are joined, since a string that grows by one element at a time is a chain of a hundred thousand pieces for the garbage collector.
 */
export function arrayLiteral(values: readonly Value[]): string {
  if (values.length === 0) return '{}';
  if (values.every(isPlain))
    return typeof values[0] === 'string' ? `{"${values.join('","')}"}` : `{${values.join(',')}}`;
  return `{${values.map(elementOf).join(',')}}`;
}

/** Events of earlier releases hold days of the year 0000, which is 1 BC for PostgreSQL. */
export const storableDay = (day: string): string => (day.startsWith('0000') ? `0001${day.slice(4)} BC` : day);

/** All numbers, or all texts that need no escape between quotes. A column has one type. */
const isPlain = (value: Value): boolean => (typeof value === 'string' ? !NEEDS_CARE.test(value) : value !== null);

const NEEDS_CARE = /["\\\0]/;

function elementOf(value: Value): string {
  if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
  // PostgreSQL has no NUL in a text. The contract refuses it; events of earlier releases hold it, and are shown without it.
  return `"${value.replaceAll('\0', '\ufffd').replace(/["\\]/g, '\\$&')}"`;
}

/** SQL that turns microseconds back into a moment. */
export const momentOf = (sql: string): string => `(to_timestamp(0) + ${sql} * interval '1 microsecond')`;

/** The same for microseconds as a numeric: its whole seconds times 1,000,000 are exact as a double precision number, too. */
export const farMomentOf = (sql: string): string =>
  `(to_timestamp(0) + div(${sql}, 1000000)::float8 * interval '1 second' + mod(${sql}, 1000000)::float8 * interval '1 microsecond')`;

/** The postings of an event follow each other, and have one moment. */
let lastCopied = { micros: NaN, text: '' };

/** A moment as a COPY has it; undefined before 1900 and after 2255, where a number does not hold all its microseconds: SQL writes those. */
export function copiedMoment(micros: number): string | undefined {
  if (micros === lastCopied.micros) return lastCopied.text;
  if (micros < FIRST_COPIED || !Number.isSafeInteger(micros)) return undefined;
  lastCopied = { micros, text: instant(micros) };
  return lastCopied.text;
}

const FIRST_COPIED = Date.UTC(1900, 0, 1) * 1_000;

/** The same of an array. */
export function copiedMoments(all: readonly number[]): string | undefined {
  const texts = all.map(copiedMoment);
  return texts.includes(undefined) ? undefined : `{${texts.join(',')}}`;
}

/** SQL that turns the text of an array of microseconds back into moments. */
export const momentsOf = (sql: string): string =>
  `(SELECT coalesce(array_agg(${momentOf('u.micros')} ORDER BY u.n), '{}') FROM unnest(${sql}::float8[]) WITH ORDINALITY AS u (micros, n))`;

/** SQL for the microseconds of a moment, as a number that JavaScript holds exactly. */
export const microsecondsOf = (sql: string): string => `(extract(epoch FROM ${sql}) * 1000000)::bigint`;

/** A moment in microseconds since 1970 as RFC 3339, as `instantOf` writes it. */
export function instant(micros: number): string {
  const rest = ((micros % 1_000) + 1_000) % 1_000;
  const text = new Date((micros - rest) / 1_000).toISOString();
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/** SQL that writes a moment as RFC 3339 in UTC: with milliseconds, or microseconds where there are any. */
export const instantOf = (sql: string): string =>
  `regexp_replace(to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '000$', '') || 'Z'`;
