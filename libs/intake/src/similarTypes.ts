import { eventTypes } from '#contracts/catalog';

/** The event types that a misspelt one may have meant, likeliest first, three at most. */
export function similarTypes(type: string): string[] {
  const meant = type.toLowerCase();
  return eventTypes
    .map((known) => ({ known, distance: distance(meant, known) }))
    .filter(({ known, distance }) => distance <= Math.max(4, known.length * 0.3))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ known }) => known);
}

/** Levenshtein: how many characters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
