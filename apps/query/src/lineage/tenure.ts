import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { Place } from '#contracts/move';
import { keyOf, microseconds, type PartiesStage } from '#contracts/scalars';
import type { PartyTenureRow, TenureRole, UnitTenureRow } from '#contracts/tenureRows';
import { findInStreams } from '#journal/past';
import { isPartiesStage } from '#ledger/account';
import { ProblemError } from '#platform/http/problemError';
import { eventsConcerning } from '#projections/activity/queries';
import { isParty } from '#projections/parties/queries';
import { limitOf, type Page, pageOf, type PageQuery, pageStart } from '#projections/reading/page';
import type { ReadModel } from '#projections/reading/readModel';
import { eachEvent, MAX_EVENTS } from './eachEvent.ts';
import { traceUnit } from './oneUnit.ts';

const DAY_US = 86_400_000_000;

type Fact = UnitTenureRow['from'];

interface UnitQuery extends PageQuery {
  readonly item: string;
}

/** Every owner and custodian of a unit, in turn; undefined when there is none, or none that may be told. */
export async function unitTenure(
  model: ReadModel,
  { item, ...query }: UnitQuery,
  serial: string,
): Promise<Page<UnitTenureRow> | undefined> {
  const { asOf, party } = model;
  const unit = await traceUnit(model, serial, item);
  if (unit === undefined) return undefined;
  const { traced, untold } = unit;
  if (untold !== undefined)
    throw tooMuch(`line ${untold.line} of order ${untold.order}`, 'Ask `holdings/postings` of that line instead.');
  const places = unit.then?.places ?? [];
  const rows = places.flatMap(({ sequence, order, line, to }, at): UnitTenureRow[] => {
    const next = places[at + 1];
    const from = traced.events.get(sequence);
    // What came back and went on in one event was nowhere in between.
    if (from === undefined || next?.sequence === sequence) return [];
    if (party !== undefined && to.owner !== party && to.custodian !== party) return [];
    const until = next && traced.events.get(next.sequence);
    const end = until === undefined ? asOf.occurred.getTime() * 1_000 : microseconds(until.occurred);
    const days = Math.max(0, end - microseconds(from.occurred)) / DAY_US;
    const { owner, custodian, stage, shipment = null } = to;
    return [
      { owner, custodian, order, line, stage, shipment, from: factOf(from), to: until ? factOf(until) : null, days },
    ];
  });
  if (rows.length === 0) return undefined;
  const start = pageStart(query, [0]);
  return pageOf(
    rows.filter((row) => start === undefined || row.from.sequence > Number(start[0])),
    query,
    ({ from }) => [from.sequence],
    (row) => row,
  );
}

const factOf = ({ sequence, type, id, occurred, recorded }: Fact): Fact => ({ sequence, type, id, occurred, recorded });

interface PartyQuery extends PageQuery {
  readonly item?: string | undefined;
  readonly order?: string | undefined;
  readonly as?: TenureRole | undefined;
  readonly stage?: PartiesStage | undefined;
}

/** Units that came to a party at a moment, or left it. */
interface Change {
  readonly fact: Fact;
  readonly quantity: number;
}

type Had = Pick<PartyTenureRow, 'as' | 'item' | 'order' | 'line' | 'stage'>;

/** What a party had, from when to when; undefined when there is no such party, or it is another's question. */
export async function partyTenure(
  model: ReadModel,
  query: PartyQuery,
  party: string,
): Promise<Page<PartyTenureRow> | undefined> {
  if (model.party !== undefined && model.party !== party) return undefined;
  if (!(await isParty(model, party))) return undefined;
  const had = new Map<string, { readonly of: Had; readonly changes: Change[] }>();
  const sequences = await eventsOf(model, party, query.order);
  const isAll =
    sequences !== undefined &&
    sequences.length <= MAX_EVENTS &&
    (await eachEvent(model, sequences, (event) => {
      for (const [key, { of, quantity }] of changesBy(event, party, query)) {
        const change = { fact: { ...event, occurred: event.time, recorded: event.recordedtime }, quantity };
        const known = had.get(key);
        if (known === undefined) had.set(key, { of, changes: [change] });
        else known.changes.push(change);
      }
    }));
  if (!isAll)
    throw tooMuch(
      party,
      query.order === undefined ? 'Name an `order`.' : 'Ask `holdings/postings` of that order instead.',
    );
  // Only what the page shows is put together.
  const [after = '', last = -1] = pageStart(query, ['', 0]) ?? [];
  const now = model.asOf.occurred.getTime() * 1_000;
  const rows: { readonly key: string; readonly n: number; readonly row: PartyTenureRow }[] = [];
  for (const key of [...had.keys()].filter((one) => one >= String(after)).sort()) {
    if (rows.length > limitOf(query)) break;
    const { of, changes } = had.get(key) ?? { of: undefined, changes: [] };
    for (const [n, period] of periodsOf(changes, now).entries())
      if (of !== undefined && (key > String(after) || n > Number(last)))
        rows.push({ key, n, row: { ...of, ...period } });
  }
  return pageOf(
    rows,
    query,
    ({ key, n }) => [key, n],
    ({ row }) => row,
  );
}

/** Undefined when the order has more than so many, whenever they occurred. */
async function eventsOf(model: ReadModel, party: string, order: string | undefined): Promise<number[] | undefined> {
  if (order === undefined) return eventsConcerning(model, party, MAX_EVENTS + 1);
  const { db, ledger, asOf } = model;
  const found = await findInStreams(db, ledger, { entities: [`order/${order}`], ...asOf, most: MAX_EVENTS + 1 });
  return found.isAll ? found.sequences : undefined;
}

/** What an event brings a party, and takes from it: units that stay with it in one stage are neither. */
function changesBy(event: LedgerEvent, party: string, asked: PartyQuery): Map<string, { of: Had; quantity: number }> {
  const changes = new Map<string, { of: Had; quantity: number }>();
  for (const { item, order, line, quantity, from, to } of movesOf(event)) {
    if ((asked.item ?? item) !== item || (asked.order ?? order) !== order) continue;
    const add = ({ stage, ...place }: Place, units: number) => {
      if (!isPartiesStage(stage) || (asked.stage ?? stage) !== stage) return;
      for (const as of ['owner', 'custodian'] as const) {
        if (place[as] !== party || (asked.as ?? as) !== as) continue;
        const key = keyOf(as, item, order, line, stage);
        const change = changes.get(key);
        if (change === undefined) changes.set(key, { of: { as, item, order, line, stage }, quantity: units });
        else change.quantity += units;
      }
    };
    add(from, -quantity);
    add(to, quantity);
  }
  for (const [key, { quantity }] of changes) if (quantity === 0) changes.delete(key);
  return changes;
}

/** The times with units, in the order in which they happened, however late they were told. */
function periodsOf(changes: readonly Change[], now: number): Omit<PartyTenureRow, keyof Had>[] {
  const inTurn = changes
    .map((change) => ({ ...change, at: microseconds(change.fact.occurred) }))
    .sort((a, b) => a.at - b.at || a.fact.sequence - b.fact.sequence);
  const periods: Omit<PartyTenureRow, keyof Had>[] = [];
  let open: Omit<PartyTenureRow, keyof Had | 'to'> | undefined;
  for (const [n, { fact, quantity, at }] of inTurn.entries()) {
    open ??= { from: factOf(fact), quantity: 0, most: 0, unitDays: 0 };
    const units = open.quantity + quantity;
    const until = inTurn[n + 1]?.at ?? Math.max(at, now);
    const most = Math.max(open.most, units);
    open = { ...open, quantity: units, most, unitDays: open.unitDays + (units * (until - at)) / DAY_US };
    if (units !== 0) continue;
    periods.push({ ...open, to: factOf(fact) });
    open = undefined;
  }
  return open === undefined ? periods : [...periods, { ...open, to: null }];
}

const tooMuch = (of: string, instead: string): ProblemError =>
  new ProblemError(
    400,
    'malformed',
    `${of} has more than ${MAX_EVENTS.toLocaleString('en')} events, and so many are not gone through for one answer. ${instead}`,
  );
