const NEEDS_ESCAPE = /["\\]/;

/** A PostgreSQL text[] as text: what pg's own encoder makes, at a fraction of its cost (it escapes every element twice). */
export function textArray(values: readonly string[]): string {
  if (values.length === 0) return '{}';
  if (!NEEDS_ESCAPE.test(values.join(''))) return `{"${values.join('","')}"}`;
  return `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
}

/** A PostgreSQL int[] or bigint[] as text. */
export const intArray = (values: readonly number[]): string => `{${values.join(',')}}`;

/** SQL that writes a timestamptz as RFC 3339 in UTC with microseconds: the form of `recordedtime`. */
export const rfc3339 = (expression: string): string =>
  `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * An event's `time` (RFC 3339, any offset) as PostgreSQL reads it. PostgreSQL takes no year 0 and no offset beyond 16 hours,
 * which RFC 3339 allows: one such event would fail its whole batch. Digits beyond microseconds are rounded by PostgreSQL.
 */
export function occurredFor(time: string): string {
  if (time.endsWith('Z') && !time.startsWith('0000')) return time;
  const fraction = /\.\d+/.exec(time)?.[0] ?? '';
  const utc = new Date(Math.floor(Date.parse(time) / 1000) * 1000);
  const year = utc.getUTCFullYear();
  const rest = `${utc.toISOString().slice(-20, -5)}${fraction}Z`;
  return year > 0 ? `${fourDigits(year)}${rest}` : `${fourDigits(1 - year)}${rest} BC`;
}

const fourDigits = (year: number): string => String(year).padStart(4, '0');

/**
 * The name of a prepared statement for a ledger of this size. PostgreSQL plans a prepared statement once, and a plan that it
 * made while the tables were almost empty scans a whole ledger where an index lookup was meant (seen: 150 ms a batch instead
 * of 0.1 ms, until autovacuum ran). So the statement gets a new name, and with it a new plan, whenever the ledger has doubled.
 */
export const statementName = (name: string, sequence: number): string =>
  `${name}-${Math.ceil(Math.log2(sequence + 1))}`;
