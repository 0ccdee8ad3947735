/**
 * An event's `time` (RFC 3339, any offset) as PostgreSQL reads it. It takes no year 0 and no offset beyond 16 hours, which
 * RFC 3339 allows: one such event would spoil its batch. Digits beyond microseconds are rounded by PostgreSQL.
 */
export function occurredFor(time: string): string {
  if (time.endsWith('Z') && !time.startsWith('0000')) return time;
  const fraction = /\.\d+/.exec(time)?.[0] ?? '';
  const utc = new Date(Math.floor(Date.parse(time) / 1000) * 1000);
  const year = utc.getUTCFullYear();
  const rest = `${utc.toISOString().slice(-20, -5)}${fraction}Z`;
  return year > 0 ? `${pad(year)}${rest}` : `${pad(1 - year)}${rest} BC`;
}

const pad = (year: number): string => String(year).padStart(4, '0');
