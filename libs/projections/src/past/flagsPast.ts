import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import type { FlagRow, FlagRule } from '#contracts/flagRows';
import { eachName, namingIn } from '#contracts/names';
import { activityModel } from '../activity/model.ts';
import { duplicatesModel } from '../flags/duplicates.ts';
import { flagsModel } from '../flags/model.ts';
import { pastBalancesModel } from '../flags/pastBalances.ts';
import { flag, flags, type FlagsQuery } from '../flags/queries.ts';
import { aboutOfFlag, parseFlagId, ruleOfFlag } from '../flags/flagId.ts';
import { accountsModel } from '../holdings/model.ts';
import { ordersModel } from '../orders/model.ts';
import { partiesModel } from '../parties/model.ts';
import { postingsModel } from '../postings/model.ts';
import { queueModel } from '../queue/model.ts';
import { cursorAfter, limitOf, MAX_LIMIT, type Page, pageStart } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { shipmentsModel } from '../shipments/model.ts';
import { commitmentsModel } from '../supply/model.ts';
import { swapsModel } from '../swaps/model.ts';
import {
  type Choice,
  chooseHeaders,
  chooseOrders,
  chooseShipments,
  chooseSupply,
  chooseSwaps,
  MOST,
} from './choice.ts';
import { firstOf, Fold } from './fold.ts';
import type { Scratch } from './scratch.ts';

const models = new Set([
  ...[activityModel, accountsModel, postingsModel, duplicatesModel, flagsModel, ordersModel, queueModel],
  ...[commitmentsModel, partiesModel, shipmentsModel, swapsModel, pastBalancesModel],
]);

/** Events of which the flags are looked at together, and sequences that are looked through for them. */
const WINDOW = { events: 50, sequences: 100_000 };

/**
 * A page of the flags that were up. A flag is raised by an event, so the events are gone through in their order, some at a time, each
 * with all that it or its flags stand on; the page ends after many, full or not.
 */
export async function flagsPast(scratch: Scratch, asking: ReadModel, query: FlagsQuery): Promise<Page<FlagRow>> {
  const { db, ledger, asOf } = asking;
  const limit = limitOf(query);
  const data: FlagRow[] = [];
  const key = pageStart(query, [0, '']);
  let cursor = query.cursor ?? cursorAfter([0, '']);
  let after = Math.max(0, Number(key?.[0] ?? 1) - 1);
  const fold = new Fold(scratch, asking);
  while (after < asOf.known) {
    const window = await scratch.events.after(db, ledger, after, asOf, WINDOW);
    await db.query('SAVEPOINT empty');
    const events = await firstOf(window.events, (some) => foldWindow(fold, some, query.rule));
    const upTo = events.length < window.events.length ? (events.at(-1)?.sequence ?? after) : window.upTo;
    const page = await flags(fold.model(), { ...query, cursor, limit: Math.min(limit + 1 - data.length, MAX_LIMIT) });
    await db.query('ROLLBACK TO SAVEPOINT empty');
    const raised = page.data.filter((row) => row.raised <= upTo);
    data.push(...raised);
    const last = data[limit - 1];
    if (last !== undefined && data.length > limit)
      return { data: data.slice(0, limit), next: cursorAfter([last.raised, last.flag]) };
    after = upTo;
    cursor = cursorAfter([upTo + 1, '']);
    if (page.next !== null && raised.length === page.data.length) ({ cursor, after } = following(raised.at(-1)));
    else if (fold.spent > MOST.events && after < asOf.known) return { data, next: cursor };
  }
  return { data, next: null };
}

/** From a row on of which the event may have more. */
const following = (row: FlagRow | undefined): { readonly cursor: string; readonly after: number } => ({
  cursor: cursorAfter([row?.raised ?? 0, row?.flag ?? '']),
  after: (row?.raised ?? 1) - 1,
});

/** One flag as it was. */
export async function flagPast(scratch: Scratch, asking: ReadModel, id: string): Promise<FlagRow | undefined> {
  const rule = ruleOfFlag(id);
  if (rule === undefined) return undefined;
  const [first = '', second = ''] = aboutOfFlag(id);
  const fold = new Fold(scratch, asking);
  const about = async (choice: Choice): Promise<unknown> => {
    if (rule === 'overdue-leg' || rule === 'one-sided-swap') return chooseSwaps(choice, [first], undefined, {});
    if (rule === 'overdue-line') return chooseOrders(choice, [first], undefined, {});
    if (rule === 'overdue-shipment') return chooseShipments(choice, [first], undefined, {});
    if (rule === 'oversold') return chooseSupply(choice, [second], undefined, {});
    const events = await choice.sequences([parseFlagId(id)?.sequence ?? 0]);
    return chooseRaising(choice, events, rule);
  };
  await fold.apply(models, `the flag ${id}`, about);
  return flag(fold.model(), id);
}

const foldWindow = (fold: Fold, events: readonly LedgerEvent[], rule: FlagRule | undefined): Promise<void> =>
  fold.apply(models, `the flags of event ${events[0]?.sequence ?? 0}`, async (choice) => {
    choice.add(events);
    await chooseRaising(choice, events, rule);
  });

/** What these events' flags stand on, and those that the clock raises from them. */
async function chooseRaising(choice: Choice, events: readonly LedgerEvent[], rule: FlagRule | undefined) {
  const isOrAny = (...rules: FlagRule[]) => rule === undefined || rules.includes(rule);
  const isStored = rule === undefined || !JUDGED.has(rule);
  const orders = new Set<string>();
  const shipments = new Set<string>();
  const swaps = new Set<string>();
  const items = new Set<string>();
  const named = { orders: new Set<string>(), shipments: new Set<string>() };
  for (const event of events) {
    const { type, data } = event;
    if (type === 'lading.order.placed.v1' && isOrAny('overdue-line')) orders.add(data.order);
    if (isStored) for (const { order } of movesOf(event)) orders.add(order);
    if (type === 'lading.shipment.dispatched.v1' && isOrAny('overdue-shipment')) shipments.add(data.shipment);
    // Whom the event concerns, who may read its flags, depends on all that it names.
    eachName(namingIn(type).completed, data, (name, { what }) => {
      if (what === 'shipment') named.shipments.add(name);
      else if (what === 'order') named.orders.add(name);
    });
    if (type === 'lading.swap.executed.v1') swaps.add(data.swap);
    if (type === 'lading.supply.committed.v1' && isOrAny('oversold')) items.add(data.item);
  }
  await chooseOrders(choice, [...orders], undefined, {});
  await chooseSwaps(choice, [...swaps], undefined, {});
  await chooseSupply(choice, [...items], undefined, {});
  await chooseShipments(choice, [...new Set([...shipments, ...(isStored ? named.shipments : [])])], undefined, {});
  await chooseHeaders(choice, named.orders);
  // Who said the same first as an event did so of the same order lines, and is chosen with them.
  if (isStored) await chooseControllers(choice, events);
}

const JUDGED: ReadonlySet<FlagRule> = new Set<FlagRule>([
  'overdue-leg',
  'one-sided-swap',
  'overdue-line',
  'overdue-shipment',
  'oversold',
]);

/** Parties between which units changed hands, those that control them, and so on. */
async function chooseControllers(choice: Choice, events: readonly LedgerEvent[]): Promise<void> {
  let parties = new Set<string>();
  for (const event of events) {
    if (event.type !== 'lading.reallocation.made.v1' && event.type !== 'lading.swap.executed.v1') continue;
    for (const { from, to } of movesOf(event)) if (from.owner !== to.owner) parties.add(from.owner).add(to.owner);
  }
  while (parties.size > 0) {
    const registered = await choice.streams([...parties].map((party) => `party/${party}`));
    parties = new Set(
      registered.flatMap(({ type, data }) => (type === 'lading.party.registered.v1' ? (data.controlledBy ?? []) : [])),
    );
  }
}
