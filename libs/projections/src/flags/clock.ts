import type { FlagRow } from '#contracts/flagRows';
import { groupBy } from '../reading/groupBy.ts';
import { partialIf, Where } from '../reading/page.ts';
import { clockOf, type ReadModel } from '../reading/readModel.ts';
import { type Leg, legs, missing } from '../swaps/legs.ts';
import { flagId } from './flagId.ts';

/**
 * The flags that the clock raises, judged as of the model's moment:
 * - `overdue-leg`: the window that a leg's line had at execution is over, and units are missing. One flag a leg; legs are counted
 *   from 1.
 * - `one-sided-swap`: a party has given all that it owes under a swap, and a leg to it is overdue. One flag a party and item. (A
 *   leg that is not due yet makes no swap one-sided: that the parties deliver at different times is what was agreed.)
 *
 * Both are raised by the swap's execution, so that a list by sequence has its place for them.
 */
export async function* clockFlags(model: ReadModel, among: Among = {}): AsyncGenerator<FlagRow[]> {
  const overdue = await overdueSwaps(model, among);
  for (let at = 0; at < overdue.length; at += AT_ONCE) {
    const found = await legs(model, { swaps: overdue.slice(at, at + AT_ONCE), most: MOST_LEGS });
    const swaps = [...groupBy(found, ({ swap }) => swap).values()];
    const receipts = await receiptsOf(model, swaps);
    yield swaps.flatMap((own) => [
      ...own.filter(({ overdue }) => overdue).map((leg) => overdueLeg(leg, receipts)),
      ...oneSided(own, receipts),
    ]);
  }
}

/** Swaps that are looked at at once, in the order of their execution: a page is soon full, and nobody holds the legs of all swaps. */
const AT_ONCE = 32;
const MOST_LEGS = 1_000 * AT_ONCE;
/** How many events a flag names, the first ones: a leg may have been received one unit at a time. */
const MOST_EVENTS = 100;

/** The first swaps with anything overdue, of those that were executed at this sequence or later. */
interface Among {
  readonly executedFrom?: number;
  readonly limit?: number;
  readonly swap?: string | undefined;
  /** Swaps in which it gives or receives. */
  readonly party?: string | undefined;
}
const NO_LIMIT = 1_000_000;

async function overdueSwaps(
  { db, ledger, asOf }: ReadModel,
  { executedFrom = 0, limit = NO_LIMIT, swap, party }: Among,
): Promise<string[]> {
  const where = new Where(ledger, 'l').equals('l.swap', swap);
  const moment = `${where.value(clockOf({ asOf }))}::timestamptz`;
  // The first condition is that of the index on `completed`, which PostgreSQL takes only where it finds it again.
  where.and(
    `l.completed > '-infinity' AND l.completed > ${moment} AND (l.window_to + 1)::timestamp AT TIME ZONE 'UTC' <= ${moment}`,
  );
  where.and(`s.executed <= ${moment} AND s.executed_sequence >= ${where.value(executedFrom)}`);
  if (party !== undefined) where.and(`${where.value(party)} = ANY(s.parties)`);
  const { rows } = await db.query<{ swap: string }>(
    `SELECT s.swap FROM swap_legs l JOIN swaps s ON s.ledger = $1 AND s.swap = l.swap
     ${where.sql} GROUP BY s.swap, s.executed_sequence ORDER BY s.executed_sequence LIMIT ${where.value(limit)}`,
    where.values,
  );
  return rows.map((row) => row.swap);
}

type Receipts = ReadonlyMap<string, readonly number[]>;
const legKey = ({ swap, leg }: Pick<Leg, 'swap' | 'leg'>): string => `${swap}|${leg}`;

/** The first events that brought (or lost) units of each leg. */
async function receiptsOf({ db, ledger, asOf }: ReadModel, swaps: readonly (readonly Leg[])[]): Promise<Receipts> {
  const ids = swaps.map((own) => own[0]?.swap);
  const { rows } = await db.query<{ swap: string; leg: number; sequences: number[] }>(
    `SELECT swap, leg, (array_agg(DISTINCT sequence::float8 ORDER BY sequence::float8))[1:$4 + 1] AS sequences FROM swap_counts
     WHERE ledger = $1 AND swap = ANY($2) AND occurred <= $3 GROUP BY swap, leg`,
    [ledger, ids, clockOf({ asOf }), MOST_EVENTS],
  );
  return new Map(rows.map((row) => [legKey(row), row.sequences]));
}

const eventsOf = (own: readonly Leg[], receipts: Receipts): Pick<FlagRow, 'events' | 'partial'> => {
  const all = [...new Set(own.flatMap((leg) => [leg.raised ?? 0, ...(receipts.get(legKey(leg)) ?? [])]))];
  const events = all.sort((a, b) => a - b).slice(0, MOST_EVENTS);
  return { events, ...partialIf(all.length > MOST_EVENTS) };
};

function overdueLeg(leg: Leg, receipts: Receipts): FlagRow {
  const { swap, from, to, order, line, item, quantity, received, lost, cancelled, windowTo } = leg;
  return {
    flag: flagId('overdue-leg', swap, leg.leg + 1),
    rule: 'overdue-leg',
    raised: leg.raised ?? 0,
    parties: [from, to],
    item,
    facts: {
      swap,
      leg: leg.leg + 1,
      from,
      to,
      order,
      line,
      quantity,
      received,
      missing: missing(leg),
      lost,
      cancelled,
      due: windowTo,
    },
    ...eventsOf([leg], receipts),
  };
}

function oneSided(own: readonly Leg[], receipts: Receipts): FlagRow[] {
  const parties = [...new Set(own.map(({ from }) => from))].sort();
  return parties.flatMap((party) => {
    const given = own.filter(({ from }) => from === party);
    if (given.some((leg) => missing(leg) > 0)) return [];
    const late = own.filter(({ to, overdue }) => to === party && overdue);
    return [...groupBy(late, ({ item }) => item)].map(([item, legsTo]): FlagRow => {
      const [first] = legsTo as [Leg];
      const due = own.filter((leg) => leg.to === party && leg.item === item);
      return {
        flag: flagId('one-sided-swap', first.swap, party, item),
        rule: 'one-sided-swap',
        raised: first.raised ?? 0,
        parties: [party, ...new Set(legsTo.map(({ from }) => from))],
        item,
        facts: {
          swap: first.swap,
          party,
          given: sum(
            given.filter((leg) => leg.item === item),
            (leg) => leg.received,
          ),
          received: sum(due, (leg) => leg.received),
          missing: sum(due, missing),
          overdue: sum(legsTo, missing),
        },
        ...eventsOf([...given, ...due], receipts),
      };
    });
  });
}

const sum = (all: readonly Leg[], of: (leg: Leg) => number): number => all.reduce((total, leg) => total + of(leg), 0);
