import { accountsModel } from '../holdings/model.ts';
import { holdsModel } from '../holds/model.ts';
import { itemsModel } from '../items/model.ts';
import type { Model } from '../model.ts';
import { ordersModel } from '../orders/model.ts';
import { substitutesModel } from '../orders/substitutes.ts';
import { partiesModel } from '../parties/model.ts';
import { queueModel } from '../queue/model.ts';
import { cursorAfter, limitOf, MAX_LIMIT, type Page, type PageQuery, pageStart } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { shipmentsModel } from '../shipments/model.ts';
import { commitmentsModel } from '../supply/model.ts';
import { swapsModel, termsModel } from '../swaps/model.ts';
import { unitsModel } from '../units/model.ts';
import {
  chooseHeld,
  chooseItems,
  chooseOrders,
  chooseOrdersOfItem,
  chooseParties,
  chooseQueue,
  chooseShipments,
  chooseStreams,
  chooseSupply,
  chooseSwaps,
  MOST,
} from './choice.ts';
import type { FlagRow } from '#contracts/flagRows';
import { exchangePast } from './exchange.ts';
import { flagPast, flagsPast } from './flagsPast.ts';
import { firstOf, type Fixed, Fold, type Kind } from './fold.ts';
import type { Scratch } from './scratch.ts';

type FoldedKind = 'order' | 'shipment' | 'swap' | 'hold' | 'party' | 'item' | 'queue' | 'supply' | 'available';
/** What a question about the past is about. */
export type PastKind = FoldedKind | 'flag' | 'unit' | 'exchange';

const always =
  (...models: readonly Model[]): Kind['models'] =>
  () =>
    new Set(models);
const ofUnits: Kind = { choose: chooseOrdersOfItem, models: always(accountsModel, itemsModel, unitsModel) };

/** Whose swap it is that holds units is only asked for a party, and who waits only for what is late. */
const ofOrders: Kind['models'] = (party, asked) =>
  new Set([
    ...[accountsModel, ordersModel, substitutesModel, holdsModel],
    ...('late' in asked ? [queueModel] : []),
    ...(party === undefined ? [] : [termsModel]),
  ]);

interface Listed extends Kind {
  /** Whether all of the kind are a list, sorted by id. */
  readonly list?: true;
  /** What the id names, where that is another kind. */
  readonly what?: string;
  /** What a filter asks for that nothing of the kind changes after its first event. */
  readonly fixed?: (query: object, party: string | undefined) => Fixed;
}
interface OrdersFilter {
  readonly buyer?: string;
  readonly supplier?: string;
}
const fixedOfOrders: Listed['fixed'] = ({ buyer, supplier }: OrdersFilter, party) => ({
  table: 'orders',
  id: '"order"',
  since: 'sequence',
  conditions: [
    ['o.buyer = $4', buyer],
    ['o.supplier = $4', supplier],
    ['$4 IN (o.buyer, o.supplier)', party],
  ],
});
const fixedOfSwaps: Listed['fixed'] = ({ party }: { readonly party?: string }) => ({
  table: 'swaps',
  id: 'swap',
  since: 'proposed_sequence',
  conditions: [['$4 = ANY(o.parties)', party]],
});
const kinds: Readonly<Record<FoldedKind, Listed>> = {
  order: { choose: chooseOrders, list: true, fixed: fixedOfOrders, models: ofOrders },
  shipment: { choose: chooseShipments, list: true, models: always(accountsModel, ordersModel, shipmentsModel) },
  swap: {
    choose: chooseSwaps,
    list: true,
    fixed: fixedOfSwaps,
    models: always(ordersModel, holdsModel, swapsModel),
  },
  hold: { choose: chooseStreams('hold'), list: true, models: always(holdsModel) },
  party: { choose: chooseParties, list: true, models: always(partiesModel, swapsModel, ordersModel) },
  item: { choose: chooseItems, list: true, models: always(itemsModel, commitmentsModel) },
  queue: {
    choose: chooseQueue,
    what: 'item',
    models: always(ordersModel, holdsModel, queueModel, itemsModel, commitmentsModel),
  },
  supply: {
    choose: chooseSupply,
    what: 'item',
    models: always(ordersModel, queueModel, itemsModel, commitmentsModel),
  },
  available: { choose: chooseHeld, models: always(ordersModel, holdsModel, queueModel) },
};

/** A question about the past: what it is about, and what answers it in the tables of a model. */
export interface PastQuestion<Q extends PageQuery, R> {
  readonly asked: Q;
  /** What the path names; empty where it names nothing. */
  readonly id: string;
  readonly read: (model: ReadModel, asked: Q) => Promise<R>;
}

/**
 * Answers a question as of a moment of the past, in the tables of a scratch: what its answer stands on is chosen, folded into empty tables, and the same question is
 * asked there as ever.
 *
 * @throws {TooMuchPast} for what stands on more events than are gone through for one answer
 */
export function askPast<Q extends PageQuery, R>(
  scratch: Scratch,
  asking: ReadModel,
  kind: PastKind,
  question: PastQuestion<Q, R>,
): Promise<R | Page<object> | FlagRow | undefined> {
  const { id, asked } = question;
  if (kind === 'flag') return id === '' ? flagsPast(scratch, asking, asked) : flagPast(scratch, asking, id);
  if (kind === 'unit') return unitsPast(scratch, asking, question);
  if (kind === 'exchange') return exchangePast(scratch, asking, id, asked);
  if (id === '' && kinds[kind].list === true)
    return pagePast(scratch, asking, kind, asked, question.read as PastQuestion<Q, Page<object>>['read']);
  return onePast(scratch, asking, kind, question);
}

/** One thing as it was, or what is told of many: the same question as ever, asked of what their events come to. */
async function onePast<Q extends PageQuery, R>(
  scratch: Scratch,
  asking: ReadModel,
  kind: FoldedKind,
  { id, asked, read }: PastQuestion<Q, R>,
): Promise<R> {
  const ids = id === '' ? undefined : [id];
  const fold = new Fold(scratch, asking);
  await fold.of(kinds[kind], ids ?? [], id === '' ? 'the ledger' : `${kinds[kind].what ?? kind} ${id}`, asked);
  return read(fold.model(ids), asked);
}

/** Things that are looked at together. */
const AT_ONCE = 100;
/** Things that are passed by, because they came later. */
const MOST_PASSED = 10_000;
/** Things that are looked up at once, to see what they never were; so many cost about what an event costs. */
const MANY = 1_000;
const PASSED_BY = 10;

/**
 * A page of a list as it was. What there ever was of its kind is gone through in the order of the list, some at a time: of each its
 * events are folded, and the same question as ever says which of them the list had. After many events the page ends, full or not.
 */
async function pagePast<Q extends PageQuery, R extends object>(
  scratch: Scratch,
  asking: ReadModel,
  kind: FoldedKind,
  query: Q,
  read: (model: ReadModel, query: Q) => Promise<Page<R>>,
): Promise<Page<R>> {
  const limit = limitOf(query);
  const data: R[] = [];
  const start = pageStart(query, ['']);
  let after = String(start?.[0] ?? '');
  const { db } = asking;
  const fold = new Fold(scratch, asking);
  const possibly = fold.possibly(kinds[kind].fixed?.(query, asking.party));
  for (let size = Math.min(AT_ONCE, limit + 1); ; ) {
    const of = { prefix: kind, after, known: asking.asOf.known };
    const most = { found: possibly === undefined ? size : MANY, steps: MOST_PASSED };
    const { found, upTo: end } = await scratch.events.entities(db, asking.ledger, of, most);
    const possible = possibly === undefined ? found.map(({ id }) => id) : await possibly(found);
    const ids = possible.slice(0, size);
    const upTo = ids.length < possible.length ? ids.at(-1) : end;
    await db.query('SAVEPOINT empty');
    const folded = await firstOf(ids, (some) => fold.of(kinds[kind], some, `${kind} ${some[0] ?? ''}`, query));
    const rest = Math.min(limit + 1 - data.length, MAX_LIMIT);
    const page = await read(fold.model(folded), { ...query, cursor: cursorAfter([after]), limit: rest });
    await db.query('ROLLBACK TO SAVEPOINT empty');
    data.push(...page.data);
    if (data.length > limit) {
      data.length = limit;
      return { data, next: cursorAfter([idOf(data.at(-1), kind)]) };
    }
    if (page.next !== null) return { data, next: page.next };
    if (folded.length === ids.length) {
      if (upTo === undefined) return { data, next: null };
      after = upTo;
    } else {
      after = folded.at(-1) ?? after;
      size = folded.length;
    }
    fold.spent += found.length / PASSED_BY;
    if (fold.spent > MOST.events || found.length === 0) return { data, next: cursorAfter([after]) };
  }
}

const idOf = (row: object | undefined, kind: string): string => String((row as Record<string, unknown>)[kind]);

/** What an item costs besides its events, in events. */
const ITEM_COSTS = 50;

/**
 * Units as they were. Serial numbers go from order to order, so they are followed through all orders of their item. A list is sorted by item,
 * and its items are gone through in turn.
 */
async function unitsPast<Q extends PageQuery, R>(
  scratch: Scratch,
  asking: ReadModel,
  { asked, id, read }: PastQuestion<Q, R>,
): Promise<R | Page<object>> {
  const { item } = asked as { readonly item?: string };
  const { db } = asking;
  const fold = new Fold(scratch, asking);
  const items = await fold.serialItems(item, id);
  if (id !== '') {
    await fold.of(ofUnits, items, `items ${items.join(', ')}`, asked);
    return read(fold.model(), asked);
  }
  const start = pageStart(asked, ['', '', 0, 0]);
  const limit = limitOf(asked);
  const data: object[] = [];
  let { cursor } = asked;
  for (const one of items.filter(
    (each) => start === undefined || Buffer.compare(Buffer.from(each), Buffer.from(String(start[0]))) >= 0,
  )) {
    if (fold.spent > MOST.events) return { data, next: cursorAfter([one, '', 0, -1]) };
    await db.query('SAVEPOINT empty');
    fold.spent += ITEM_COSTS;
    await fold.of(ofUnits, [one], `item ${one}`, asked);
    const rest = limit - data.length;
    const query = { ...asked, cursor, limit: Math.max(rest, 1) };
    const page = (await read(fold.model(), query)) as Page<object>;
    await db.query('ROLLBACK TO SAVEPOINT empty');
    // One more row is only looked for, to know whether there is a next page.
    if (rest === 0 && page.data.length > 0) return { data, next: cursorAfter([one, '', 0, -1]) };
    data.push(...page.data);
    if (page.next !== null) return { data, next: page.next };
    cursor = undefined;
  }
  return { data, next: null };
}
