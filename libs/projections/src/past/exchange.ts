import type { ExchangeHistoryRow } from '#contracts/changeRows';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyOf, microseconds } from '#contracts/scalars';
import { standingIn } from '#ledger/evolve';
import { instant } from '../engine/values.ts';
import type { Model } from '../model.ts';
import { ordersModel } from '../orders/model.ts';
import { cursorAfter, limitOf, type Page, type PageQuery, pageStart, type SortKey } from '../reading/page.ts';
import { clockOf, type Moment, type ReadModel } from '../reading/readModel.ts';
import { swapsModel } from '../swaps/model.ts';
import { swap } from '../swaps/queries.ts';
import { chooseSwaps, MOST } from './choice.ts';
import { Fold } from './fold.ts';
import type { Scratch } from './scratch.ts';

type Period = 'day' | 'week' | 'month';

export interface ExchangeQuery extends PageQuery {
  /** Along which time; what occurred unless told. */
  readonly axis?: 'at' | 'known' | undefined;
  readonly by?: 'change' | Period | undefined;
}

/** A step of the series, before its balance is known. */
interface Point {
  /** Microseconds, of a period those of its beginning; then a sequence, where several have the same. */
  readonly key: readonly [number, number];
  /** In microseconds. */
  readonly moment: number;
  readonly sequence: number | null;
  readonly asOf: Partial<Moment>;
  /** What the balance stands on. */
  readonly events: () => readonly LedgerEvent[];
}

/** What it costs to ask for the balance once, in events. */
const ASKED = 3;

const models: ReadonlySet<Model> = new Set([ordersModel, swapsModel]);

/**
 * What is owed under a swap as a series, from its execution on. Each step is what the swap itself answers at that moment: its events are
 * folded up to the first step, and on from there; only where one comes in between that was told late, or is taken back, they are
 * folded anew. After many events the page ends, full or not.
 */
export async function exchangePast(
  scratch: Scratch,
  asking: ReadModel,
  id: string,
  query: ExchangeQuery,
): Promise<Page<ExchangeHistoryRow> | undefined> {
  const start = pageStart(query, [0, 0]);
  const { db } = asking;
  const fold = new Fold(scratch, asking);
  const { orders, events } = await fold.chosen(`swap ${id}`, (choice) => chooseSwaps(choice, [id], undefined, {}));
  await db.query('SAVEPOINT empty');
  let folded: readonly LedgerEvent[] = [];
  let state = fold.begin(orders);
  /** What the swap answers when it was told these events. */
  const balanceOf = async (standing: readonly LedgerEvent[], asOf: Partial<Moment>) => {
    if (standing[folded.length - 1] !== folded.at(-1)) {
      await db.query('ROLLBACK TO SAVEPOINT empty');
      [folded, state] = [[], fold.begin(orders)];
    }
    await fold.add(models, standing.slice(folded.length), state);
    folded = standing;
    fold.spent += ASKED;
    const model = fold.model();
    return (await swap({ ...model, asOf: { ...model.asOf, ...asOf } }, id))?.balance;
  };
  // Whether there is such a swap, and whoever asks may see it, is as of the whole question.
  if ((await balanceOf(standingIn(events), {})) === undefined) return undefined;

  const data: ExchangeHistoryRow[] = [];
  let last: Point | undefined;
  let before: ExchangeHistoryRow['balance'] = [];
  const isOwed = () => last === undefined || before.some(({ units }) => units !== 0);
  for (const point of pointsOf(id, events, { ...query, asking, isOwed })) {
    // The last step of the page before is worked out again: what changed since is a step.
    const order = start === undefined ? 1 : compare(point.key, start);
    if (order < 0) continue;
    if (last !== undefined && order > 0 && (data.length === limitOf(query) || fold.spent > MOST.events))
      return { data, next: cursorAfter(last.key) };
    const balance = (await balanceOf(point.events(), point.asOf)) ?? [];
    if (last === undefined) fold.spent = 0;
    const isStep = (query.by ?? 'change') !== 'change' || last === undefined || counted(balance) !== counted(before);
    if (isStep && order > 0) data.push({ moment: instant(point.moment), sequence: point.sequence, balance });
    [last, before] = [point, balance];
  }
  return { data, next: null };
}

const compare = (a: SortKey, b: SortKey): number => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]);

/** Unit-days grow by themselves; this does not. */
const counted = (balance: ExchangeHistoryRow['balance']): string =>
  JSON.stringify(balance.map(({ unitDays: _, ...rest }) => rest));

interface Along extends ExchangeQuery {
  readonly asking: ReadModel;
  /** Whether anything is, at the last point. */
  readonly isOwed: () => boolean;
}

function pointsOf(id: string, events: readonly LedgerEvent[], along: Along): Iterable<Point> {
  const lines = new Set(
    events.flatMap(({ type, data }) =>
      (type === 'lading.swap.proposed.v1' || type === 'lading.swap.executed.v1') && data.swap === id
        ? data.legs.map(({ order, line }) => keyOf(order, line))
        : [],
    ),
  );
  const changes = (event: LedgerEvent): boolean =>
    movesOf(event).some(({ order, line }) => lines.has(keyOf(order, line)));
  const isExecution = ({ type, data }: LedgerEvent): boolean => type === 'lading.swap.executed.v1' && data.swap === id;
  return along.axis === 'known'
    ? pointsKnown(events, changes, events.find(isExecution)?.sequence ?? Infinity, along)
    : pointsAt(standingIn(events), changes, isExecution, along);
}

function* pointsAt(
  standing: readonly LedgerEvent[],
  changes: (event: LedgerEvent) => boolean,
  isExecution: (event: LedgerEvent) => boolean,
  { by = 'change', asking, isOwed }: Along,
): Generator<Point> {
  const clock = microseconds(clockOf(asking));
  const times = standing.map(({ time }) => microseconds(time));
  const began = times[standing.findIndex(isExecution)] ?? Infinity;
  // What occurred before the execution counts from it on.
  const sequences = new Map<number, number>();
  for (const [n, event] of standing.entries()) {
    const time = Math.max(times[n] ?? 0, began);
    if (time <= clock && changes(event)) sequences.set(time, event.sequence);
  }
  const changed = [...sequences.keys()].sort((a, b) => a - b);
  const point = (key: number, moment: number, sequence: number | null): Point => ({
    ...{ key: [key, 0], moment, sequence, asOf: { at: instant(moment) } },
    events: () => standing.filter((_, n) => (times[n] ?? 0) <= moment),
  });
  if (by === 'change') {
    for (const time of changed) yield point(time, time, sequences.get(time) ?? null);
    return;
  }
  const last = changed.at(-1) ?? -Infinity;
  for (let begin = beginOf(by, began); begin <= clock && (begin <= last || isOwed()); begin = endOf(by, begin)) {
    const end = endOf(by, begin);
    const inIt = changed.filter((time) => time >= begin && time < end).map((time) => sequences.get(time) ?? 0);
    yield point(begin, Math.min(end - 1, clock), inIt.length === 0 ? null : Math.max(...inIt));
  }
}

function* pointsKnown(
  events: readonly LedgerEvent[],
  changes: (event: LedgerEvent) => boolean,
  began: number,
  { by = 'change' }: Along,
): Generator<Point> {
  const changed = events.filter((event) => event.sequence >= began && changes(event));
  const point = (key: Point['key'], moment: number, known: number, sequence: number | null): Point => ({
    ...{ key, moment, sequence, asOf: { known } },
    events: () => standingIn(events.filter(({ sequence: one }) => one <= known)),
  });
  const times = changed.map(({ recordedtime }) => microseconds(recordedtime));
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return;
  if (by === 'change') {
    for (const [n, { sequence }] of changed.entries())
      yield point([times[n] ?? 0, sequence], times[n] ?? 0, sequence, sequence);
    return;
  }
  let known = 0;
  for (let begin = beginOf(by, first); begin <= last; begin = endOf(by, begin)) {
    const end = endOf(by, begin);
    const inIt = changed.filter((_, n) => (times[n] ?? 0) >= begin && (times[n] ?? 0) < end).at(-1)?.sequence;
    known = inIt ?? known;
    yield point([begin, 0], end - 1, known, inIt ?? null);
  }
}

const DAY = 86_400_000_000;

/** The beginning of the period that a moment is in, in UTC; weeks begin on Mondays. */
function beginOf(by: Period, micros: number): number {
  const day = Math.floor(micros / DAY);
  if (by === 'day') return day * DAY;
  // The first day of 1970 was a Thursday.
  if (by === 'week') return (Math.floor((day + 3) / 7) * 7 - 3) * DAY;
  const date = new Date(micros / 1_000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) * 1_000;
}

/** Where the period ends that begins then: the beginning of the next one. */
function endOf(by: Period, begin: number): number {
  if (by !== 'month') return begin + (by === 'day' ? 1 : 7) * DAY;
  const date = new Date(begin / 1_000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) * 1_000;
}
