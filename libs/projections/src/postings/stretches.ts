import type { Posting } from '../engine/batch.ts';
import type { Db } from '../reading/readModel.ts';
import { insertLate, insertMarks, type LatePosting, type Mark, SIZES, sumLate, totalMark } from './model.ts';

/** A total since its last mark. */
interface Open {
  balance: number;
  newest: number;
  lates: number;
  readonly sequences: number[];
  readonly occurred: number[];
  readonly quantities: number[];
  /** The late ones that no whole block has. */
  readonly late: LatePosting[];
}

/** Totals that are followed: 32 postings of each are kept, so these are 10 MB at most. */
const MOST = 20_000;

/**
 * Marks totals while a version is filled from its first event on: what the SQL of `markPostings` reads again of postings that are in the
 * table, and sorts five times, is in memory here. Whoever cannot go on leaves the rest to that: it goes on from the last mark of each total.
 */
export class Stretches {
  readonly #open = new Map<number, Open>();
  #gaveUp: boolean;

  constructor(isFromFirst: boolean) {
    this.#gaveUp = !isFromFirst;
  }

  /** Makes the marks of the stretches that end with one of these postings. */
  async mark(db: Db, ledger: string, postings: readonly Posting[]): Promise<void> {
    if (this.#gaveUp) return;
    const marks: Mark[] = [];
    const late: LatePosting[] = [];
    const before = new Map<number, number>();
    for (const { sequence, n, account, quantity, occurred } of postings) {
      const open = this.#open.get(account.total) ?? this.#begin(account.total);
      open.sequences.push(sequence);
      open.occurred.push(occurred);
      open.quantities.push(quantity);
      if (open.occurred.length < SIZES.stretch) continue;
      const key = totalMark(account.total);
      if (!before.has(key)) before.set(key, open.lates);
      late.push(...lateIn(key, open));
      marks.push({ key, sequence, n, ...end(open) });
    }
    if (this.#open.size > MOST) {
      this.#gaveUp = true;
      this.#open.clear();
    }
    await insertMarks(db, ledger, marks);
    await insertLate(db, ledger, late);
    const now = new Map(marks.map(({ key, lates }) => [key, lates]));
    await sumLate(
      db,
      ledger,
      [...before].map(([key, count]) => ({ key, before: count, now: now.get(key) ?? count })),
    );
  }

  #begin(total: number): Open {
    const open = { balance: 0, newest: -Infinity, lates: 0, sequences: [], occurred: [], quantities: [], late: [] };
    this.#open.set(total, open);
    return open;
  }
}

/** The postings of a stretch that occurred before the newest one before it, which are counted. */
function lateIn(key: number, open: Open): LatePosting[] {
  const found: LatePosting[] = [];
  for (const [row, occurred] of open.occurred.entries()) {
    if (occurred >= open.newest) continue;
    const late = { key, rank: open.lates++, occurred, quantity: open.quantities[row] ?? 0 };
    found.push(late);
    open.late.push(late);
    if (open.lates % SIZES.few === 0) open.late.length = 0;
  }
  return found;
}

/** Ends a stretch: what its mark says. */
function end(open: Open): Omit<Mark, 'key' | 'sequence' | 'n'> {
  const { occurred, quantities } = open;
  const sequences = open.sequences.splice(0);
  let balanceThen = open.balance;
  const balances = quantities.map((quantity) => (balanceThen += quantity));
  const at = (row: number): number => occurred[row] ?? 0;
  const rows = Array.from(occurred.keys()).sort((a, b) => at(a) - at(b) || a - b);
  const rest: number[] = [];
  let sum = 0;
  for (const row of rows.toReversed()) rest.push((sum += quantities[row] ?? 0));
  const occurrences = rows.map(at);
  const places = rows.map((row) => row + 1);
  open.balance += sum;
  open.newest = Math.max(open.newest, ...occurred);
  occurred.length = 0;
  quantities.length = 0;
  const late = open.late.toSorted((a, b) => a.occurred - b.occurred);
  const lateOccurrences = late.map((one) => one.occurred);
  let lateSum = 0;
  const lateSums = late.map(({ quantity }) => (lateSum += quantity));
  const { balance, newest, lates } = open;
  return {
    newest,
    balance,
    lates,
    occurrences,
    rest: rest.reverse(),
    sequences,
    balances,
    places,
    lateOccurrences,
    lateSums,
  };
}
