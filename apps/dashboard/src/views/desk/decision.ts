/** A row that stands in several answers, with its number in each; undefined where it is not. */
export interface Compared<T> {
  readonly key: string;
  readonly row: T;
  readonly numbers: readonly (number | undefined)[];
}

/** The same rows in several answers, side by side, in the order in which they first appear. */
export function sideBySide<T>(
  answers: readonly (readonly T[])[],
  keyOf: (row: T) => string,
  numberOf: (row: T) => number,
): Compared<T>[] {
  const found = new Map<string, { key: string; row: T; numbers: (number | undefined)[] }>();
  for (const [at, rows] of answers.entries())
    for (const row of rows) {
      const key = keyOf(row);
      const compared = found.get(key) ?? { key, row, numbers: answers.map(() => undefined) };
      compared.numbers[at] = (compared.numbers[at] ?? 0) + numberOf(row);
      found.set(key, compared);
    }
  return [...found.values()];
}

/** What a decision is about: the orders and the items that its event names, in its moves, its legs or its lines. */
export function subjectsOf(data: Readonly<Record<string, unknown>>): {
  readonly orders: readonly string[];
  readonly items: readonly string[];
} {
  const parts = [data.moves, data.legs, data.lines, data.holds].flatMap((list) =>
    Array.isArray(list) ? (list as readonly Readonly<Record<string, unknown>>[]) : [],
  );
  const named = (name: string) => [
    ...new Set(parts.flatMap((part) => (typeof part[name] === 'string' ? [part[name]] : []))),
  ];
  return { orders: named('order'), items: named('item') };
}

/** Events that decide who gets what. */
export const isDecision = (type: string): boolean =>
  /^lading\.(reallocation\.made|swap\.\w+|units\.held)\.v\d+$/.test(type);
