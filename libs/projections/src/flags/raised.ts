import type { FlagRule } from '#contracts/rows';

/** A flag that an event raises. */
export interface Raised {
  readonly sequence: number;
  readonly rule: FlagRule;
  readonly parties: readonly string[];
  readonly item: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly events: readonly number[];
}

export const distinct = (...parties: string[]): string[] => [...new Set(parties)];

/** Units of some lines, summed a line: what the facts of a flag name. */
export function perLine(
  all: Iterable<{ order: string; line: string; quantity: number }>,
): { order: string; line: string; quantity: number }[] {
  const lines = new Map<string, { order: string; line: string; quantity: number }>();
  for (const { order, line, quantity } of all) {
    const key = `${order}|${line}`;
    const found = lines.get(key);
    if (found === undefined) lines.set(key, { order, line, quantity });
    else found.quantity += quantity;
  }
  return [...lines.values()];
}
