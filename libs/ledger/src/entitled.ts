import { catalog, type EventType, subjectOf } from '#contracts/catalog';
import { type Entitlement, entitlements } from '#contracts/define';
import { eachName, namingIn } from '#contracts/names';
import type { Rejection } from '#contracts/rejections';
import { rangesOf, serialAt, type Serials } from '#contracts/serials';
import { type Holding, isPartiesStage, parseAccountKey } from './account.ts';
import type { Command } from './command.ts';
import { isRejected } from './decision.ts';
import { lineKey, type Order, type OrderLine, type Shipment, type Swap } from './entity.ts';
import { partiesOf, suppliersOf } from './swap/swap.ts';
import { findLines, holdingsAt } from './order/line.ts';
import { replacedBy } from './shipment/substitute.ts';
import { foundOfOthers } from './units/found.ts';
import { entityOf, type View } from './view.ts';

/** Why a key that speaks for a party may not say something: a sentence, and the facts to act on. */
export type NotEntitled = Pick<Rejection, 'detail' | 'facts'>;

/**
 * Why an event may not come from whoever speaks for `party`; undefined when it may. It may when the party is one that the
 * type's definition entitles, and when every order line, shipment and swap that the event names concerns the party. What
 * is not there and what is another's are answered alike, so that nobody learns what others have. Asked before any rule.
 */
export function whyNotEntitled({ type, data }: Command, party: string, view: View): NotEntitled | undefined {
  const { drawn, rest } = withoutDrawn({ type, data } as Command);
  const said: Said = { type, data, named: namesIn({ type, data: rest } as Command), drawn, view };
  const { entitled } = catalog[type];
  const held = entitled.map((name) => holds[name](party, said));
  const strange = stranger(party, said); // asks for all that it looks at, so that it is loaded at once
  if (!held.includes(true)) return notFor(party, type, data);
  if (strange !== undefined) {
    const [kind, id] = strange;
    return {
      detail: `There is no ${kind} ${id} that concerns ${party}, for which this key speaks: it is not there, or it is between others. Correct it, or send this with a key of theirs.`,
      facts: { party, eventType: type, [kind]: id },
    };
  }
  return type === 'lading.party.registered.v1' ? whyNotItsOwn(data, view) : undefined;
}

function notFor(party: string, type: EventType, data: Command['data']): NotEntitled {
  const { entitled } = catalog[type];
  const who = entitled.map((name) => entitlements[name]).join(', or ');
  const said = Object.fromEntries(entitled.filter((name) => name in data).map((name) => [name, valueOf(data, name)]));
  return {
    detail: `This key speaks for ${party}, and ${type} may come from ${who === '' ? 'a key that speaks for no party' : who}. Send it with a key of theirs, or with one that speaks for no party.`,
    facts: { ...said, party, eventType: type, entitled },
  };
}

interface Line {
  readonly order: string;
  readonly line: string;
}

/** What an event's data name. */
interface Named {
  readonly orders: ReadonlySet<string>;
  readonly lines: readonly Line[];
  readonly shipments: ReadonlySet<string>;
  readonly swaps: ReadonlySet<string>;
  readonly holds: ReadonlySet<string>;
}

interface Said {
  readonly type: EventType;
  readonly data: Command['data'];
  readonly named: Named;
  /** The order lines from which a dispatch draws units: not what it is about. */
  readonly drawn: readonly Drawn[];
  readonly view: View;
}

type Drawn = Exclude<
  NonNullable<Command<'lading.shipment.dispatched.v1'>['data']['lines'][number]['from']>,
  'new'
>[number];

function withoutDrawn({ type, data }: Command): { drawn: readonly Drawn[]; rest: Command['data'] } {
  if (type !== 'lading.shipment.dispatched.v1') return { drawn: [], rest: data };
  const drawn = data.lines.flatMap(({ from = 'new' }) => (from === 'new' ? [] : from));
  return { drawn, rest: { ...data, lines: data.lines.map(({ from: _, ...line }) => line) } };
}

function namesIn({ type, data }: Command): Named {
  const named = {
    orders: new Set<string>(),
    shipments: new Set<string>(),
    swaps: new Set<string>(),
    holds: new Set<string>(),
  };
  const lines: Line[] = [];
  eachName(namingIn(type).submitted, data, (id, { what }, { order }) => {
    if (what === 'order') named.orders.add(id);
    else if (what === 'shipment') named.shipments.add(id);
    else if (what === 'swap') named.swaps.add(id);
    else if (what === 'hold') named.holds.add(id);
    else if (what === 'line' && typeof order === 'string') lines.push({ order, line: id });
  });
  return { ...named, lines };
}

const valueOf = (data: object, field: string): unknown => (data as Readonly<Record<string, unknown>>)[field];

/** Whether the party is what an entitlement says. */
const holds: Readonly<Record<Entitlement, (party: string, said: Said) => boolean>> = {
  party: (party, { data }) => valueOf(data, 'party') === party,
  by: (party, { data }) => valueOf(data, 'by') === party,
  owner: (party, { data, named, view }) =>
    'until' in data
      ? data.owner === party
      : [...named.holds].every((id) => entityOf(view, 'hold', id)?.owner === party),
  from: (party, { data }) => valueOf(data, 'from') === party,
  custodian: (party, { data }) => valueOf(data, 'custodian') === party,
  maker: (party, { data, view }) => {
    const there = 'item' in data ? entityOf(view, 'item', data.item)?.data : undefined;
    return valueOf(data, 'maker') === party && (there === undefined || there.maker === party);
  },
  supplier: (party, said) => ordersAre('supplier', party, said),
  buyer: (party, said) => ordersAre('buyer', party, said),
  initiator: (party, said) => {
    const sides = { supplier: ordersAre('supplier', party, said), buyer: ordersAre('buyer', party, said) };
    return valueOf(said.data, 'initiator') === 'seller' ? sides.supplier : sides.buyer;
  },
  carrier: (party, { data, named, view }) => {
    const shipments = present([...named.shipments].map((id) => entityOf(view, 'shipment', id)));
    // Whoever names itself as the one that has them speaks of its own; of a line that names nobody it must have all.
    const asked = 'lines' in data ? data.lines : [];
    if (asked.some((line) => 'custodian' in line && line.custodian !== party)) return false;
    const mixed = named.lines.filter((_, at) => !('custodian' in (asked[at] ?? {})));
    const lines = present(mixed.map((line) => lineOf(line, view)));
    if (asked.length > 0 && mixed.length === 0) return shipments.length > 0;
    return shipments.length > 0 && shipments.every((shipment) => hasOnTheWay(party, shipment, lines, view));
  },
};

/** Whether all orders that an event names are the party's, on this side; or one on the shipment, when it names none. */
function ordersAre(side: 'supplier' | 'buyer', party: string, { type, data, named, view }: Said): boolean {
  // An order that an event places is not there yet, and a commitment is of no order: it says itself whose it is.
  if (type === 'lading.order.placed.v1' || type === 'lading.supply.committed.v1') return valueOf(data, side) === party;
  const orders = [...named.orders].map((id) => entityOf(view, 'order', id));
  if (orders.length > 0) return orders.every((order) => order?.[side] === party);
  const shipments = present([...named.shipments].map((id) => entityOf(view, 'shipment', id)));
  return shipments.some((shipment) => ordersOn(shipment, view).some((order) => order[side] === party));
}

/** Whether the party has, of these lines, what is in transit on a shipment; it is the carrier's when nothing is any more. */
function hasOnTheWay(party: string, on: Shipment, named: readonly OrderLine[], view: View): boolean {
  const { shipment, carrier } = on;
  const lines = named.length > 0 ? named : ordersOn(on, view).flatMap((order) => order.lines);
  const there = lines.map((line) => holdingsAt(line, { stage: 'in_transit', shipment }));
  if (there.every((holdings) => holdings.length === 0)) return carrier === party;
  return there.flat().every(({ custodian }) => custodian === party);
}

/** The first thing that an event names and that does not concern the party: its kind, and how it is named. */
function stranger(party: string, said: Said): readonly [kind: string, id: string] | undefined {
  const { type, data, named, drawn, view } = said;
  // Who proposes a swap names the units of others, and they have to accept it.
  if (type === 'lading.swap.proposed.v1') return undefined;
  const begun = catalog[type].stream === 'continues' ? undefined : subjectOf<EventType>(type, data);
  const shipments = [...named.shipments].map((id) => [id, entityOf(view, 'shipment', id)] as const);
  const theirs = present(shipments.map(([, shipment]) => shipment)).filter((one) => concernsShipment(party, one, view));
  const concerns = (line: Line): boolean => concernsLine(party, line, theirs, view);
  const lines = named.lines.map(
    (line) => [line, concerns(line) || replacedBy(line, data, view).some(concerns)] as const,
  );
  const holds = [...named.holds].map((id) => [id, entityOf(view, 'hold', id)] as const);
  const sources = drawn.map((line) => [line, mayDraw(party, line, view)] as const);
  const unit = strangeUnit(party, said);
  const taken = foundOfOthers(party, data, view);
  const swaps = [...named.swaps].map((id) => [id, concernsSwap(party, entityOf(view, 'swap', id), view)] as const);

  for (const [id, shipment] of shipments) {
    if (shipment === undefined ? `shipment/${id}` !== begun : !theirs.includes(shipment)) return ['shipment', id];
  }
  const hold = holds.find(([id, one]) => (one === undefined ? `hold/${id}` !== begun : one.owner !== party));
  if (hold !== undefined) return ['hold', hold[0]];
  const swap = swaps.find(([, concerns]) => !concerns);
  if (swap !== undefined) return ['swap', swap[0]];
  const begins = type === 'lading.order.placed.v1';
  const line = [...(begins ? [] : lines), ...sources].find(([, concerns]) => !concerns);
  if (line !== undefined) return ['line', `${line[0].line} of order ${line[0].order}`];
  return unit === undefined ? taken : ['unit', unit];
}

/** Whether what a dispatch draws from an order line is the party's: it owns it or has it, as what was returned to it. */
function mayDraw(party: string, { order, line: id, stage = 'held' }: Drawn, view: View): boolean {
  const line = lineOf({ order, line: id }, view);
  if (line === undefined || !concernsLine(party, { order, line: id }, [], view)) return false;
  // Of what is held the rule takes the supplier's own only.
  return stage === 'held' || holdingsAt(line, { stage }).every(isTheirs(party));
}

/**
 * The first unit that would come back by its serial number and is no unit of the party's. What it finds may be of any line that concerns
 * it; what it sells again has to be its own, or of the line for which it is sold. One in somebody's hands comes back to nobody.
 */
function strangeUnit(party: string, { type, data, named, view }: Said): string | undefined {
  if (!bringBack.has(type) || !('lines' in data)) return undefined;
  let strange: string | undefined;
  for (const line of data.lines) {
    const item = 'item' in line ? line.item : 'order' in line ? lineOf(line, view)?.item : undefined;
    for (const field of ['serials', 'damagedSerials', 'surplusSerials'] as const) {
      const serials = valueOf(line, field) as Serials | undefined;
      if (item === undefined || serials === undefined) continue;
      for (const { account, prefix, digits, from } of rangesOf(serials).flatMap((range) =>
        view.units({ item, ...range }),
      )) {
        const there = account === undefined ? undefined : parseAccountKey(account);
        if (there === undefined || isPartiesStage(there.stage)) continue;
        const isOwn =
          isTheirs(party)(there) || named.lines.some((one) => one.order === there.order && one.line === there.line);
        if (isOwn || (bringBack.get(type) === 'found' && concernsLine(party, there, [], view))) continue;
        strange ??= serialAt({ prefix, digits }, from);
      }
    }
  }
  return strange;
}

/** What brings units back by their numbers. */
const bringBack: ReadonlyMap<EventType, 'sold' | 'found'> = new Map([
  ['lading.order.placed.v1', 'sold'],
  ['lading.order.lines_added.v1', 'sold'],
  ['lading.shipment.dispatched.v1', 'sold'],
  ['lading.shipment.received.v1', 'found'],
  ['lading.count.adjusted.v1', 'found'],
]);

/** Whether an order line concerns a party: it supplies or buys it, or has units of it, or is to get them on a shipment. */
function concernsLine(party: string, { order: id, line }: Line, on: readonly Shipment[], view: View): boolean {
  const order = entityOf(view, 'order', id);
  if (order === undefined) return false;
  if (order.supplier === party || order.buyer === party) return true;
  if (on.some(({ lines }) => lines.has(lineKey(id, line)))) return true;
  const state = lineOf({ order: id, line }, view);
  return state !== undefined && has(party, state);
}

/** Whether a shipment concerns a party: it sends, carries or gets it, or has units on it. */
function concernsShipment(party: string, on: Shipment, view: View): boolean {
  const { carrier, consignee, lines, shipment } = on;
  const orders = ordersOn(on, view);
  if (carrier === party || consignee === party) return true;
  if ([...lines.values()].some((owners) => owners.includes(party))) return true;
  return orders.some(
    (order) =>
      order.supplier === party ||
      order.lines.some(
        (line) => lines.has(lineKey(order.order, line.line)) && leftOn(shipment, line).some(isTheirs(party)),
      ),
  );
}

/** What of a line is in transit on a shipment, or was lost on its way, and may arrive after all. */
const leftOn = (shipment: string, line: OrderLine): Holding[] => [
  ...holdingsAt(line, { stage: 'in_transit', shipment }),
  ...holdingsAt(line, { stage: 'lost' }),
];

export function concernsSwap(party: string, swap: Swap | undefined, view: View): boolean {
  if (swap === undefined) return false;
  const { by, legs } = swap.terms;
  const lines = findLines(view, legs);
  return by === party || partiesOf(legs).includes(party) || (!isRejected(lines) && suppliersOf(lines).includes(party));
}

const isTheirs =
  (party: string) =>
  ({ owner, custodian }: { readonly owner: string; readonly custodian: string }): boolean =>
    owner === party || custodian === party;

const has = (party: string, { accounts }: OrderLine): boolean => [...accounts.values()].some(isTheirs(party));

function lineOf({ order: id, line }: Line, view: View): OrderLine | undefined {
  const order = entityOf(view, 'order', id);
  const index = order?.index.get(line);
  return index === undefined ? undefined : order?.lines[index];
}

const ordersOn = ({ orders }: Shipment, view: View): Order[] =>
  present(orders.map((id) => entityOf(view, 'order', id)));

const present = <T>(found: readonly (T | undefined)[]): T[] => found.filter((one) => one !== undefined);

/** A party's own key may correct what it is called; what it may do in the ledger, and who is behind it, it may not hide. */
function whyNotItsOwn(data: Command<'lading.party.registered.v1'>['data'], view: View): NotEntitled | undefined {
  const there = entityOf(view, 'party', data.party)?.data;
  if (there === undefined) return undefined;
  const { party, roles, controlledBy = [] } = there;
  const isSame =
    new Set([...roles, ...data.roles]).size === new Set(roles).size && roles.every((role) => data.roles.includes(role));
  const hidden = controlledBy.filter((controller) => data.controlledBy?.includes(controller) !== true);
  if (isSame && hidden.length === 0) return undefined;
  return {
    detail: `The key of ${party} may change its name and note, and add controllers: its roles stay, and so do the controllers that are known. Whoever keeps the ledger changes those, with a key that speaks for no party.`,
    facts: { party, roles, controlledBy },
  };
}
