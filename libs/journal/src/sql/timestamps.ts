/** SQL that writes a timestamptz as RFC 3339 in UTC with microseconds: the form of `recordedtime`. */
export const rfc3339 = (expression: string): string =>
  `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
