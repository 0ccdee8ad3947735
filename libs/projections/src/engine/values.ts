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

/** All numbers, or all texts that need no escape between quotes. A column has one type. */
const isPlain = (value: Value): boolean =>
  typeof value === 'string' ? !value.includes('"') && !value.includes('\\') : value !== null;

function elementOf(value: Value): string {
  if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

const FRACTION = /\.(\d+)/;

/** Microseconds since 1970, which is what PostgreSQL keeps of a moment (a Date has milliseconds only). Exact until 2255. */
export function microseconds(moment: string): number {
  const fraction = FRACTION.exec(moment)?.[1];
  if (fraction === undefined) return Date.parse(moment) * 1000;
  const whole = Date.parse(moment.replace(FRACTION, ''));
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1e6);
}

/** SQL that turns microseconds back into a moment. */
export const momentOf = (sql: string): string => `(to_timestamp(0) + ${sql} * interval '1 microsecond')`;

/** SQL for the microseconds of a moment, as a number that JavaScript holds exactly. */
export const microsecondsOf = (sql: string): string => `(extract(epoch FROM ${sql}) * 1000000)::bigint`;

/** SQL that writes a moment as RFC 3339 in UTC: with milliseconds, or microseconds where there are any. */
export const instantOf = (sql: string): string =>
  `regexp_replace(to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '000$', '') || 'Z'`;
