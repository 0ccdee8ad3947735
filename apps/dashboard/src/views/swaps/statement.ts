import type { SwapRow } from '#contracts/rows';

type Leg = SwapRow['legs'][number];

/** Two parties, the days of a period, and what was exchanged between them: as `one` sees it. */
interface Statement {
  readonly items: readonly ItemStatement[];
  readonly legs: readonly LegStatement[];
}

export interface ItemStatement {
  readonly item: string;
  /** Given less received before the period, and by its end: above zero is owed to the first of the two. */
  readonly opening: number;
  readonly given: number;
  readonly received: number;
  readonly closing: number;
}

/** What one party has not given another, of one item. */
interface Aged {
  readonly from: string;
  readonly to: string;
  readonly item: string;
  /** Missing units: not due yet, and by the days since they were. */
  readonly missing: readonly number[];
}
export const ages = ['not due', '1 to 30 days', '31 to 90 days', '91 to 180 days', 'over 180 days'] as const;
const UP_TO = [0, 30, 90, 180, Infinity];

/** A leg, with what reached its receiver before the period and in it. */
export interface LegStatement {
  readonly swap: string;
  readonly leg: Leg;
  readonly before: number;
  readonly within: number;
  /** Days since its window; below one: it is not due yet. */
  readonly age: number;
}

/** Every two parties that have swapped with each other, each two once. */
export function pairsOf(swaps: readonly SwapRow[]): readonly (readonly [string, string])[] {
  const pairs = new Set(
    swaps.flatMap(({ legs }) => legs.map(({ from, to }) => JSON.stringify([from, to].sort(compare)))),
  );
  return [...pairs].sort(compare).map((text) => JSON.parse(text) as [string, string]);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What two parties owe each other. The legs between them count, so that in a swap of three each two have a statement of their own.
 * @param before the swaps as they stood when the period began
 * @param after as they stood at its end, `to`
 */
export function statementOf(
  [one, other]: readonly [string, string],
  before: readonly SwapRow[],
  after: readonly SwapRow[],
  to: string,
): Statement {
  const legs = after.flatMap(({ swap, status, legs }) => {
    const known = before.find((row) => row.swap === swap)?.legs ?? [];
    return status !== 'executed'
      ? []
      : legs.flatMap((leg, i): LegStatement[] => {
          const isBetween = [one, other].includes(leg.from) && [one, other].includes(leg.to);
          const received = known[i]?.received ?? 0;
          return isBetween
            ? [{ swap, leg, before: received, within: leg.received - received, age: ageOf(leg.window.to, to) }]
            : [];
        });
  });
  const items = [...new Set(legs.map(({ leg }) => leg.item))].sort(compare).map((item): ItemStatement => {
    const total = (from: string, count: (row: LegStatement) => number) =>
      legs.filter(({ leg }) => leg.item === item && leg.from === from).reduce((sum, row) => sum + count(row), 0);
    const opening = total(one, (row) => row.before) - total(other, (row) => row.before);
    const [given, received] = [total(one, (row) => row.within), total(other, (row) => row.within)];
    return { item, opening, given, received, closing: opening + given - received };
  });
  return { items, legs };
}

const ageOf = (due: string, on: string): number => Math.round((Date.parse(on) - Date.parse(due)) / 86_400_000);

/** What was agreed and has not come, by who gives it to whom, and by how long it is overdue on a day. */
export function agedOf(legs: readonly Leg[], on: string): Aged[] {
  const found = new Map<string, { from: string; to: string; item: string; missing: number[] }>();
  for (const { from, to, item, missing, window } of legs) {
    if (missing === 0) continue;
    const key = JSON.stringify([from, to, item]);
    const aged = found.get(key) ?? { from, to, item, missing: UP_TO.map(() => 0) };
    const age = ageOf(window.to, on);
    const at = UP_TO.findIndex((most) => age <= most);
    aged.missing[at] = (aged.missing[at] ?? 0) + missing;
    found.set(key, aged);
  }
  return [...found.values()];
}

/** The day before: a day stands for its end, so what was by then is what a period opens with. */
export const dayBefore = (day: string): string => new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);

/** A period of the address: from the first day to the last, each where it is one. */
export function daysOf(
  from: string | undefined,
  to: string | undefined,
  today: string,
): { readonly from: string; readonly to: string } {
  const isDay = (text: string | undefined): text is string =>
    text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  const last = isDay(to) ? to : today;
  const first = isDay(from) ? from : `${last.slice(0, 4)}-01-01`;
  return first <= last ? { from: first, to: last } : { from: last, to: last };
}
