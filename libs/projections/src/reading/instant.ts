/** A moment as RFC 3339 in UTC: milliseconds, microseconds where there are any. (A JavaScript Date would lose those.) */
export const instant = (column: string): string =>
  `regexp_replace(to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '000$', '') || 'Z'`;
