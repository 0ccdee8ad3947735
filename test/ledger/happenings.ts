import type { EventType } from '#contracts/catalog';
import { january, june, tell, type Told } from './facts.ts';
import type { LegNote } from './heldModel.ts';
import type { Model } from './model.ts';

/** Chance, written down beforehand: the numbers of a step, used in turn. The same numbers tell the same story again. */
export class Dice {
  readonly #rolls: readonly number[];
  #at = 0;

  constructor(rolls: readonly number[]) {
    this.#rolls = rolls;
  }

  roll(sides: number): number {
    const roll = this.#rolls[this.#at++ % this.#rolls.length] ?? 0;
    return (roll + this.#at) % Math.max(sides, 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.roll(list.length)]!;
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }

  /** 1 to most, and now and then one more than there is. */
  upTo(most: number): number {
    return 1 + this.roll(this.chance(5) ? most + 1 : most);
  }
}

const february = { from: '2024-02-01', to: '2024-02-29' };

type Here = ReturnType<Model['inHands']>[0];

const people = ['nvidia', 'amd', 'tesla', 'x', 'xai', 'dhl'];
// amd sells on what it has bought.
const buyers = ['tesla', 'x', 'xai', 'amd'];
const kinds = [
  'place',
  'place',
  'place',
  'add',
  'confirm',
  'confirm',
  'commit',
  'change',
  'change',
  'cancel',
  'dispatch',
  'dispatch',
  'dispatch',
  'dispatch',
  'receive',
  'receive',
  'receive',
  'lose',
  'reschedule',
  'return',
  'scrap',
  'hand',
  'hand',
  'break',
  'count',
  'reallocate',
  'reallocate',
  'reallocate',
  'hold',
  'hold',
  'hold',
  'release',
  'propose',
  'propose',
  'accept',
  'accept',
  'accept',
  'execute',
  'execute',
  'accept',
  'execute',
  'execute',
  'execute',
  'reject',
  'withdraw',
  'master',
  'nonsense',
] as const; // prettier-ignore

/** Something that may happen next: mostly possible, sometimes nearly, now and then nonsense; some of it has a paper. */
export function happens(dice: Dice, model: Model): Told {
  const told = something(dice, model);
  return dice.chance(20) && PAPERS.has(told.type) ? withPaper(told, `D-${dice.roll(30)}`) : told;
}

const PAPERS: ReadonlySet<string> = new Set<EventType>([
  'lading.order.confirmed.v1',
  'lading.supply.committed.v1',
  'lading.shipment.dispatched.v1',
  'lading.shipment.received.v1',
  'lading.shipment.rescheduled.v1',
  'lading.shipment.lost.v1',
  'lading.units.scrapped.v1',
  'lading.units.condition_changed.v1',
  'lading.custody.transferred.v1',
  'lading.count.adjusted.v1',
]);

const withPaper = ({ type, data }: Told, document: string): Told => ({ type, data: { ...data, document } }) as Told;

function something(dice: Dice, model: Model): Told {
  const inHands = model.inHands();
  const among = (...stages: string[]) => inHands.filter(({ stage }) => stages.includes(stage));
  const kind = possible(dice.pick(kinds), dice, model, among);
  switch (kind) {
    case 'place':
      return place(dice, model);
    case 'add':
      return addTo(dice, model);
    case 'confirm':
      return confirm(dice, model);
    case 'commit':
      return commit(dice);
    case 'change':
    case 'cancel':
      return reduce(dice, model, kind);
    case 'dispatch':
      return dispatch(dice, model, dice.chance(95) ? among('ordered') : inHands);
    case 'receive':
      return receive(dice, model, [...among('in_transit'), ...lost(model)]);
    case 'reschedule':
      return reschedule(dice, among('in_transit'));
    case 'lose':
      return lose(dice, model, among('in_transit'));
    case 'return':
    case 'scrap':
    case 'hand':
      return inPlace(dice, model, kind, among('held', 'damaged', ...(kind === 'scrap' ? [] : ['in_transit'])));
    case 'break':
      return breakOrRepair(dice, model, among('held', 'damaged'));
    case 'count':
      return count(dice, model, among('held'));
    case 'reallocate':
      return reallocate(dice, model, inHands);
    case 'hold':
      return hold(dice, model, inHands);
    case 'release':
      return tell('units.released', { hold: kept(dice, model) });
    case 'propose':
      return propose(dice, model, inHands);
    case 'accept':
    case 'execute':
    case 'reject':
    case 'withdraw':
      return step(dice, model, kind);
    case 'master':
      return master(dice);
    case 'nonsense':
      return nonsense(dice);
  }
}

/** Mostly something for which there is anything at all: stories that go on reach the corners, refusals alone do not. */
function possible(kind: Kind, dice: Dice, model: Model, among: (...stages: string[]) => Here[]): Kind {
  const [needed, before] = needs[kind] ?? [];
  if (dice.chance(10)) return kind;
  if (needed !== undefined && before !== undefined && among(...needed).length === 0) {
    return possible(before, dice, model, among);
  }
  const open = [...model.swaps.values()].filter(({ status }) => status === 'open');
  const ready = open.some(({ legs, accepted }) => legs.every(({ from }) => accepted.has(from)));
  // Swaps go on to their execution rather than pile up.
  const next = ready ? 'execute' : 'accept';
  if (ready && dice.chance(40)) return 'execute';
  if (kind === 'propose') return open.length > 1 ? next : kind;
  if (kind === 'accept' || kind === 'execute' || kind === 'reject' || kind === 'withdraw') {
    if (open.length === 0) return possible('propose', dice, model, among);
    return (kind === 'reject' || kind === 'withdraw') && open.length > 1 ? kind : next;
  }
  return kind;
}

type Kind = (typeof kinds)[number];

/** What stage of units a kind needs, and what brings units there. */
const needs: Readonly<Partial<Record<Kind, readonly [readonly string[], Kind]>>> = {
  confirm: [['ordered'], 'place'],
  change: [['ordered'], 'place'],
  cancel: [['ordered'], 'place'],
  dispatch: [['ordered'], 'place'],
  reallocate: [['ordered', 'in_transit', 'held'], 'place'],
  propose: [['ordered', 'in_transit', 'held'], 'place'],
  hold: [['ordered', 'in_transit', 'held'], 'place'],
  receive: [['in_transit'], 'dispatch'],
  reschedule: [['in_transit'], 'dispatch'],
  lose: [['in_transit'], 'dispatch'],
  scrap: [['held', 'damaged'], 'receive'],
  hand: [['held', 'damaged', 'in_transit'], 'receive'],
  break: [['held', 'damaged'], 'receive'],
  count: [['held'], 'receive'],
  return: [['held', 'damaged', 'in_transit'], 'receive'],
};

/** Serial numbers for so many units from there: known ones, new ones, a mixture, or none at all. */
function numbers(dice: Dice, model: Model, here: Pick<Here, 'item' | 'place' | 'quantity'>, quantity: number) {
  if (model.items.get(here.item) !== 'serial') return dice.chance(2) ? { serials: ['n1'] } : {};
  if (quantity === here.quantity && dice.chance(70)) return {};
  if (dice.chance(5)) return {};
  const known = [...model.serials].filter(([, at]) => at === here.place).map(([unit]) => unit.split(' ')[1]!);
  const outside = [...model.serials].flatMap(([unit, at]) =>
    unit.startsWith(`${here.item} `) && !/ (ordered|in_transit|held|damaged) /.test(at) ? [unit.split(' ')[1]!] : [],
  );
  const start = dice.roll(60);
  if (dice.chance(25) && outside.length > 0) known.unshift(dice.pick(outside));
  const fresh = Array.from({ length: quantity }, (_, n) => `n${start + n}`);
  const serials = [...(dice.chance(80) ? known : []), ...fresh].slice(0, dice.chance(97) ? quantity : quantity + 1);
  return { serials };
}

const nothing = {
  owner: 'tesla',
  custodian: 'nvidia',
  order: 'PO-0',
  line: '1',
  item: 'H100',
  quantity: 1,
  place: '',
  stage: 'ordered',
  shipment: '-',
};
const some = (dice: Dice, list: readonly Here[]): Here => (list.length > 0 ? dice.pick(list) : nothing);

/** One or two of them, the same one twice now and then: then they are summed. */
const several = (dice: Dice, list: readonly Here[]): Here[] =>
  dice.chance(30) ? [some(dice, list), some(dice, list)] : [some(dice, list)];

const name = (dice: Dice, { order, line, owner }: Here) => ({ order, line, ...(dice.chance(70) ? { owner } : {}) });

function place(dice: Dice, model: Model): Told {
  const lines = Array.from({ length: 1 + dice.roll(2) }, (_, at) => {
    const item = dice.pick(['H100', 'H100', 'D1']);
    const quantity = dice.upTo(12);
    const named =
      item === 'D1' && dice.chance(70) ? {} : numbers(dice, model, { item, place: '', quantity: 0 }, quantity);
    return { line: String(at + 1), item, quantity, window: dice.pick([january, june]), ...named };
  });
  return tell('order.placed', {
    order: `PO-${dice.chance(80) ? model.orders.size : dice.roll(9)}`,
    buyer: dice.pick(buyers),
    supplier: dice.chance(95) ? dice.pick(['nvidia', 'amd']) : 'dhl',
    lines,
  });
}

/** More lines of an order: mostly with new names. */
function addTo(dice: Dice, model: Model): Told {
  const order = `PO-${dice.roll(Math.max(1, model.orders.size + (dice.chance(10) ? 1 : 0)))}`;
  const first = (model.orders.get(order)?.lines.size ?? 0) + (dice.chance(85) ? 1 : 0);
  const lines = Array.from({ length: 1 + dice.roll(2) }, (_, at) => {
    const name = first + at;
    return { line: String(name), item: dice.pick(['H100', 'D1']), quantity: dice.upTo(12), window: january };
  });
  return tell('order.lines_added', { order, lines });
}

/** A supplier confirms a line or two of an order, mostly one that is there. */
function confirm(dice: Dice, model: Model): Told {
  const order = `PO-${dice.roll(Math.max(1, model.orders.size + (dice.chance(5) ? 1 : 0)))}`;
  const there = [...(model.orders.get(order)?.lines ?? [])];
  const first = dice.roll(there.length);
  const lines = Array.from({ length: 1 + dice.roll(2) }, (_, at) => {
    const [line, { total }] = there[first + at] ?? [String(first + at), { total: 1 }];
    const code = dice.pick(['accepted', 'changed', 'backordered', 'rejected'] as const);
    const quantity =
      code === 'rejected' ? { quantity: dice.pick([0, total, total, 1]) } : { quantity: dice.upTo(total) };
    const window = { window: dice.pick([january, june]) };
    return {
      line,
      code,
      ...(code === 'changed' || dice.chance(50) ? quantity : {}),
      ...(dice.chance(50) ? window : {}),
    };
  });
  return tell('order.confirmed', { order, lines });
}

/** A supplier commits to some of an item in a month, or in two. */
function commit(dice: Dice): Told {
  const period = dice.pick([january, january, february, february, june, { from: january.from, to: february.to }]);
  const supplier = dice.chance(95) ? dice.pick(['nvidia', 'amd']) : dice.pick([...people, 'nobody']);
  const quantity = dice.chance(25) ? 0 : dice.upTo(40);
  return tell('supply.committed', { supplier, item: dice.pick(['H100', 'D1']), period, quantity });
}

function reduce(dice: Dice, model: Model, kind: 'change' | 'cancel'): Told {
  const ordered = model.inHands().filter(({ stage }) => stage === 'ordered');
  const here = some(dice, ordered);
  const { order, line } = here;
  const initiator = dice.pick(['buyer', 'seller', 'seller'] as const);
  const owner = dice.chance(60) ? { owner: here.owner } : {};
  if (kind === 'cancel') {
    const quantity = dice.upTo(here.quantity);
    const named = numbers(dice, model, here, quantity);
    return tell('order.line_cancelled', {
      order,
      line,
      initiator,
      ...owner,
      ...named,
      ...(dice.chance(60) ? { quantity } : {}),
    });
  }
  const total = model.orders.get(order)?.lines.get(line)?.total ?? 1;
  const quantity = Math.max(1, total + dice.roll(7) - 4);
  const window = dice.chance(30) ? { window: dice.pick([january, june]) } : {};
  const named = dice.chance(70) ? {} : numbers(dice, model, here, Math.abs(quantity - total));
  return tell('order.line_changed', {
    order,
    line,
    initiator,
    ...(quantity > total ? {} : owner),
    ...window,
    ...(dice.chance(80) || !('window' in window) ? { quantity } : {}),
    ...named,
  });
}

/** A line of another item, mostly between the same two, whose units may be sent instead of these. */
function instead(
  dice: Dice,
  model: Model,
  { order, item }: Here,
): { order: string; line: string; item: string } | undefined {
  const sides = model.orders.get(order);
  const others = [...model.orders].flatMap(([name, { buyer, supplier, lines }]) =>
    (buyer === sides?.buyer && supplier === sides.supplier) || dice.chance(3)
      ? [...lines].flatMap(([line, one]) => (one.item === item ? [] : [{ order: name, line, item: one.item }]))
      : [],
  );
  return others.length === 0 ? undefined : dice.pick(others);
}

/** Serial numbers of units that come new, and of those that they replace. */
function newNumbers(dice: Dice, model: Model, { item }: { item: string }, here: Here, quantity: number) {
  const { serials } = numbers(dice, model, { item, place: '', quantity: 0 }, quantity);
  const { serials: gone } = dice.chance(60) ? {} : numbers(dice, model, here, quantity);
  return { ...(serials && { serials }), ...(gone && { substitutedSerials: gone }) };
}

/** What is in such places, by its order line. */
const inStage = <S extends string>(model: Model, stages: readonly S[]) =>
  [...model.counts].flatMap(([place, count]) => {
    const [owner = '', custodian = '', stage = '', , order = '', line = ''] = place.split(' ');
    const found = stages.find((one) => one === stage);
    return count > 0 && found !== undefined ? [{ order, line, owner, custodian, stage: found }] : [];
  });

/** Which units are dispatched: mostly nobody says, else by a line that has some, or that they are new. */
function which(dice: Dice, model: Model, quantity: number) {
  if (dice.chance(75)) return {};
  if (dice.chance(30)) return { from: 'new' as const };
  const back = inStage(model, ['held', 'returned', 'lost', 'scrapped', 'cancelled', 'count']);
  const some = back.map(({ order, line, stage }) => ({ order, line, ...(stage === 'held' ? {} : { stage }) }));
  if (some.length === 0) return {};
  return { from: [{ ...dice.pick(some), ...(dice.chance(50) ? { quantity: dice.upTo(quantity) } : {}) }] };
}

function dispatch(dice: Dice, model: Model, ordered: readonly Here[]): Told {
  const shipment = dice.roll(4);
  return tell('shipment.dispatched', {
    shipment: `S-${shipment}`,
    consignee: dice.chance(90) ? buyers[shipment % 4]! : dice.pick(people),
    carrier: 'dhl',
    lines: several(dice, ordered).map((here) => {
      const other = dice.chance(20) ? instead(dice, model, here) : undefined;
      if (other !== undefined) {
        const { order, line } = other;
        const quantity = dice.upTo(here.quantity);
        const substitutes = { order: here.order, line: here.line };
        const owner = dice.chance(70) ? { owner: here.owner } : {};
        const more = { ...newNumbers(dice, model, other, here, quantity), ...which(dice, model, quantity) };
        return { order, line, ...owner, quantity, substitutes, ...more };
      }
      const over = dice.chance(15) ? { over: true } : {};
      const most = here.quantity + ('over' in over ? dice.roll(4) : 0);
      const quantity = dice.chance(50) ? most : dice.upTo(most);
      const named = dice.chance(50) ? numbers(dice, model, here, quantity) : {};
      return { ...name(dice, here), quantity, ...named, ...over, ...which(dice, model, quantity) };
    }),
  });
}

/** What was lost of any shipment and may come after all, with the shipment. */
const lost = (model: Model): Here[] =>
  [...model.shipments.keys()].flatMap((shipment) => model.lostOf(shipment).map((here) => ({ ...here, shipment })));

function receive(dice: Dice, model: Model, inTransit: readonly Here[]): Told {
  const first = some(dice, inTransit);
  const { shipment } = first;
  const lines = [first, ...(dice.chance(30) ? [some(dice, inTransit)] : [])].map((here) => {
    const other = dice.chance(15) ? instead(dice, model, here) : undefined;
    if (other !== undefined) {
      const { order, line } = other;
      const received = dice.upTo(here.quantity);
      const damaged = dice.chance(80) ? 0 : dice.roll(3);
      const broken = damaged ? numbers(dice, model, { item: other.item, place: '', quantity: 0 }, damaged).serials : [];
      return {
        ...{ order, line, ...(dice.chance(70) ? { owner: here.owner } : {}), received },
        ...{ substitutes: { order: here.order, line: here.line } },
        ...newNumbers(dice, model, other, here, received),
        ...(damaged ? { damaged, ...(broken && { damagedSerials: broken }) } : {}),
      };
    }
    const all = dice.chance(60);
    const received = all ? here.quantity : dice.roll(here.quantity + 1);
    const damaged = dice.chance(70) ? 0 : dice.roll(here.quantity - received + 1);
    const surplus = dice.chance(90) ? 0 : dice.roll(3);
    const named = numbers(dice, model, here, received).serials;
    const rest = numbers(dice, model, here, damaged).serials;
    const extra = numbers(dice, model, { ...here, place: '', quantity: 0 }, surplus).serials;
    return {
      ...name(dice, here),
      received,
      ...(damaged ? { damaged } : {}),
      ...(surplus ? { surplus } : {}),
      ...(named && received ? { serials: named } : {}),
      ...(rest && damaged ? { damagedSerials: rest } : {}),
      ...(extra && surplus ? { surplusSerials: extra } : {}),
    };
  });
  return tell('shipment.received', {
    shipment: shipment === '-' ? 'S-0' : shipment,
    by: dice.chance(50) ? first.owner : dice.pick(people),
    lines,
    final: dice.chance(30),
  });
}

function reschedule(dice: Dice, inTransit: readonly Here[]): Told {
  const here = some(dice, inTransit).shipment;
  const shipment = here === '-' || dice.chance(5) ? `S-${dice.roll(5)}` : here;
  const parts = {
    ...(dice.chance(40) ? { consignee: dice.pick(buyers) } : {}),
    ...(dice.chance(40) ? { carrier: dice.pick(['dhl', 'dhl', 'nvidia']) } : {}),
    ...(dice.chance(30) ? { destination: dice.pick(['Austin', 'Memphis']) } : {}),
  };
  const day = Object.keys(parts).length > 0 && dice.chance(50) ? {} : { eta: `2024-01-1${dice.roll(9)}` };
  return tell('shipment.rescheduled', { shipment, ...parts, ...day });
}

function lose(dice: Dice, model: Model, inTransit: readonly Here[]): Told {
  const here = some(dice, inTransit);
  const quantity = dice.upTo(here.quantity);
  const by = dice.chance(50) ? { custodian: here.custodian } : {};
  const line = { ...name(dice, here), ...by, quantity, ...numbers(dice, model, here, quantity) };
  return tell('shipment.lost', { shipment: here.shipment === '-' ? 'S-0' : here.shipment, lines: [line] });
}

function inPlace(dice: Dice, model: Model, kind: 'return' | 'scrap' | 'hand', list: readonly Here[]): Told {
  const heres = several(dice, list);
  const { custodian, shipment } = heres[0]!;
  const lines = heres.map((here) => {
    const quantity = dice.upTo(here.quantity);
    const stage = here.stage === 'damaged' ? { stage: 'damaged' as const } : {};
    return { ...name(dice, here), quantity, ...stage, ...numbers(dice, model, here, quantity) };
  });
  if (kind === 'scrap') return tell('units.scrapped', { custodian, lines });
  const refused = shipment === '-' ? {} : { shipment };
  if (kind === 'hand') {
    const named = dice.chance(60) ? refused : {};
    return tell('custody.transferred', { from: custodian, to: dice.pick(people), lines, ...named });
  }
  return tell('units.returned', {
    return: `R-${dice.roll(100)}`,
    from: custodian,
    to: dice.pick(['nvidia', 'amd']),
    lines,
    ...refused,
  });
}

function breakOrRepair(dice: Dice, model: Model, list: readonly Here[]): Told {
  const heres = several(dice, list);
  const lines = heres.map((here) => {
    const quantity = dice.upTo(here.quantity);
    const to = (here.stage === 'held') === dice.chance(95) ? ('damaged' as const) : ('held' as const);
    return { ...name(dice, here), quantity, to, ...numbers(dice, model, here, quantity) };
  });
  return tell('units.condition_changed', { custodian: heres[0]!.custodian, lines });
}

function count(dice: Dice, model: Model, held: readonly Here[]): Told {
  const heres = several(dice, held);
  const lines = heres.map((here) => {
    const observed = Math.max(0, here.quantity + dice.roll(5) - 2);
    const named = numbers(dice, model, { ...here, quantity: -1 }, Math.abs(observed - here.quantity));
    const back = cameFrom(dice, model, observed - here.quantity);
    return { ...name(dice, here), observed, ...(observed === here.quantity ? {} : named), ...back };
  });
  return tell('count.adjusted', { custodian: heres[0]!.custodian, lines });
}

/** Where units that a count found came back from: of one line or two, said more or less closely. */
function cameFrom(dice: Dice, model: Model, found: number) {
  const some = inStage(model, ['returned', 'lost', 'scrapped', 'cancelled', 'count']);
  if (some.length === 0 || dice.chance(found > 0 ? 30 : 98)) return {};
  const from = Array.from({ length: dice.chance(80) ? 1 : 2 }, () => {
    const { owner, custodian, ...rest } = dice.pick(some);
    return {
      ...rest,
      ...(dice.chance(30) ? { owner } : {}),
      ...(dice.chance(30) ? { custodian } : {}),
      ...(dice.chance(50) ? { quantity: dice.upTo(Math.max(1, found)) } : {}),
    };
  });
  return { from };
}

const kindOf: Readonly<Record<string, 'reassigned' | 'reconsigned' | 'transferred'>> = {
  ordered: 'reassigned',
  in_transit: 'reconsigned',
  held: 'transferred',
  damaged: 'transferred',
};

function reallocate(dice: Dice, model: Model, inHands: readonly Here[]): Told {
  const isHeld = ({ owner, order, line }: Here): boolean =>
    model.holds.some((hold) => hold.owner === owner && hold.order === order && hold.line === line);
  const held = dice.chance(50) ? inHands.filter(isHeld) : [];
  const first = some(dice, held.length > 0 ? held : inHands);
  const alike = inHands.filter(({ owner, stage }) => owner === first.owner && kindOf[stage] === kindOf[first.stage]);
  const lines = [first, ...(dice.chance(30) ? [some(dice, alike)] : [])].map((here) => {
    const quantity = dice.chance(50) ? here.quantity : dice.upTo(here.quantity);
    const { order, line, shipment, custodian } = here;
    return {
      order,
      line,
      quantity,
      ...(shipment === '-' ? {} : { shipment }),
      ...(dice.chance(30) ? { custodian } : {}),
      ...(here.stage === 'damaged' ? { stage: 'damaged' as const } : {}),
      ...numbers(dice, model, here, quantity),
    };
  });
  const kind = dice.chance(95) ? kindOf[first.stage]! : 'reassigned';
  return tell('reallocation.made', {
    reallocation: `RA-${dice.roll(300)}`,
    kind,
    from: first.owner,
    to: dice.pick(buyers),
    lines,
    ...(model.kept.size > 0 && dice.chance(25)
      ? { hold: kept(dice, model, dice.chance(90) ? first.owner : undefined) }
      : {}),
  });
}

/** A hold: mostly one that keeps something still, and of this owner. */
function kept(dice: Dice, model: Model, of?: string): string {
  const now = model.now.getTime();
  const all = [...model.kept].filter(([, { owner }]) => of === undefined || owner === of);
  const open = all.filter(([, { until, over }]) => !over && until > now);
  const some = open.length > 0 && dice.chance(90) ? open : all;
  return some.length > 0 && dice.chance(95) ? dice.pick(some)[0] : 'H-0';
}

function hold(dice: Dice, model: Model, inHands: readonly Here[]): Told {
  const stock = inHands.filter(({ owner, custodian, stage }) => owner === custodian && stage === 'held');
  const first = some(dice, stock.length > 0 && dice.chance(30) ? stock : inHands);
  const own = inHands.filter(({ owner }) => owner === first.owner);
  const lines = [first, ...(dice.chance(30) ? [some(dice, own)] : [])].map((here) => {
    const part = partOf(dice, here);
    return { ...part, ...(dice.chance(50) ? numbers(dice, model, here, part.quantity) : {}) };
  });
  return tell('units.held', {
    hold: `H-${dice.chance(95) ? model.kept.size : dice.roll(5)}`,
    owner: dice.chance(95) ? first.owner : dice.pick(people),
    purpose: 'Kept',
    until: new Date(model.now.getTime() + (dice.roll(9) - (dice.chance(10) ? 9 : 0)) * 24 * 3_600_000).toISOString(),
    lines,
  });
}

/** Some of what is there, said more or less closely. */
function partOf(dice: Dice, { quantity, order, line, shipment, custodian, stage }: Here) {
  return {
    ...{ order, line, quantity: dice.chance(40) ? quantity : dice.upTo(quantity) },
    ...(shipment !== '-' && dice.chance(40) ? { shipment } : {}),
    ...(dice.chance(20) ? { custodian } : {}),
    ...(dice.chance(30) || stage === 'damaged' ? { stage: stage as 'held' } : {}),
  };
}

function propose(dice: Dice, model: Model, inHands: readonly Here[]): Told {
  const a = some(dice, inHands);
  const b = some(
    dice,
    inHands.filter(({ owner }) => owner !== a.owner),
  );
  const leg = (here: Here, to: string): LegNote => {
    const part = partOf(dice, here);
    return { from: here.owner, to, ...part, ...numbers(dice, model, here, part.quantity) };
  };
  const more = dice.chance(40)
    ? [
        leg(
          some(
            dice,
            inHands.filter(({ owner }) => owner === a.owner),
          ),
          b.owner,
        ),
      ]
    : [];
  const by = dice.chance(90) ? dice.pick([a.owner, b.owner, 'nvidia']) : dice.pick(people);
  return tell('swap.proposed', {
    swap: `SW-${dice.chance(90) ? model.swaps.size : dice.roll(8)}`,
    by,
    legs: [leg(a, b.owner), leg(b, a.owner), ...more],
    ...(dice.chance(10)
      ? { expires: new Date(model.now.getTime() + (1 + dice.roll(9)) * 24 * 3_600_000).toISOString() }
      : {}),
  });
}

function step(dice: Dice, model: Model, kind: 'accept' | 'execute' | 'reject' | 'withdraw'): Told {
  const all = [...model.swaps].filter(([, { status }]) => status === 'open');
  const agreed = all.filter(([, { legs, accepted }]) => legs.every(({ from }) => accepted.has(from)));
  const open = kind === 'execute' && agreed.length > 0 ? agreed : all;
  const [swap, note] = open.length > 0 && dice.chance(95) ? dice.pick(open) : ['SW-0', undefined];
  const parties = note ? note.legs.flatMap(({ from, to }) => [from, to]) : people;
  const missing = parties.filter((party) => !note?.accepted.has(party));
  const by = dice.chance(5)
    ? dice.pick(people)
    : dice.pick(kind === 'accept' && missing.length > 0 ? missing : parties);
  if (kind === 'accept') return tell('swap.accepted', { swap, by });
  if (kind === 'execute') return tell('swap.executed', { swap, by });
  if (kind === 'reject') return tell('swap.rejected', { swap, by });
  return tell('swap.withdrawn', { swap, by: dice.chance(80) ? (note?.by ?? by) : by });
}

function master(dice: Dice): Told {
  const tracking = dice.pick(['quantity', 'quantity', 'serial'] as const);
  return dice.pick([
    tell('party.registered', { party: 'xai', name: 'xAI', roles: ['customer'], controlledBy: ['elon-musk'] }),
    tell('item.registered', { item: 'H100', name: 'H100', tracking }),
    tell('ledger.opened', { name: 'again', keeper: 'nvidia' }),
    tell('event.voided', { sequence: 1, reason: 'did_not_occur' }),
  ]);
}

function nonsense(dice: Dice): Told {
  const line = {
    order: `PO-${dice.roll(7)}`,
    line: String(dice.roll(3)),
    owner: dice.pick([...people, 'nobody']),
    quantity: dice.upTo(5),
  };
  const custodian = dice.pick([...people, 'nobody']);
  const shipment = `S-${dice.roll(6)}`;
  return dice.pick([
    tell('shipment.dispatched', { shipment, consignee: custodian, carrier: 'dhl', lines: [line] }),
    tell('shipment.lost', { shipment, lines: [line] }),
    tell('units.scrapped', { custodian, lines: [line] }),
    tell('custody.transferred', { from: custodian, to: 'x', lines: [line] }),
    tell('units.returned', { return: 'R-0', from: custodian, to: 'nvidia', lines: [line] }),
    tell('shipment.received', {
      shipment,
      by: custodian,
      lines: [{ order: line.order, line: line.line, received: 0 }],
    }),
  ]);
}
