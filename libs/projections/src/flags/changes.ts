import type { FlagChange, FlagRow, FlagRule } from '#contracts/flagRows';
import { dayOf, type ReadModel } from '../reading/readModel.ts';
import { flags, passingRules, storedFlags } from './queries.ts';

/** Of each rule whose flags go away again so many are followed: those that lists show first. */
const MOST = 5_000;
const PAGE = 500;

/** The flags of a ledger at a look. */
export interface SeenFlags {
  readonly sequence: number;
  /** What the clock raises, it raises when a day is over. */
  readonly day: string;
  readonly passing: ReadonlyMap<FlagRule, readonly FlagRow[]>;
}

/** Looks at the flags that may go away again. */
export async function seeFlags(model: ReadModel, most = MOST): Promise<SeenFlags> {
  const passing = new Map<FlagRule, readonly FlagRow[]>();
  for (const rule of passingRules) passing.set(rule, await firstFlags(model, rule, most));
  return { sequence: model.sequence, day: dayOf(model.asOf.occurred), passing };
}

/** Looks again: what was raised and cleared since, as whoever asks for all flags twice finds it. */
export async function flagsSince(
  model: ReadModel,
  before: SeenFlags,
  most = MOST,
): Promise<{ readonly seen: SeenFlags; readonly changes: readonly FlagChange[] }> {
  const changes: FlagChange[] = [];
  const tell = (change: FlagChange['change'], rows: readonly FlagRow[]) => {
    for (const row of rows) changes.push({ change, sequence: model.sequence, ...row });
  };
  tell('raised', await raisedByEvents(model, before.sequence));
  const seen = await seeFlags(model, most);
  for (const [rule, now] of seen.passing) {
    const then = before.passing.get(rule) ?? [];
    // Where there are more than are followed, what moves up to their end was there before.
    const end = [now, then].flatMap((rows) => (rows.length < most ? [] : rows.slice(-1))).sort(inOrder)[0];
    const isFollowed = (row: FlagRow) => end === undefined || inOrder(row, end) <= 0;
    tell('cleared', without(then, now).filter(isFollowed));
    tell('raised', without(now, then).filter(isFollowed));
  }
  return { seen, changes };
}

async function firstFlags(model: ReadModel, rule: FlagRule, most: number): Promise<FlagRow[]> {
  const found: FlagRow[] = [];
  for (let cursor: string | null | undefined; cursor !== null && found.length < most; ) {
    const limit = Math.min(PAGE, most - found.length);
    const page = await flags(model, { rule, limit, ...(cursor !== undefined && { cursor }) });
    found.push(...page.data);
    cursor = page.next;
  }
  return found;
}

/** These stay up for ever, as their events do. */
async function raisedByEvents(model: ReadModel, after: number): Promise<FlagRow[]> {
  const found: FlagRow[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await storedFlags(model, { limit: PAGE }, last?.raised ?? after + 1, last?.flag ?? '');
    found.push(...page);
    if (page.length <= PAGE) return found;
  }
}

function without(rows: readonly FlagRow[], others: readonly FlagRow[]): FlagRow[] {
  const known = new Set(others.map(({ flag }) => flag));
  return rows.filter(({ flag }) => !known.has(flag));
}

const inOrder = (a: FlagRow, b: FlagRow): number =>
  a.raised - b.raised || (a.flag < b.flag ? -1 : a.flag > b.flag ? 1 : 0);
