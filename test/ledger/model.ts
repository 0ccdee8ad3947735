import { expandSerials, type Serials } from '#contracts/serials';
import type { Told } from './facts.ts';
import { type CameFrom, foundIn, knownThere, saysMoreThan } from './foundModel.ts';
import { Promises, promisesIn } from './promises.ts';
import { canReplace, orderedAndMore, orderedThenSupply } from './surplus.ts';
import {
  type Data,
  type HoldNote,
  type KeptNote,
  type LegNote,
  legsOf,
  ownHold,
  type Spot,
  whyNotKept,
} from './heldModel.ts';

/** Units going from one place to another, as the table in docs/events.md has it. Places are strings: `tesla nvidia ordered - PO 1`. */
export interface Booking {
  item: string;
  from: string;
  to: string;
  quantity: number;
  serials: string[] | undefined;
  /** Whether its serial numbers may come from outside the parties' hands. */
  revives?: boolean;
  /** Whether its owner could have kept the units. */
  away?: boolean;
  /** A booking that brings units back for another one. */
  origin?: boolean;
}

interface Line {
  item: string;
  total: number;
  window: string;
}
interface OrderNote {
  buyer: string;
  supplier: string;
  lines: Map<string, Line>;
}
interface SwapNote {
  by: string;
  legs: LegNote[];
  accepted: Set<string>;
  expires: string | undefined;
  status: 'open' | 'over';
}

type Here = ReturnType<Model['inHands']>[0];
interface Replacing {
  order: string;
  line: string;
  substitutes?: { order: string; line: string } | undefined;
}
interface Asked {
  quantity: number;
  serials?: Serials | undefined;
}

/** What the lines of one event have taken from each place so far. */
class Taken {
  readonly #any = new Map<string, number>();
  readonly #nameless = new Map<string, number>();

  any = (place: string): number => this.#any.get(place) ?? 0;
  nameless = (place: string): number => this.#nameless.get(place) ?? 0;

  add(place: string, nameless: boolean): void {
    this.#any.set(place, this.any(place) + 1);
    if (nameless) this.#nameless.set(place, this.nameless(place) + 1);
  }
}

const hands = ['ordered', 'in_transit', 'held', 'damaged'];
const bottomless = ['supply', 'count'];

/** A refusal of the model: it knows that, not why. */
const NO = new Error('no');
const no = (): never => {
  throw NO;
};

/**
 * The ledger as a child would keep it: counts of units in places, and which unit has which number. Slow, naive, written
 * from docs/events.md alone and sharing nothing with libs/ledger, so that the two can be held against each other.
 */
export class Model {
  readonly counts = new Map<string, number>();
  readonly serials = new Map<string, string>();
  readonly parties = new Map<string, string[]>();
  readonly items = new Map<string, string>();
  readonly orders = new Map<string, OrderNote>();
  readonly shipments = new Map<string, { header: string; opened: boolean }>();
  /** `order line shipment`: when what is in transit there was dispatched first; forgotten when nothing of the line is. */
  readonly sent = new Map<string, number>();
  /** `shipment|place`: what was lost of a shipment to that place, and did not come after all. */
  readonly missing = new Map<string, number>();
  readonly swaps = new Map<string, SwapNote>();
  readonly promises = new Promises();
  holds: HoldNote[] = [];
  /** Holds of their own, by their ids. */
  readonly kept = new Map<string, KeptNote>();
  /** The ledger's clock. */
  now = new Date(0);
  readonly done = new Set<string>();
  /** When a value was last said, or units of a place last came or left: by the newest occurrence. */
  readonly said = new Map<string, number>();
  /** Since when there are units in a place. */
  readonly since = new Map<string, number>();
  #clock = 0;

  /** What the ledger must do: these bookings, or refuse. */
  predict(told: Told, time: number): Booking[] | 'refused' {
    try {
      if (this.done.has(paperOf(told) ?? '')) no();
      const all = this.#rule(told);
      for (const value of [...valuesOf(told, all), ...this.promises.heldAgainst(told)])
        if ((this.said.get(value) ?? -Infinity) > time) no();
      const bookings = all.filter(({ quantity }) => quantity > 0);
      this.#covered(bookings);
      if (choices.has(told.type)) this.#leaves(bookings, ownHold(told));
      if (told.type === 'lading.shipment.dispatched.v1') {
        this.#leaves(
          bookings.filter(({ origin, away }) => origin === true || away),
          undefined,
        );
      }
      this.#numbered(bookings);
      return bookings;
    } catch (error) {
      if (error === NO) return 'refused';
      throw error;
    }
  }

  /**
   * What has happened happens here too. Answers the shipments that are for somebody else from now on, `S-1 x`: of a story that is told
   * again without some of it, those that were `said` then, as the event has them.
   */
  apply(told: Told, bookings: readonly Booking[], time: number, said?: readonly string[]): readonly string[] {
    this.#clock++;
    for (const value of [...valuesOf(told, this.#ruled(told, bookings)), ...touchedBy(told, bookings)])
      this.#say(value, time);
    if (told.type === 'lading.shipment.dispatched.v1') {
      const { shipment } = told.data;
      // The first dispatch says all of the header, also that it has no such part.
      for (const part of HEADER) {
        if (!this.shipments.has(shipment) || told.data[part] !== undefined) this.#say(`${part} ${shipment}`, time);
      }
    }
    const before = new Map(this.serials);
    const counts = new Map(this.counts);
    const named = new Set(bookings.flatMap(({ item, serials = [] }) => serials.map((serial) => `${item} ${serial}`)));
    for (const { item, from, to, quantity, serials } of bookings) {
      if (told.type === 'lading.shipment.lost.v1') this.#miss(told.data.shipment, to, quantity);
      if (told.type === 'lading.shipment.received.v1') this.#miss(told.data.shipment, from, -quantity);
      this.counts.set(from, this.count(from) - quantity);
      this.counts.set(to, this.count(to) + quantity);
      if (serials) for (const serial of serials) this.serials.set(`${item} ${serial}`, to);
      else if (from.split(' ')[2] !== 'supply') {
        // What comes from supply has no number yet: one that went back there stays until somebody names it.
        for (const [unit, place] of before) if (place === from && !named.has(unit)) this.serials.set(unit, to);
      }
    }
    for (const { to } of bookings) {
      if ((counts.get(to) ?? 0) === 0 && this.count(to) > 0) this.since.set(to, this.#clock);
    }
    this.#note(told);
    for (const { from } of bookings) this.#leftTransit(from);
    const paper = paperOf(told);
    if (paper !== undefined) this.done.add(paper);
    if (told.type === 'lading.order.line_cancelled.v1') {
      this.#line(told.data.order, told.data.line).total -= bookings[0]!.quantity;
    }
    const redirects = told.type === 'lading.reallocation.made.v1' || told.type === 'lading.swap.executed.v1';
    if (!redirects) return [];
    const redirected = said ?? this.#redirected(bookings, time);
    for (const one of redirected) {
      const [shipment = '', consignee] = one.split(' ');
      this.#say(`consignee ${shipment}`, time);
      const [, ...rest] = this.#header(shipment);
      this.shipments.get(shipment)!.header = JSON.stringify([consignee, ...rest]);
    }
    return redirected;
  }

  /** What had named units was taken back: those in supply, which is no place of a unit, have no number again. */
  forget(units: readonly string[]): void {
    for (const unit of units) if (this.serials.get(unit)?.split(' ')[2] === 'supply') this.serials.delete(unit);
  }

  #leftTransit(place: string): void {
    const { stage, shipment, order, line } = hereAt(place, '', 0);
    if (stage === 'in_transit' && this.#at(order, line, { stage, shipment }).length === 0)
      this.sent.delete(`${order} ${line} ${shipment}`);
  }

  /** What the rule says; of a story that is told again without some of it, what it said. */
  #ruled(told: Told, bookings: readonly Booking[]): readonly Booking[] {
    try {
      return this.#rule(told);
    } catch (error) {
      if (error === NO) return bookings;
      throw error;
    }
  }

  #say(value: string, time: number): void {
    this.said.set(value, Math.max(time, this.said.get(value) ?? time));
  }

  #miss(shipment: string, place: string, quantity: number): void {
    if (place.split(' ')[2] !== 'lost') return;
    const key = `${shipment}|${place}`;
    this.missing.set(key, Math.max(0, (this.missing.get(key) ?? 0) + quantity));
  }

  count(place: string): number {
    return this.counts.get(place) ?? 0;
  }

  /** Every place in the parties' hands with units in it. */
  inHands(): (Spot & { order: string; line: string; item: string; quantity: number; place: string })[] {
    return [...this.counts].flatMap(([place, quantity]) => {
      const [owner = '', custodian = '', stage = '', shipment = '', order = '', line = ''] = place.split(' ');
      if (quantity <= 0 || !hands.includes(stage)) return [];
      return [{ owner, custodian, stage, shipment, order, line, item: this.#line(order, line).item, quantity, place }];
    });
  }

  /** What was lost of a shipment and is still lost. */
  lostOf(shipment: string): Here[] {
    return [...this.missing].flatMap(([key, missing]) => {
      const place = key.slice(key.indexOf('|') + 1);
      const [owner = '', custodian = '', stage = '', , order = '', line = ''] = place.split(' ');
      const quantity = Math.min(missing, this.count(place));
      if (!key.startsWith(`${shipment}|`) || quantity <= 0) return [];
      return [
        { owner, custodian, stage, shipment: '-', order, line, item: this.#line(order, line).item, quantity, place },
      ];
    });
  }

  #line(order: string, line: string): Line {
    return this.orders.get(order)?.lines.get(line) ?? no();
  }

  #known(...parties: (string | undefined)[]): void {
    for (const party of parties) if (party !== undefined && !this.parties.has(party)) no();
  }

  #at(order: string, line: string, where: Partial<Spot>): ReturnType<Model['inHands']> {
    this.#line(order, line);
    return this.inHands().filter(
      (here) =>
        here.order === order &&
        here.line === line &&
        (Object.keys(where) as (keyof Spot)[]).every((key) => where[key] === undefined || here[key] === where[key]),
    );
  }

  /** The one place that is meant, by its owner or because there is no other. */
  #source(
    order: string,
    line: string,
    owner: string | undefined,
    where: Partial<Spot>,
  ): ReturnType<Model['inHands']>[0] {
    const here = this.#at(order, line, { ...where, ...(owner === undefined ? {} : { owner }) });
    return here.length === 1 ? here[0]! : no();
  }

  /** All places of the one owner that is meant; on a shipment, units that were handed on come before the others. */
  #sources(order: string, line: string, owner: string | undefined, where: Partial<Spot>): Here[] {
    const here = this.#at(order, line, { ...where, ...(owner === undefined ? {} : { owner }) });
    if (new Set(here.map((one) => one.owner)).size !== 1) no();
    const late = ({ custodian, shipment }: Here) => (custodian === this.#header(shipment)[1] ? 1 : 0);
    return here.sort((a, b) => late(a) - late(b) || (a.custodian < b.custodian ? -1 : 1));
  }

  /** Unit by unit, each from the first place that has one left, or from where its number is. */
  #spread(taken: Taken, places: readonly Here[], to: (here: Here) => Spot, asked: Asked): Booking[] {
    const numbers = asked.serials && expandSerials(asked.serials);
    if (numbers && numbers.length !== asked.quantity) no();
    const bookings: Booking[] = [];
    for (let unit = 0; unit < asked.quantity; unit++) {
      const number = numbers?.[unit];
      const is = number === undefined ? undefined : this.serials.get(`${places[0]?.item ?? ''} ${number}`);
      // What is elsewhere may come back; whether it may is looked at when all bookings are known.
      const at = places.some(({ place }) => place === is) ? is : undefined;
      const here =
        places.find(({ place, quantity }) =>
          number === undefined
            ? taken.any(place) < quantity
            : at === undefined
              ? quantity === Infinity || taken.nameless(place) < this.count(place) - this.#names(place)
              : place === at,
        ) ?? no();
      taken.add(here.place, number !== undefined && at === undefined);
      bookings.push(booking(here, { ...here, ...to(here) }, 1, number === undefined ? undefined : [number]));
    }
    return joined(bookings);
  }

  #names(place: string): number {
    return [...this.serials.values()].filter((at) => at === place).length;
  }

  #rule(told: Told): Booking[] {
    switch (told.type) {
      case 'lading.ledger.opened.v1':
        return this.done.has('ledger') ? no() : [];
      case 'lading.event.voided.v1':
        return no();
      case 'lading.party.registered.v1':
        return [];
      case 'lading.item.registered.v1':
        return (this.items.get(told.data.item) ?? told.data.tracking) === told.data.tracking ? [] : no();
      case 'lading.order.placed.v1':
        return this.#placed(told.data);
      case 'lading.order.lines_added.v1': {
        const order = this.orders.get(told.data.order) ?? no();
        if (told.data.lines.some(({ line }) => order.lines.has(line))) no();
        return this.#ordered({ ...told.data, buyer: order.buyer, supplier: order.supplier });
      }
      case 'lading.order.confirmed.v1': {
        const { order } = told.data;
        return this.promises.mayBe(told.data, (line) => this.#line(order, line)) ? [] : no();
      }
      case 'lading.supply.committed.v1': {
        const { supplier, item } = told.data;
        this.#known(supplier);
        if (!this.items.has(item) || !this.parties.get(supplier)?.includes('supplier')) no();
        return this.promises.mayCommit(told.data) ? [] : no();
      }
      case 'lading.order.line_changed.v1':
        return this.#changed(told.data);
      case 'lading.order.line_cancelled.v1':
        return this.#cancelled(told.data);
      case 'lading.shipment.dispatched.v1':
        return this.#dispatched(told.data);
      case 'lading.shipment.rescheduled.v1':
        return this.#rescheduled(told.data);
      case 'lading.shipment.received.v1':
        return this.#received(told.data);
      case 'lading.shipment.lost.v1':
        return this.#lost(told.data);
      case 'lading.units.returned.v1':
        return this.#returned(told.data);
      case 'lading.units.scrapped.v1':
        this.#known(told.data.custodian);
        return told.data.lines.map((line) => {
          const from = this.#held(line, told.data.custodian);
          return booking(from, { ...from, stage: 'scrapped' }, line.quantity, line.serials);
        });
      case 'lading.units.condition_changed.v1':
        this.#known(told.data.custodian);
        return told.data.lines.map((line) => {
          const from = this.#held({ ...line, stage: line.to === 'held' ? 'damaged' : 'held' }, told.data.custodian);
          return booking(from, { ...from, stage: line.to }, line.quantity, line.serials);
        });
      case 'lading.custody.transferred.v1':
        return this.#handed(told.data);
      case 'lading.count.adjusted.v1':
        return this.#counted(told.data);
      case 'lading.reallocation.made.v1':
        return this.#reallocated(told.data);
      case 'lading.swap.proposed.v1':
        return this.#proposed(told.data);
      case 'lading.swap.accepted.v1': {
        const swap = this.#swap(told.data);
        if (!partiesOf(swap.legs).includes(told.data.by) || swap.accepted.has(told.data.by)) no();
        return isLast(swap, told.data.by) ? this.#reserved(swap.legs) : [];
      }
      case 'lading.units.held.v1': {
        const { hold, owner, until, lines } = told.data;
        this.#known(owner, ...lines.map(({ custodian }) => custodian));
        if (this.kept.has(hold) || Date.parse(until) <= this.now.getTime()) no();
        return this.#reserved(legsOf(told.data));
      }
      case 'lading.units.released.v1':
        return whyNotKept(this.kept.get(told.data.hold), this.now) === undefined ? [] : no();
      case 'lading.swap.rejected.v1':
        return partiesOf(this.#swap(told.data).legs).includes(told.data.by) ? [] : no();
      case 'lading.swap.withdrawn.v1':
        return this.#swap(told.data).by === told.data.by ? [] : no();
      case 'lading.swap.executed.v1': {
        const { legs, accepted } = this.#swap(told.data);
        const may = [...partiesOf(legs), ...legs.map(({ order }) => this.orders.get(order)!.supplier)];
        if (!may.includes(told.data.by) || !partiesOf(legs).every((party) => accepted.has(party))) no();
        return this.#pick(legs, `swap ${told.data.swap}`);
      }
    }
  }

  #lost({ shipment, lines }: Data<'lading.shipment.lost.v1'>): Booking[] {
    if (!this.shipments.has(shipment)) no();
    const taken = new Taken();
    return lines.flatMap((line) => {
      this.#known(line.owner, line.custodian);
      const where = { stage: 'in_transit', shipment, ...(line.custodian && { custodian: line.custodian }) };
      const places = this.#sources(line.order, line.line, line.owner, where);
      return this.#spread(taken, places, (here) => ({ ...here, stage: 'lost', shipment: '-' }), line);
    });
  }

  #handed({ from, to, shipment: all, lines }: Data<'lading.custody.transferred.v1'>): Booking[] {
    this.#known(from, to);
    if (from === to) no();
    const taken = new Taken();
    return lines.flatMap((line) => {
      this.#known(line.owner);
      const shipment = line.shipment ?? all;
      if (shipment !== undefined && (line.stage !== undefined || !this.shipments.has(shipment))) no();
      const mine = (stage: string) =>
        this.#at(line.order, line.line, { custodian: from, stage, ...(line.owner && { owner: line.owner }) });
      const onTheWay =
        shipment !== undefined ||
        (line.stage === undefined && mine('held').length === 0 && mine('in_transit').length > 0);
      const where = { stage: 'in_transit', custodian: from, ...(shipment && { shipment }) };
      const places = onTheWay ? this.#sources(line.order, line.line, line.owner, where) : [this.#held(line, from)];
      const when = (here: Here) => this.sent.get(`${here.order} ${here.line} ${here.shipment}`) ?? 0;
      places.sort((a, b) => when(a) - when(b));
      return this.#spread(taken, places, (here) => ({ ...here, custodian: to }), line);
    });
  }

  #placed({ order, buyer, supplier, lines }: Data<'lading.order.placed.v1'>): Booking[] {
    this.#known(buyer, supplier);
    if (this.orders.has(order) || !this.parties.get(supplier)?.includes('supplier')) no();
    return this.#ordered({ order, buyer, supplier, lines });
  }

  #ordered({ order, buyer, supplier, lines }: Data<'lading.order.placed.v1'>): Booking[] {
    const bookings = lines.map(({ line, item, quantity, serials }) => {
      if (!this.items.has(item)) no();
      const at = { order, line, item, shipment: '-' };
      return booking(
        { ...at, owner: supplier, custodian: supplier, stage: 'supply' },
        { ...at, owner: buyer, custodian: supplier, stage: 'ordered' },
        quantity,
        serials,
      );
    });
    return this.#back(bookings, () => supplier, false);
  }

  #changed(data: Data<'lading.order.line_changed.v1'>): Booking[] {
    const { order, line, owner, initiator, quantity, window, serials } = data;
    const { total, window: before, item } = this.#line(order, line);
    const { buyer, supplier } = this.orders.get(order)!;
    this.#known(owner);
    const more = (quantity ?? total) - total;
    if (more === 0) {
      if (window === undefined || JSON.stringify(window) === before || serials) no();
      return [];
    }
    if (more < 0) return this.#off({ order, line, owner, initiator, serials }, -more);
    if (owner !== undefined && owner !== buyer) no();
    const at = { order, line, item, shipment: '-', custodian: supplier };
    const order_ = { ...at, owner: supplier, stage: 'supply' };
    return this.#back(
      [booking(order_, { ...at, owner: buyer, stage: 'ordered' }, more, serials)],
      () => supplier,
      false,
    );
  }

  #cancelled(data: Data<'lading.order.line_cancelled.v1'>): Booking[] {
    this.#line(data.order, data.line);
    this.#known(data.owner);
    return this.#off(data, data.quantity);
  }

  #off(
    { order, line, owner, initiator, serials }: Data<'lading.order.line_cancelled.v1'>,
    quantity: number | undefined,
  ): Booking[] {
    const { buyer } = this.orders.get(order)!;
    if (initiator === 'buyer' && (owner ?? buyer) !== buyer) no();
    const from = this.#source(order, line, initiator === 'buyer' ? buyer : owner, { stage: 'ordered' });
    return [booking(from, { ...from, stage: 'cancelled' }, quantity ?? from.quantity, serials)];
  }

  #dispatched({ shipment, consignee, carrier, lines, ...rest }: Data<'lading.shipment.dispatched.v1'>): Booking[] {
    this.#known(consignee, carrier, ...lines.map(({ owner }) => owner));
    const there = this.shipments.get(shipment);
    const header = this.#header(shipment);
    const differs = (part: string | undefined, at: number) => part !== undefined && part !== header[at];
    if (there && (there.opened || [consignee, carrier, rest.destination, rest.eta].some(differs))) no();
    const taken = new Taken();
    const ordered = new Taken();
    const ended: Booking[] = [];
    const all = lines.map((asked) => {
      const on = { custodian: carrier, stage: 'in_transit', shipment };
      if (asked.substitutes) {
        const gone = this.#source(asked.substitutes.order, asked.substitutes.line, asked.owner, { stage: 'ordered' });
        ended.push({ ...this.#ends(asked, gone, asked.quantity, asked.substitutedSerials), away: true });
        const places = this.#instead(asked, gone.owner);
        const to = (here: Here) => ({ ...here, ...on, owner: gone.owner });
        return { asked, mains: this.#spread(ordered, places, to, asked) };
      }
      if (asked.over) {
        const order = this.orders.get(asked.order) ?? no();
        const places = orderedAndMore(asked, order, this.#at(asked.order, asked.line, {})) ?? no();
        for (const { substitutes: of, owner, quantity } of lines) {
          const isIts = of?.order === asked.order && of.line === asked.line;
          // What is replaced is not there to be sent.
          if (isIts && (owner ?? places[0]!.owner) === places[0]!.owner)
            places[0] = { ...places[0]!, quantity: places[0]!.quantity - quantity };
        }
        const to = (here: Here) => ({ ...here, ...on, owner: places[0]!.owner });
        return { asked, mains: this.#spread(ordered, places, to, asked) };
      }
      const from = this.#source(asked.order, asked.line, asked.owner, { stage: 'ordered' });
      for (let n = 0; n < asked.quantity; n++) ordered.add(from.place, false);
      return { asked, mains: [booking(from, { ...from, ...on }, asked.quantity, asked.serials)] };
    });
    const which = ({ asked }: (typeof all)[0]) => (asked.from !== undefined || asked.serials !== undefined ? 0 : 1);
    all.sort((a, b) => which(a) - which(b));
    return [...all.flatMap(({ asked, mains }) => this.#deliver(taken, asked, mains)), ...ended];
  }

  /** Where units of another item come from that are sent instead of what was ordered. */
  #instead(asked: { order: string; line: string }, owner: string): Here[] {
    const order = this.orders.get(asked.order) ?? no();
    return orderedThenSupply(asked, order, this.#at(asked.order, asked.line, {}), owner);
  }

  /** Awaited units end, because another item took their place: they go back to where they came from. */
  #ends(asked: Replacing, here: Here, quantity: number, serials: Serials | undefined): Booking {
    if (!canReplace(this.orders, asked, asked.substitutes!)) no();
    const { supplier } = this.orders.get(here.order)!;
    const supply = { ...here, owner: supplier, custodian: supplier, stage: 'supply', shipment: '-' };
    return booking(here, supply, quantity, serials);
  }

  /** What a supplier owns and holds leaves it before anything new does, unit by unit. */
  #deliver(taken: Taken, asked: Data<'lading.shipment.dispatched.v1'>['lines'][0], mains: Booking[]): Booking[] {
    const { supplier } = this.orders.get(asked.order)!;
    const { item } = mains[0]!;
    const brought = this.#back(mains, () => supplier, asked.from !== 'new');
    const origins = brought.filter((one) => !mains.includes(one));
    const known = origins.flatMap(({ from, quantity }) => Array.from({ length: quantity }, () => from));
    for (const from of known) taken.add(from, false);
    if (asked.from === 'new') return brought;

    const isNamed = asked.serials !== undefined && this.items.get(item) === 'serial';
    const fresh = mains
      .flatMap(({ serials = [] }) => serials)
      .filter((serial) => !this.serials.has(`${item} ${serial}`));
    let open: (string | undefined)[] = isNamed ? fresh : Array.from({ length: asked.quantity }, () => undefined);
    const takeFrom = (places: readonly Here[], most: number): number => {
      const got: Booking[] = [];
      while (got.length < most) {
        const [serial] = open;
        const left = new Map([...this.counts].map(([at, count]) => [at, count - taken.any(at)]));
        const place = places.find(
          (here) =>
            taken.any(here.place) < here.quantity &&
            (here.stage !== 'held' || this.#mayGo(here, left, undefined)) &&
            (!isNamed || taken.nameless(here.place) < here.quantity - this.#names(here.place)),
        );
        if (place === undefined) break;
        open = open.slice(1);
        taken.add(place.place, isNamed);
        got.push(this.#origin(place, supplier, serial === undefined ? undefined : [serial]));
      }
      origins.push(...joined(got).map((one) => ({ ...one, origin: true })));
      return got.length;
    };
    const some = (places: readonly Here[]) =>
      places.some(
        ({ owner, order, line, stage, place, quantity }) =>
          stage === 'held' && taken.any(place) < quantity && this.#holding(owner, order, line, undefined).length > 0,
      );
    if (asked.from === undefined) {
      const stock = this.#stock(supplier, item);
      const most = open.length;
      // What is held stays, and nothing new is made in its place.
      if (takeFrom(stock, most) < most && some(stock)) no();
    } else {
      if (asked.from.reduce((sum, one) => sum + (one.quantity ?? 0), 0) > asked.quantity) no();
      for (const { order, line, stage = 'held', quantity } of asked.from) {
        this.#line(order, line);
        const places = [...this.counts].flatMap(([place, count]) => {
          const here = hereAt(place, item, count);
          const isMeant = here.order === order && here.line === line && here.stage === stage && count > 0;
          const isOurs = stage !== 'held' || (here.owner === supplier && here.custodian === supplier);
          return isMeant && isOurs && this.#line(order, line).item === item ? [here] : [];
        });
        places.sort((a, b) => compare(a.owner, b.owner) || compare(a.custodian, b.custodian));
        const there = knownThere(places, known, quantity ?? 0);
        const most = Math.min((quantity ?? open.length) - there, open.length);
        const got = takeFrom(places, most);
        if (there + got < (quantity ?? 0) || (!isNamed && got === 0)) no();
      }
    }
    return [...origins, ...mains];
  }

  #stock(party: string, item: string): Here[] {
    const since = ({ place }: Here) => this.since.get(place) ?? 0;
    return this.inHands()
      .filter((here) => here.stage === 'held' && here.owner === party && here.custodian === party && here.item === item)
      .sort((a, b) => since(a) - since(b) || compare(a.order, b.order) || compare(a.line, b.line));
  }

  #origin(here: Here, by: string, serials: string[] | undefined): Booking {
    const to = { ...here, owner: by, custodian: by, stage: 'supply', shipment: '-' };
    return { ...booking(here, to, serials?.length ?? 1, serials), origin: true };
  }

  /** Numbers that are outside of everybody's hands come back, each by a booking on its old line. */
  #back(bookings: readonly Booking[], by: (one: Booking) => string, stock: boolean): Booking[] {
    return bookings.flatMap((one) => {
      if (!one.serials || this.items.get(one.item) !== 'serial') return [one];
      const origins = one.serials.flatMap((serial) => {
        const at = this.serials.get(`${one.item} ${serial}`);
        if (at === undefined || at === one.from) return [];
        const here = hereAt(at, one.item, 1);
        const isOurs = here.owner === by(one) && here.custodian === by(one);
        const comes = hands.includes(here.stage)
          ? stock && here.stage === 'held' && isOurs
          : !(here.stage === 'supply' && isOurs);
        return comes ? [this.#origin(here, by(one), [serial])] : [];
      });
      one.revives = true;
      return [...joined(origins), one];
    });
  }

  #rescheduled({ shipment, carrier, ...rest }: Data<'lading.shipment.rescheduled.v1'>): Booking[] {
    if (!this.shipments.has(shipment)) no();
    this.#known(rest.consignee, carrier);
    const here = this.inHands().filter((one) => one.shipment === shipment && one.stage === 'in_transit');
    const header = this.#header(shipment);
    const moving = here.filter(({ custodian }) => carrier !== undefined && custodian !== carrier);
    const isNew = HEADER.some(
      (part, at) => ({ ...rest, carrier })[part] !== undefined && { ...rest, carrier }[part] !== header[at],
    );
    if (here.length === 0 || (!isNew && moving.length === 0)) no();
    return moving.map((one) => booking(one, { ...one, custodian: carrier! }, one.quantity, undefined));
  }

  #received({ shipment, by, final, lines }: Data<'lading.shipment.received.v1'>): Booking[] {
    if (!this.shipments.has(shipment)) no();
    this.#known(by, ...lines.map(({ owner }) => owner));
    const total = ({ received, damaged = 0, surplus = 0 }: (typeof lines)[0]) => received + damaged + surplus;
    if (!final && lines.every((line) => total(line) === 0)) no();
    const taken = new Taken();
    const ended: Booking[] = [];
    const bookings = lines.flatMap((asked) => {
      const { order, line, owner, received, damaged = 0, surplus = 0, serials, damagedSerials, surplusSerials } = asked;
      const { item } = this.#line(order, line);
      const { supplier } = this.orders.get(order)!;
      if ((!received && serials) || (!damaged && damagedSerials) || (!surplus && surplusSerials)) no();
      const supply = { order, line, item, owner: supplier, custodian: supplier, stage: 'supply', shipment: '-' };
      const extra = booking(supply, { ...supply, custodian: by, stage: 'held' }, surplus, surplusSerials);
      const arrived = received + damaged;
      const sub = asked.substitutes;
      if (sub && !canReplace(this.orders, asked, sub)) no();
      const sent = sub ?? asked;
      if (arrived === 0 && surplus > 0) return [extra];
      const coming = this.#arriving(sent.order, sent.line, owner, shipment, arrived > 0 && !sub);
      const places = sub ? this.#instead(asked, coming[0]!.owner) : coming;
      if (sub && arrived > 0) {
        const back = { quantity: arrived, serials: asked.substitutedSerials };
        const supply = { owner: supplier, custodian: supplier, stage: 'supply', shipment: '-' };
        ended.push(...this.#spread(taken, coming, (here) => ({ ...here, ...supply }), back));
      }
      const whose = coming[0]!.owner;
      const to = (stage: string) => (here: Here) => ({ ...here, owner: whose, custodian: by, shipment: '-', stage });
      return [
        ...this.#spread(taken, places, to('held'), { quantity: received, serials }),
        ...this.#spread(taken, places, to('damaged'), { quantity: damaged, serials: damagedSerials }),
        extra,
      ];
    });
    return [...this.#back(bookings, (one) => this.orders.get(one.from.split(' ')[4]!)!.supplier, true), ...ended];
  }

  /** What may arrive of a line: what is on the way, then what was lost of that shipment. */
  #arriving(order: string, line: string, owner: string | undefined, shipment: string, anything: boolean): Here[] {
    const onTheWay = this.#at(order, line, { stage: 'in_transit', shipment });
    const lost = this.lostOf(shipment).filter((here) => anything && here.order === order && here.line === line);
    const owners = new Set((onTheWay.length > 0 ? onTheWay : lost).map((here) => here.owner));
    const whose = owner ?? (owners.size === 1 ? [...owners][0]! : no());
    const sent = onTheWay.some((here) => here.owner === whose)
      ? this.#sources(order, line, whose, { stage: 'in_transit', shipment })
      : [];
    lost.sort((a, b) => (a.custodian < b.custodian ? -1 : 1));
    const places = [...sent, ...lost.filter((here) => here.owner === whose)];
    return places.length > 0 ? places : no();
  }

  #held(asked: Data<'lading.units.scrapped.v1'>['lines'][0], custodian: string): ReturnType<Model['inHands']>[0] {
    this.#known(asked.owner);
    return this.#source(asked.order, asked.line, asked.owner, { stage: asked.stage ?? 'held', custodian });
  }

  #returned({ return: id, from, to, shipment: all, lines }: Data<'lading.units.returned.v1'>): Booking[] {
    this.#known(from, to);
    if (this.done.has(`return ${id}`)) no();
    const taken = new Taken();
    return lines.flatMap((asked) => {
      const shipment = asked.shipment ?? all;
      this.#known(asked.owner);
      if (shipment !== undefined && (asked.stage !== undefined || !this.shipments.has(shipment))) no();
      const places =
        shipment === undefined
          ? [this.#held(asked, from)]
          : this.#sources(asked.order, asked.line, asked.owner, { stage: 'in_transit', shipment });
      const owner = this.orders.get(asked.order)!.supplier;
      const back = (here: Here) => ({ ...here, owner, custodian: to, stage: 'returned', shipment: '-' });
      return this.#spread(taken, places, back, asked);
    });
  }

  #counted({ custodian, lines }: Data<'lading.count.adjusted.v1'>): Booking[] {
    this.#known(custodian, ...lines.map(({ owner }) => owner));
    const places = new Set<string>();
    const taken = new Taken();
    const bookings = lines.flatMap(({ order, line, owner, observed, serials, from = [] }) => {
      this.#known(...from.flatMap((one) => [one.owner, one.custodian]));
      for (const one of from) this.#line(one.order, one.line);
      const { item } = this.#line(order, line);
      const whose = owner ?? this.#source(order, line, owner, { stage: 'held', custodian }).owner;
      const held = { order, line, item, owner: whose, custodian, stage: 'held', shipment: '-' };
      const count = { ...held, stage: 'count' };
      if (places.has(placeOf(held))) no();
      places.add(placeOf(held));
      const difference = observed - this.count(placeOf(held));
      if (saysMoreThan(from, difference)) no();
      if (difference === 0 && serials) no();
      if (difference <= 0) return [booking(held, count, -difference, serials)];
      return this.#foundAgain(booking(count, held, difference, serials), held, custodian, from, taken);
    });
    return bookings.every(({ quantity }) => quantity === 0) ? no() : bookings;
  }

  /** Units that were found come from where they are missing, by their numbers or as the count says; another line's by way of supply. */
  #foundAgain(one: Booking, to: Spot & Goods, by: string, from: CameFrom, taken: Taken): Booking[] {
    const { item, serials, quantity } = one;
    const numbered = serials !== undefined && this.items.get(item) === 'serial';
    if (serials && (!numbered || serials.length !== quantity)) return [one];
    const at = (serial: string | undefined) =>
      serial === undefined ? undefined : this.serials.get(`${item} ${serial}`);
    const units = serials ?? Array.from({ length: quantity }, () => undefined);
    const isKnown = (serial: string | undefined) => at(serial) !== undefined;
    for (const serial of units) if (isKnown(serial)) taken.add(at(serial)!, false);
    const wanted = units.filter((serial) => !isKnown(serial));
    const known = units.flatMap((serial) => at(serial) ?? []);
    const places = foundIn(from, { wanted: wanted.length, numbered, owner: to.owner, known }, (one) => ({
      places: [...this.counts].flatMap(([place, count]) => {
        const here = hereAt(place, item, count);
        return here.order === one.order && here.line === one.line && this.#line(one.order, one.line).item === item
          ? [here]
          : [];
      }),
      take: ({ place, quantity: most }) => {
        const free = numbered ? taken.nameless(place) < most - this.#names(place) : true;
        if (taken.any(place) >= most || !free) return false;
        taken.add(place, numbered);
        return true;
      },
    }));
    if (places === undefined) return no();
    const origins: Booking[] = [];
    const parts = [...units.filter(isKnown), ...wanted].map((serial, n, { length }) => {
      const named = places[n - (length - wanted.length)];
      const known = at(serial);
      const here = known === undefined ? named : hereAt(known, item, 1);
      const numbers = serial === undefined ? undefined : [serial];
      const isOut = here !== undefined && !hands.includes(here.stage) && here.stage !== 'supply';
      const isHere = here?.order === to.order && here.line === to.line;
      const isMade = isOut && here.stage !== 'cancelled';
      if (isOut && known === undefined && !(isMade && isHere)) origins.push(this.#origin(here, by, numbers));
      if (!isMade) return { item, from: one.from, to: one.to, quantity: 1, serials: numbers };
      return booking(isHere ? here : { ...to, owner: by, custodian: by, stage: 'supply' }, to, 1, numbers);
    });
    return [...joined(origins), ...this.#back(joined(parts), () => by, false)];
  }

  #reallocated({ reallocation, kind, from, to, lines, hold }: Data<'lading.reallocation.made.v1'>): Booking[] {
    this.#known(from, to, ...lines.map(({ custodian }) => custodian));
    if (from === to || this.done.has(`reallocation ${reallocation}`)) no();
    if (hold !== undefined && whyNotKept(this.kept.get(hold), this.now, from) !== undefined) no();
    const stages = { reassigned: ['ordered'], reconsigned: ['in_transit'], transferred: ['held', 'damaged'] }[kind];
    const legs = lines.map((line) => {
      const stage = (line.stage ?? stages[0]) as NonNullable<typeof line.stage>;
      if (!stages.includes(stage) || (kind === 'reconsigned') !== (line.shipment !== undefined)) no();
      return { ...line, stage, from, to };
    });
    return this.#pick(legs, hold && `hold ${hold}`);
  }

  #proposed({ swap, by, legs }: Data<'lading.swap.proposed.v1'>): Booking[] {
    this.#known(by, ...legs.flatMap(({ from, to, custodian }) => [from, to, custodian]));
    if (this.swaps.has(swap) || legs.some(({ from, to }) => from === to)) no();
    for (const { order, line, quantity, serials, shipment, stage } of legs) {
      const { item } = this.#line(order, line);
      if (serials && (this.items.get(item) === 'quantity' || expandSerials(serials).length !== quantity)) no();
      if (shipment !== undefined && (!this.shipments.has(shipment) || (stage ?? 'in_transit') !== 'in_transit')) no();
    }
    const gives = new Set(legs.map(({ from }) => from));
    const gets = new Set(legs.map(({ to }) => to));
    const parties = partiesOf(legs);
    if (!parties.every((party) => gives.has(party) && gets.has(party))) no();
    const may = [...parties, ...legs.map(({ order }) => this.orders.get(order)!.supplier)];
    return may.includes(by) ? [] : no();
  }

  #swap({ swap, by }: { swap: string; by: string }): SwapNote {
    this.#known(by);
    const note = this.swaps.get(swap) ?? no();
    const over = note.expires !== undefined && this.now >= new Date(note.expires);
    return note.status === 'open' && !over ? note : no();
  }

  /** Unit by unit: each takes the first place, in turn, that still has one that it may mean. */
  #pick(legs: readonly LegNote[], own: string | undefined): Booking[] {
    const left = new Map(this.counts);
    const nameless = new Map(
      this.inHands().map(({ place, quantity }) => [
        place,
        quantity - [...this.serials.values()].filter((at) => at === place).length,
      ]),
    );
    const narrow = ({ serials, shipment, custodian, stage }: LegNote) =>
      (serials ? 8 : 0) +
      (shipment === undefined ? 0 : 4) +
      (custodian === undefined ? 0 : 2) +
      (stage === undefined ? 0 : 1);
    return [...legs]
      .sort((a, b) => narrow(b) - narrow(a))
      .flatMap((leg) => {
        const { order, line, from: owner, to, shipment, custodian, stage } = leg;
        const where = {
          owner,
          ...(shipment && { shipment }),
          ...(custodian && { custodian }),
          ...(stage && { stage }),
        };
        const places = this.#at(order, line, where).filter((here) => here.stage !== 'damaged' || stage === 'damaged');
        const turn = (here: Spot) =>
          hands.indexOf(here.stage) * 1_000_000 + (this.sent.get(`${order} ${line} ${here.shipment}`) ?? 0);
        places.sort((a, b) => turn(a) - turn(b) || (a.custodian < b.custodian ? -1 : 1));
        const numbers = leg.serials && expandSerials(leg.serials);
        if (numbers && numbers.length !== leg.quantity) no();
        const taken = new Map<string, string[]>();
        for (let unit = 0; unit < leg.quantity; unit++) {
          const number = numbers?.[unit];
          const at = number === undefined ? undefined : this.serials.get(`${places[0]?.item ?? ''} ${number}`);
          const place =
            places.find((here) =>
              number === undefined
                ? (left.get(here.place) ?? 0) > 0 && this.#mayGo(here, left, own)
                : at === undefined
                  ? (nameless.get(here.place) ?? 0) > 0
                  : here.place === at,
            ) ?? no();
          left.set(place.place, (left.get(place.place) ?? 0) - 1);
          if (number !== undefined && at === undefined) nameless.set(place.place, (nameless.get(place.place) ?? 0) - 1);
          taken.set(place.place, [...(taken.get(place.place) ?? []), number ?? '']);
        }
        return places
          .filter(({ place }) => taken.has(place))
          .map((here) => {
            const numbersHere = taken.get(here.place)!;
            return booking(here, { ...here, owner: to }, numbersHere.length, numbers ? numbersHere : undefined);
          });
      });
  }

  /** Units that could go, and stay; they get a serial number later. */
  #reserved(legs: readonly LegNote[]): Booking[] {
    const bookings = this.#pick(legs, undefined);
    this.#covered(bookings);
    this.#leaves(bookings, undefined);
    this.#numbered(bookings, true);
    return [];
  }

  /** Nothing leaves a place that was not there before. */
  #covered(bookings: readonly Booking[]): void {
    const left = new Map<string, number>();
    for (const { from, quantity } of bookings) {
      const rest = (left.get(from) ?? this.count(from)) - quantity;
      if (rest < 0 && !bottomless.includes(from.split(' ')[2]!)) no();
      left.set(from, rest);
    }
  }

  /** Whether one unit more may leave a place, and all that is held there for others is still found. */
  #mayGo({ owner, order, line, place }: Here, left: ReadonlyMap<string, number>, own: string | undefined): boolean {
    const without = new Map(left).set(place, (left.get(place) ?? 0) - 1);
    return this.#found(owner, order, line, without, own) === this.#found(owner, order, line, left, own);
  }

  /** Nothing that could stay goes, when it is held for others. */
  #leaves(bookings: readonly Booking[], own: string | undefined): void {
    const left = new Map(this.counts);
    for (const { from, quantity } of bookings) left.set(from, (left.get(from) ?? 0) - quantity);
    for (const { from, item, serials = [] } of bookings) {
      const [owner = '', , , , order = '', line = ''] = from.split(' ');
      if (this.#found(owner, order, line, left, own) < this.#found(owner, order, line, this.counts, own)) no();
      const theirs = this.#holding(owner, order, line, own).flatMap(({ numbers = [] }) => numbers);
      if (this.items.get(item) === 'serial' && serials.some((serial) => theirs.includes(serial))) no();
    }
  }

  #holding(owner: string, order: string, line: string, own: string | undefined): HoldNote[] {
    return this.holds.filter(
      (hold) =>
        hold.owner === owner &&
        hold.order === order &&
        hold.line === line &&
        hold.for !== own &&
        hold.until > this.now.getTime(),
    );
  }

  /** How many held units find a unit of their own: one after another, and those before move on to another where they can. */
  #found(
    owner: string,
    order: string,
    line: string,
    left: ReadonlyMap<string, number>,
    own: string | undefined,
  ): number {
    const holds = this.#holding(owner, order, line, own);
    if (holds.length === 0) return 0;
    const { item } = this.#line(order, line);
    const here = this.#at(order, line, { owner });
    const units = here.flatMap((one) => Array.from({ length: Math.max(0, left.get(one.place) ?? 0) }, () => one));
    const seekers = holds.flatMap((hold) =>
      Array.from({ length: hold.quantity }, (_, at) => {
        const where = hold.numbers && this.serials.get(`${item} ${hold.numbers[at]!}`);
        const places = here.filter(
          (one) =>
            (where ?? one.place) === one.place &&
            (one.stage !== 'damaged' || hold.where.stage === 'damaged') &&
            (Object.keys(hold.where) as (keyof Spot)[]).every((key) => hold.where[key] === one[key]),
        );
        return new Set(places.map(({ place }) => place));
      }),
    );
    const taken: (number | undefined)[] = units.map(() => undefined);
    const seat = (seeker: number, tried: Set<number>): boolean =>
      units.some((unit, at) => {
        if (tried.has(at) || !seekers[seeker]!.has(unit.place)) return false;
        tried.add(at);
        if (taken[at] !== undefined && !seat(taken[at], tried)) return false;
        taken[at] = seeker;
        return true;
      });
    return seekers.filter((_, seeker) => seat(seeker, new Set())).length;
  }

  /** What a swap holds from its last acceptance on, and a hold from its beginning. */
  #hold(of: string, legs: readonly LegNote[], expires: string | undefined): void {
    const until = expires === undefined ? this.now.getTime() + 7 * 24 * 3_600_000 : Date.parse(expires);
    for (const { from, order, line, quantity, serials, shipment, custodian, stage } of legs) {
      const where = { ...(shipment && { shipment }), ...(custodian && { custodian }), ...(stage && { stage }) };
      const numbers = serials && expandSerials(serials);
      this.holds.push({ for: of, owner: from, order, line, quantity, where, numbers, until });
    }
  }

  /** Numbers fit: see the rules on serials in checkSerials, said here a second time in another way. */
  #numbered(bookings: readonly Booking[], later = false): void {
    const seen = new Set<string>();
    const back = (serial: string, item: string, at: string) =>
      at.split(' ')[2] === 'supply' ||
      bookings.some((one) => one.origin && one.item === item && one.from === at && one.serials?.includes(serial));
    for (const { item, serials } of bookings) {
      if (this.items.get(item) === 'quantity' && serials) no();
    }
    for (const place of new Set(bookings.map(({ from }) => from))) {
      const out = bookings.filter(({ from }) => from === place);
      const { item } = out[0]!;
      if (this.items.get(item) !== 'serial') continue;
      const stage = place.split(' ')[2]!;
      const named = [...this.serials].filter(([, at]) => at === place).length;
      let nameless = bottomless.includes(stage) ? 1e9 : this.count(place) - named;
      let open = this.count(place);
      for (const { serials, quantity, revives, origin } of out) {
        if (!serials) continue;
        if (serials.length !== quantity) no();
        for (const serial of serials) {
          const is = this.serials.get(`${item} ${serial}`);
          const at = revives && is !== undefined && is !== place && back(serial, item, is) ? undefined : is;
          if ((!origin && seen.has(`${item} ${serial}`)) || (at !== undefined && at !== place)) no();
          if (!origin) seen.add(`${item} ${serial}`);
          if (at === undefined && --nameless < 0) no();
          open--;
        }
      }
      const rest = out.filter(({ serials, to }) => !serials && !(stage === 'supply' && to.split(' ')[2] === 'ordered'));
      const takesAll =
        new Set(rest.map(({ to }) => to)).size === 1 && rest.reduce((n, { quantity }) => n + quantity, 0) === open;
      const unmade =
        stage === 'ordered' && named === 0 && rest.every(({ to }) => /^\S+ \S+ (ordered|cancelled) /.test(to));
      if (rest.length > 0 && !takesAll && !unmade && !later) no();
    }
  }

  #note({ type, data }: Told): void {
    switch (type) {
      case 'lading.ledger.opened.v1':
        this.done.add('ledger');
        break;
      case 'lading.party.registered.v1':
        this.parties.set(data.party, data.roles);
        break;
      case 'lading.item.registered.v1':
        this.items.set(data.item, data.tracking);
        break;
      case 'lading.order.placed.v1': {
        const lines = data.lines.map(({ line, item, quantity, window }) => {
          return [line, { item, total: quantity, window: JSON.stringify(window) }] as const;
        });
        this.orders.set(data.order, { buyer: data.buyer, supplier: data.supplier, lines: new Map(lines) });
        break;
      }
      case 'lading.order.lines_added.v1':
        for (const { line, item, quantity, window } of data.lines)
          this.orders.get(data.order)!.lines.set(line, { item, total: quantity, window: JSON.stringify(window) });
        break;
      case 'lading.order.confirmed.v1':
        this.promises.confirm(data, (line) => this.#line(data.order, line));
        break;
      case 'lading.supply.committed.v1':
        this.promises.commit(data);
        break;
      case 'lading.order.line_changed.v1': {
        const line = this.#line(data.order, data.line);
        line.total = data.quantity ?? line.total;
        if (data.window) line.window = JSON.stringify(data.window);
        break;
      }
      case 'lading.shipment.dispatched.v1': {
        const header = JSON.stringify(HEADER.map((part) => data[part]));
        if (!this.shipments.has(data.shipment)) this.shipments.set(data.shipment, { header, opened: false });
        for (const { order, line } of data.lines) {
          const key = `${order} ${line} ${data.shipment}`;
          this.sent.set(key, this.sent.get(key) ?? this.#clock);
        }
        break;
      }
      case 'lading.shipment.rescheduled.v1': {
        const header = this.#header(data.shipment);
        this.shipments.get(data.shipment)!.header = JSON.stringify(HEADER.map((part, at) => data[part] ?? header[at]));
        break;
      }
      case 'lading.shipment.received.v1':
        this.shipments.get(data.shipment)!.opened = true;
        break;
      case 'lading.units.returned.v1':
        this.done.add(`return ${data.return}`);
        break;
      case 'lading.reallocation.made.v1':
        this.done.add(`reallocation ${data.reallocation}`);
        this.#release(data.hold);
        break;
      case 'lading.units.held.v1':
        this.kept.set(data.hold, { owner: data.owner, until: Date.parse(data.until), over: false });
        this.#hold(`hold ${data.hold}`, legsOf(data), data.until);
        break;
      case 'lading.units.released.v1':
        this.#release(data.hold);
        break;
      case 'lading.swap.proposed.v1': {
        const accepted = new Set(partiesOf(data.legs).filter((party) => party === data.by));
        this.swaps.set(data.swap, { by: data.by, legs: data.legs, accepted, expires: data.expires, status: 'open' });
        break;
      }
      case 'lading.swap.accepted.v1':
        this.#accepted(data.swap, this.swaps.get(data.swap)!, data.by);
        break;
      case 'lading.swap.rejected.v1':
      case 'lading.swap.withdrawn.v1':
      case 'lading.swap.executed.v1':
        this.swaps.get(data.swap)!.status = 'over';
        this.holds = this.holds.filter((hold) => hold.for !== `swap ${data.swap}`);
        break;
      default:
    }
  }

  #accepted(swap: string, note: SwapNote, by: string): void {
    if (isLast(note, by)) this.#hold(`swap ${swap}`, note.legs, note.expires);
    note.accepted.add(by);
  }

  #release(hold: string | undefined): void {
    if (hold === undefined) return;
    this.kept.get(hold)!.over = true;
    this.holds = this.holds.filter((one) => one.for !== `hold ${hold}`);
  }

  #header(shipment: string): string[] {
    return JSON.parse(this.shipments.get(shipment)?.header ?? '[]') as string[];
  }

  #consignee(shipment: string): string {
    return this.#header(shipment)[0]!;
  }

  /** A shipment is for the owner of all that is left on it, once a reallocation or a swap has made that one party. */
  #redirected(bookings: readonly Booking[], time: number): string[] {
    const touched = new Set(bookings.map(({ from }) => from.split(' ')[3]!).filter((shipment) => shipment !== '-'));
    return [...touched].flatMap((shipment) => {
      const here = this.inHands().filter((one) => one.shipment === shipment);
      const owners = [...new Set(here.map(({ owner }) => owner))];
      if (owners.length !== 1 || owners[0] === this.#consignee(shipment)) return [];
      // Something that happened later has said who it is for.
      if (this.said.get(`consignee ${shipment}`)! > time) return [];
      return [`${shipment} ${owners[0]!}`];
    });
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function hereAt(place: string, item: string, quantity: number): Here {
  const [owner = '', custodian = '', stage = '', shipment = '', order = '', line = ''] = place.split(' ');
  return { owner, custodian, stage, shipment, order, line, item, quantity, place };
}

/** Bookings of one unit each, those between the same two places together. */
function joined(bookings: readonly Booking[]): Booking[] {
  const found = new Map<string, Booking>();
  for (const one of bookings) {
    const key = `${one.from}|${one.to}`;
    const so = found.get(key);
    if (so === undefined) found.set(key, one);
    else {
      so.quantity += one.quantity;
      if (so.serials && one.serials) so.serials.push(...one.serials);
    }
  }
  return [...found.values()];
}

/** A paper is one fact; everything is told by one source here. */
const paperOf = ({ type, data }: Told): string | undefined =>
  'document' in data ? `${type} ${data.document!}` : undefined;

const HEADER = ['consignee', 'carrier', 'destination', 'eta'] as const;

/** What an event sets, by names of the model's own. */
function valuesOf({ type, data }: Told, bookings: readonly Booking[]): string[] {
  switch (type) {
    case 'lading.party.registered.v1':
      return [`party ${data.party}`];
    case 'lading.item.registered.v1':
      return [`item ${data.item}`];
    case 'lading.order.confirmed.v1':
    case 'lading.supply.committed.v1':
      return promisesIn({ type, data } as Told);
    case 'lading.order.line_changed.v1':
      return (['quantity', 'window'] as const)
        .filter((value) => data[value] !== undefined)
        .map((value) => `${value} ${data.order} ${data.line}`);
    case 'lading.shipment.rescheduled.v1':
      return HEADER.filter((part) => data[part] !== undefined).map((part) => `${part} ${data.shipment}`);
    case 'lading.order.line_cancelled.v1':
      return data.quantity === undefined ? bookings.map(({ from }) => from) : [];
    case 'lading.count.adjusted.v1':
      return bookings.map(({ from, to }) => (from.split(' ')[2] === 'held' ? from : to));
    default:
      return [];
  }
}

/** What an event changes that others set: totals of lines, and what is ordered or held. */
function touchedBy({ type, data }: Told, bookings: readonly Booking[]): string[] {
  const places = bookings.flatMap(({ from, to }) => [from, to]).filter((place) => / (ordered|held) /.test(place));
  if (type === 'lading.order.line_cancelled.v1') return [...places, `quantity ${data.order} ${data.line}`];
  if (type !== 'lading.order.placed.v1' && type !== 'lading.order.lines_added.v1') return places;
  return [
    ...places,
    ...data.lines.flatMap(({ line }) => [`quantity ${data.order} ${line}`, `window ${data.order} ${line}`]),
  ];
}
/** What takes units from their owner that could stay; losses, counts and what moves on with its owner are facts. */
const choices = new Set<Told['type']>([
  'lading.order.line_changed.v1',
  'lading.order.line_cancelled.v1',
  'lading.units.returned.v1',
  'lading.units.scrapped.v1',
  'lading.reallocation.made.v1',
  'lading.swap.executed.v1',
]);

const isLast = ({ legs, accepted }: SwapNote, by: string): boolean =>
  partiesOf(legs).every((party) => party === by || accepted.has(party));

const partiesOf = (legs: readonly LegNote[]): string[] => [...new Set(legs.flatMap(({ from, to }) => [from, to]))];

type Goods = { order: string; line: string; item: string };

export const placeOf = ({ owner, custodian, stage, shipment, order, line }: Spot & Omit<Goods, 'item'>): string =>
  [owner, custodian, stage, shipment, order, line].join(' ');

const booking = (from: Spot & Goods, to: Spot & Goods, quantity: number, serials: Serials | undefined): Booking => ({
  item: from.item,
  from: placeOf(from),
  to: placeOf(to),
  quantity,
  serials: serials && expandSerials(serials),
});
