import { z } from 'zod';

/** What one event may name: more belongs in several events. */
export const MAX_SERIALS = 100_000;

const Serial = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a serial number: 1 to 64 printable characters without blanks');

const SerialRange = z
  .strictObject({
    prefix: z.string().regex(/^[\x21-\x7e]{0,50}$/),
    from: z.int().min(0).max(999_999_999_999),
    to: z.int().min(0).max(999_999_999_999),
    digits: z.int().min(1).max(12),
  })
  .refine(({ from, to }) => from <= to, { message: 'a range ends at or after its start', path: ['to'] })
  .refine(({ to, digits }) => String(to).length <= digits, {
    message: 'the numbers need more digits',
    path: ['digits'],
  });
type SerialRange = z.infer<typeof SerialRange>;

/** Serial numbers: a list of them, ranges (`H100-000001` … `H100-012000`), or both; kept as given. */
export type Serials = SerialRange | (string | SerialRange)[];
export const Serials = z
  .union([SerialRange, z.array(z.union([Serial, SerialRange])).min(1)])
  .refine((serials: Serials) => countSerials(serials) <= MAX_SERIALS, `at most ${MAX_SERIALS} serial numbers`);

/** How many serial numbers are named, without writing them out. */
export function countSerials(serials: Serials): number {
  return asList(serials).reduce((sum, part) => sum + (typeof part === 'string' ? 1 : part.to - part.from + 1), 0);
}

/** Every serial number that is named, in the order given. */
export function expandSerials(serials: Serials): string[] {
  return asList(serials).flatMap((part) => (typeof part === 'string' ? [part] : expandRange(part)));
}

const asList = (serials: Serials): readonly (string | SerialRange)[] => (Array.isArray(serials) ? serials : [serials]);

function expandRange({ prefix, from, to, digits }: SerialRange): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => prefix + String(from + i).padStart(digits, '0'));
}
