import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_MS = 3_650 * 86_400_000;

/** `90s`, `30m`, `24h`, `7d` as milliseconds. */
export function readDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (count !== '' && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('Give a number and a unit, like 90s, 30m, 24h or 7d; at most 3650d.');
}
