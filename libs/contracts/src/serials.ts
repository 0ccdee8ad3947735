import { z } from 'zod';

/** What one event may name, all its lines together: more belongs in several events. */
export const MAX_SERIALS = 100_000;

/** What is printed on hardware, and what scanners read: ASCII. Blanks at the ends are lost by whoever types or scans it. */
export const Serial = z
  .string()
  .regex(
    /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/,
    'a serial number: 1 to 128 printable ASCII characters, without blanks at its ends',
  );
const MAX_SERIAL = 128;

const SerialRange = z
  .strictObject({
    prefix: z
      .string()
      .regex(/^(?:[\x21-\x7e][\x20-\x7e]{0,126})?$/, 'what its serial numbers begin with: printable ASCII'),
    from: z.int().min(0).max(999_999_999_999),
    to: z.int().min(0).max(999_999_999_999),
    digits: z.int().min(1).max(12),
  })
  .refine(({ from, to }) => from <= to, { message: 'a range ends at or after its start', path: ['to'] })
  .refine(({ to, digits }) => String(to).length <= digits, {
    message: 'the numbers need more digits',
    path: ['digits'],
  })
  .refine(({ prefix, digits }) => prefix.length + digits <= MAX_SERIAL, {
    message: `a serial number has at most ${MAX_SERIAL} characters`,
    path: ['prefix'],
  });

/**
 * Serial numbers that follow each other: `prefix` and a number of so many digits. As the ledger keeps it, the number is all
 * of the digits that the serial number ends with, 12 at most: so every serial number is in one series only, however it was
 * written. One that ends with no digit has 0 of them, and the number 0.
 */
export type SerialRange = z.infer<typeof SerialRange>;

/** Serial numbers: a list of them, ranges (`H100-000001` … `H100-012000`), or both; kept as given. */
export type Serials = SerialRange | (string | SerialRange)[];
export const Serials = z
  .union([SerialRange, z.array(z.union([Serial, SerialRange])).min(1)])
  .refine((serials: Serials) => countSerials(serials) <= MAX_SERIALS, `at most ${MAX_SERIALS} serial numbers`);

const MAX_DIGITS = 12;

/** How many serial numbers a range has. */
export const lengthOf = ({ from, to }: Pick<SerialRange, 'from' | 'to'>): number => to - from + 1;

/** How many serial numbers are named, without writing them out. */
export function countSerials(serials: Serials): number {
  return asList(serials).reduce((sum, part) => sum + (typeof part === 'string' ? 1 : lengthOf(part)), 0);
}

/** Every serial number that is named, in the order given. For few of them, and for tests: everything else keeps ranges. */
export function expandSerials(serials: Serials): string[] {
  return asList(serials).flatMap((part) => (typeof part === 'string' ? [part] : expandRange(part)));
}

/** Every serial number of a range, in its order. */
export const expandRange = (range: SerialRange): string[] =>
  Array.from({ length: lengthOf(range) }, (_, i) => serialAt(range, range.from + i));

/** The serial number of a series at a number. */
export const serialAt = ({ prefix, digits }: Pick<SerialRange, 'prefix' | 'digits'>, number: number): string =>
  digits === 0 ? prefix : prefix + String(number).padStart(digits, '0');

/** What was read once: an event is decided several times, and its serial numbers are checked, booked and stored. */
const read = new WeakMap<object, readonly SerialRange[]>();

/** The serial numbers as ranges, in the order given; those of a list that follow each other are one range. */
export function rangesOf(serials: Serials): readonly SerialRange[] {
  const known = read.get(serials);
  if (known !== undefined) return known;
  const ranges: SerialRange[] = [];
  for (const part of asList(serials)) {
    const range = typeof part === 'string' ? rangeOf(part) : inItsSeries(part);
    const last = ranges.at(-1);
    if (last !== undefined && range.from === last.to + 1 && isOneSeries(last, range)) {
      ranges[ranges.length - 1] = { ...last, to: range.to };
    } else ranges.push(range);
  }
  read.set(serials, ranges);
  return ranges;
}

/** One serial number as a range. */
export function rangeOf(serial: string): SerialRange {
  let start = serial.length;
  while (start > 0 && serial.length - start < MAX_DIGITS && isDigit(serial.charCodeAt(start - 1))) start--;
  const number = Number(serial.slice(start));
  return { prefix: serial.slice(0, start), digits: serial.length - start, from: number, to: number };
}

/** Ranges as an event publishes them. A few are shorter when they are written out. */
export const serialsOf = (ranges: readonly SerialRange[]): (string | SerialRange)[] =>
  ranges.flatMap((range): readonly (string | SerialRange)[] => (lengthOf(range) <= 3 ? expandRange(range) : [range]));

/** How many different serial numbers the ranges name. */
export const countDistinct = (ranges: readonly SerialRange[]): number =>
  distinctOf(ranges).reduce((sum, range) => sum + lengthOf(range), 0);

const distinct = new WeakMap<readonly SerialRange[], readonly SerialRange[]>();

/** The serial numbers of these ranges once each, in as few ranges as there can be: 12,000 that were named in no order may be one. */
export function distinctOf(ranges: readonly SerialRange[]): readonly SerialRange[] {
  let joined = distinct.get(ranges);
  if (joined === undefined) {
    const digits = ranges[0]?.digits;
    // Mostly all have as many: then no key is put together for each of thousands.
    const seriesOf = ranges.every((range) => range.digits === digits)
      ? ({ prefix }: SerialRange) => prefix
      : (range: SerialRange) => `${range.digits} ${range.prefix}`;
    distinct.set(ranges, (joined = joinRanges(ranges, seriesOf)));
  }
  return joined;
}

/**
 * Joins ranges of the same `group` that overlap, or follow each other with no more than `gap` numbers between them. A group is of one
 * series at most. In the order of the groups, then of the numbers.
 */
export function joinRanges<R extends SerialRange>(ranges: readonly R[], group: (range: R) => string, gap = 0): R[] {
  if (ranges.length < 2) return [...ranges];
  const groups = new Map<string, R[]>();
  for (const range of ranges) {
    const key = group(range);
    const others = groups.get(key);
    if (others === undefined) groups.set(key, [range]);
    else others.push(range);
  }
  const joined: R[] = [];
  for (const others of groups.values()) {
    const [first, ...rest] = others.sort((a, b) => a.from - b.from) as [R, ...R[]];
    let open = first;
    for (const range of rest) {
      if (range.from <= open.to + 1 + gap) {
        if (range.to > open.to) open = { ...open, to: range.to };
        continue;
      }
      joined.push(open);
      open = range;
    }
    joined.push(open);
  }
  return joined;
}

function inItsSeries(range: SerialRange): SerialRange {
  const { prefix, digits, from, to } = range;
  if (digits === MAX_DIGITS || !isDigit(prefix.charCodeAt(prefix.length - 1))) return { prefix, digits, from, to };
  const first = rangeOf(serialAt(range, from));
  return { ...first, to: first.from + to - from };
}

const isOneSeries = (a: SerialRange, b: SerialRange): boolean => a.digits === b.digits && a.prefix === b.prefix;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

const asList = (serials: Serials): readonly (string | SerialRange)[] => (Array.isArray(serials) ? serials : [serials]);
