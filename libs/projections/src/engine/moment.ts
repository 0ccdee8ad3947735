const FRACTION = /\.(\d+)/;

/** Microseconds since 1970, which is what PostgreSQL keeps of a moment (a Date has milliseconds only). Exact until 2255. */
export function microseconds(moment: string): number {
  const fraction = FRACTION.exec(moment)?.[1];
  if (fraction === undefined) return Date.parse(moment) * 1000;
  const whole = Date.parse(moment.replace(FRACTION, ''));
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1e6);
}

/** Turns a column of microseconds back into a moment. */
export const momentOf = (column: string): string => `(to_timestamp(0) + ${column} * interval '1 microsecond')`;

/** The microseconds of a moment in a table, as a number that JavaScript holds exactly. */
export const microsecondsOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint`;
