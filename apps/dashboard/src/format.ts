/** How numbers, days and names are written, everywhere in the dashboard. Dates are in UTC, as the days of the ledger are. */

const WHOLE = new Intl.NumberFormat('en-US');
const SIGNED = new Intl.NumberFormat('en-US', { signDisplay: 'exceptZero' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: 'UTC' });

/** `12000` → `12,000`. A minus is a minus, not a hyphen, so that it stands as wide as a digit. */
export const units = (count: number): string => WHOLE.format(count).replace('-', '−');
/** `-12000` → `−12,000`, `6000` → `+6,000`. */
export const signed = (count: number): string => SIGNED.format(count).replace('-', '−');

/** `2023-12-19` or a moment → `19 Dec 2023`. */
export const day = (moment: string): string => DAY.format(new Date(moment));
/** `19 Dec 2023, 09:00 UTC`. */
export const moment = (text: string): string => `${day(text)}, ${CLOCK.format(new Date(text))} UTC`;
/** What a bar of time says: a day alone is its end. */
export const asOf = (at: string): string => (at.includes('T') ? moment(at) : `the end of ${day(at)}`);

/** `lading.swap.executed.v1` → `Swap executed`. */
export function eventName(type: string): string {
  const words = type
    .replace(/^lading\./, '')
    .replace(/\.v\d+$/, '')
    .replaceAll(/[._]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `2 s`, `3 min`, `5 h`, `4 d`: how long ago, roughly. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${units(count)} ${count === 1 ? one : many}`;
