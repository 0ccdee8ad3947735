import { groupBy } from '../reading/groupBy.ts';
import type { ReadModel } from '../reading/readModel.ts';

export interface Line {
  readonly order: string;
  readonly line: string;
}

interface LineEvents {
  /** The first lines of which all events are among these. */
  readonly whole: readonly Line[];
  /** Of the events that moved units of those lines. */
  readonly sequences: readonly number[];
}

/** Finds the events that moved units of some order lines, by the moment that is asked about: of so many lines as have at most so many. */
export async function lineEvents(
  { db, ledger, asOf: { at, known } }: ReadModel,
  lines: readonly Line[],
  most: number,
): Promise<LineEvents> {
  // Most events have two postings of a line; one with more of them counts as several.
  const limit = 4 * most;
  const { rows } = await db.query<{ n: number; sequence: number }>(
    // OFFSET 0: the accounts of each line, then the postings of each account, whatever PostgreSQL knows of their numbers.
    `SELECT given.n::int AS n, p.sequence FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given ("order", line, n)
       CROSS JOIN LATERAL (
         SELECT account FROM holdings WHERE ledger = $1 AND "order" = given."order" AND line = given.line OFFSET 0
       ) h
       CROSS JOIN LATERAL (
         SELECT sequence FROM postings
         WHERE ledger = $1 AND account = h.account AND sequence <= $4 AND ($5::timestamptz IS NULL OR occurred <= $5) OFFSET 0
       ) p
     LIMIT ${limit + 1}`,
    [ledger, lines.map(({ order }) => order), lines.map(({ line }) => line), known, at ?? null],
  );
  const byLine = groupBy(rows, ({ n }) => n);
  const last = rows.length > limit ? rows.at(-1)?.n : undefined;
  const whole: Line[] = [];
  const sequences = new Set<number>();
  for (const [n, line] of lines.entries()) {
    const its = byLine.get(n + 1) ?? [];
    // Lines come in their order: what stands behind the last one that was read was not read.
    if (last !== undefined && n + 1 >= last) break;
    const more = its.filter(({ sequence }) => !sequences.has(sequence));
    if (sequences.size + new Set(more.map(({ sequence }) => sequence)).size > most) break;
    for (const { sequence } of more) sequences.add(sequence);
    whole.push(line);
  }
  return { whole, sequences: [...sequences] };
}
