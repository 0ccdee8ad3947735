import { eachName, namingIn } from '#contracts/names';
import type { RejectionCode } from '#contracts/rejections';
import type { Goods, Holding } from './account.ts';
import type { Command } from './command.ts';
import { type Rejected, reject } from './decision.ts';
import type { OrderLine } from './entity.ts';
import { concernsSwap } from './entitled.ts';
import { holdingsAt } from './order/line.ts';
import {
  ambiguousOwner,
  heldDetail,
  type HeldFacts,
  insufficient,
  notTheCustodian,
  notTheOwner,
  overfull,
  serialElsewhere,
  type UnitsFilter,
  unnamedUnits,
  wrongStage,
} from './rejections.ts';
import { maySay } from './swap/swap.ts';
import { entityOf, type View } from './view.ts';

/**
 * What a key that speaks for a party is told of a rejection. A rejection names what is in the way, and rivals share a ledger: how many
 * and until when is told to whoever has to act on it, what others call their things, and who has them, is not. Asks for all that it
 * looks at, so that it is loaded at once.
 */
export const toldTo = (party: string, rejected: Rejected, said: Command, view: View): Rejected =>
  told[rejected.code](rejected, new Reader(party, said, view));

type Told = (rejected: Rejected, reader: Reader) => Rejected;

/** It names what the event does, or what whoever may say it reads anyway. */
const all: Told = (rejected) => rejected;

/** What is told of each code: a new one does not compile before somebody has thought of it. */
const told: Readonly<Record<RejectionCode, Told>> = {
  'unknown-party': all,
  'unknown-item': all,
  'unknown-order': all,
  'unknown-order-line': withoutLines,
  'unknown-shipment': all,
  'unknown-swap': all,
  'unknown-hold': all,
  'already-exists': withoutHeader,
  'already-received': all,
  'insufficient-quantity': withoutPlace,
  'held-for': withoutHolders,
  'not-the-owner': withoutOwners,
  'not-the-custodian': withoutCustodians,
  'ambiguous-owner': withoutOwners,
  'wrong-stage': withoutElsewhere,
  'wrong-tracking': all,
  'serial-elsewhere': withoutAccount,
  'serial-count': withoutPlace,
  'not-a-swap': all,
  'swap-not-accepted': all,
  'swap-not-open': all,
  'swap-expired': all,
  'hold-not-open': all,
  'not-a-party': withoutParties,
  'nothing-to-do': all,
  'occurred-in-future': all,
  overtaken: withoutIds,
  'event-too-large': all,
  'depends-on-it': withoutDependants,
  'already-voided': all,
  'wrong-time': all,
  'not-in-the-batch': all,
  'unknown-event': all,
  'not-supported': all,
};

/** That something stands on an event, and which numbers it has; not what it is. */
function withoutDependants({ code, facts }: Rejected): Rejected {
  const { sequence, eventType, dependants } = facts as unknown as {
    sequence: number;
    eventType: string;
    dependants: { sequence: number }[];
  };
  const many = dependants.length === 1 ? '1 later event stands' : `${dependants.length} later events stand`;
  const detail = `${many} on event ${sequence}. Whoever may takes back what dependants names before it, in that order, in one atomic batch.`;
  return reject(code, detail, {
    sequence,
    eventType,
    dependants: dependants.map((one) => ({ sequence: one.sequence })),
  });
}

/** What a party may read, of what a rejection may name. */
class Reader {
  readonly party: string;
  readonly view: View;
  /** What its own event names, and the swap that it speaks of: `party/x`. */
  readonly #named = new Set<string>();

  constructor(party: string, { type, data }: Command, view: View) {
    this.party = party;
    this.view = view;
    const swaps: string[] = [];
    eachName(namingIn(type).submitted, data, (id, { what }) => {
      this.#named.add(`${what}/${id}`);
      if (what === 'swap') swaps.push(id);
    });
    for (const id of swaps) {
      const swap = entityOf(view, 'swap', id);
      if (swap === undefined || !concernsSwap(party, swap, view)) continue;
      eachName(namingIn('lading.swap.proposed.v1').submitted, swap.terms, (one, { what }) => {
        this.#named.add(`${what}/${one}`);
      });
    }
  }

  /** Its own name, and those that it said itself. */
  knows(what: 'party' | 'shipment', id: string): boolean {
    return (what === 'party' && id === this.party) || this.#named.has(`${what}/${id}`);
  }

  readsOrder(id: string): boolean {
    const order = entityOf(this.view, 'order', id);
    return order?.supplier === this.party || order?.buyer === this.party;
  }

  /** Whose units are there, and where: its own, those that it has, all of its orders, and all on a shipment that it carries or gets. */
  reads({ order, owner, custodian, shipment }: UnitsFilter & { order: string }): boolean {
    if (owner === this.party || custodian === this.party || this.readsOrder(order)) return true;
    const on = typeof shipment === 'string' ? entityOf(this.view, 'shipment', shipment) : undefined;
    return on?.carrier === this.party || on?.consignee === this.party;
  }

  /** Whose shipment it is, what it is of, and who had or has units on it; not who lost units of the same lines elsewhere. */
  readsShipment(id: string): boolean {
    const on = entityOf(this.view, 'shipment', id);
    if (on === undefined) return false;
    const orders = on.orders.map((order) => entityOf(this.view, 'order', order));
    const there = orders.flatMap((order) => order?.lines.flatMap((line) => holdingsAt(line, { shipment: id })) ?? []);
    return (
      [on.carrier, on.consignee, ...[...on.lines.values()].flat()].includes(this.party) ||
      orders.some((order) => order?.supplier === this.party || order?.buyer === this.party) ||
      there.some(({ owner, custodian }) => owner === this.party || custodian === this.party)
    );
  }

  readonly readsHolding = ({ order, owner, custodian, shipment }: Holding): boolean =>
    this.reads({ order, owner, custodian, shipment: shipment ?? undefined });

  /** What it may read of a line, there. */
  holdings({ order: id, line }: Names, where: UnitsFilter = {}): Holding[] {
    const state = this.#line(id, line);
    return state === undefined ? [] : holdingsAt(state, where).filter(this.readsHolding);
  }

  #line(id: string, line: string): OrderLine | undefined {
    const order = entityOf(this.view, 'order', id);
    const index = order?.index.get(line);
    return index === undefined ? undefined : order?.lines[index];
  }
}

type Names = Pick<Goods, 'order' | 'line'>;

/** The lines of another's order, but for those on which it has units. */
function withoutLines(rejected: Rejected, reader: Reader): Rejected {
  const { order, lines = [] } = rejected.facts as { order: string; lines?: readonly string[] };
  if (reader.readsOrder(order)) return rejected;
  return {
    ...rejected,
    facts: { ...rejected.facts, lines: lines.filter((line) => reader.holdings({ order, line }).length > 0) },
  };
}

/** Where units are that would move, and how many there are. */
function withoutPlace(rejected: Rejected, reader: Reader): Rejected {
  const facts = rejected.facts as unknown as Goods & UnitsFilter & { asked: number; available?: number; most?: number };
  const { owner, custodian, shipment, stage, asked, available = 0 } = facts;
  const knowsOwner = owner === undefined || reader.knows('party', owner);
  const knowsCustodian = custodian === undefined || reader.knows('party', custodian);
  const knowsShipment = shipment === undefined || reader.knows('shipment', shipment);
  if ((knowsOwner && knowsCustodian && knowsShipment) || reader.reads(facts)) return rejected;
  if (rejected.code === 'serial-count') return unnamedUnits(facts, asked);
  const place = {
    stage,
    ...(knowsOwner && { owner }),
    ...(knowsCustodian && { custodian }),
    ...(knowsShipment && { shipment }),
  };
  return facts.most === undefined ? insufficient(facts, place, asked, available) : overfull(facts, place, asked);
}

function withoutHolders({ code, facts: every }: Rejected, { party, view }: Reader): Rejected {
  const facts = every as unknown as HeldFacts;
  const held = facts.held.map(({ swap, hold, ...rest }) => ({
    ...(swap !== undefined && concernsSwap(party, entityOf(view, 'swap', swap), view) && { swap }),
    ...(hold !== undefined && entityOf(view, 'hold', hold)?.owner === party && { hold }),
    ...rest,
  }));
  const told = { ...facts, held };
  return reject(code, heldDetail(told), told);
}

/** Whose the units are that it does not have. */
function withoutOwners(rejected: Rejected, reader: Reader): Rejected {
  const facts = rejected.facts as unknown as Names & UnitsFilter & { owners: readonly string[] };
  const { order, owner, owners, custodian, stage, shipment } = facts;
  const there = new Set(reader.holdings(facts, { custodian, stage, shipment }).map((holding) => holding.owner));
  const known = owners.filter((one) => there.has(one) || reader.knows('party', one));
  if (known.length === owners.length || reader.readsOrder(order)) return rejected;
  const where = { custodian, stage, shipment };
  return rejected.code === 'ambiguous-owner' || owner === undefined
    ? ambiguousOwner(facts, where, known, true)
    : notTheOwner(facts, where, owner, known, true);
}

/** Who has the units. */
function withoutCustodians(rejected: Rejected, reader: Reader): Rejected {
  const facts = rejected.facts as unknown as Names & { custodian: string; custodians: readonly string[] };
  const { order, custodian, custodians } = facts;
  const there = new Set(reader.holdings(facts).map((holding) => holding.custodian));
  const known = custodians.filter((one) => there.has(one) || reader.knows('party', one));
  if (known.length === custodians.length || reader.readsOrder(order)) return rejected;
  return notTheCustodian(facts, custodian, known, true);
}

/** Where the units are. */
function withoutElsewhere(rejected: Rejected, reader: Reader): Rejected {
  const facts = rejected.facts as unknown as Names &
    UnitsFilter & { serial?: string; elsewhere: readonly Omit<Holding, keyof Goods>[] };
  const { order, elsewhere, serial } = facts;
  const known = elsewhere.filter((one) => reader.reads({ ...one, order, shipment: one.shipment ?? undefined }));
  return known.length === elsewhere.length ? rejected : wrongStage(facts, facts, known, serial);
}

function withoutAccount(rejected: Rejected, reader: Reader): Rejected {
  const { account, serial, ...goods } = rejected.facts as unknown as Goods & {
    serial: string;
    account: Holding | null;
  };
  if (account === null || reader.readsHolding(account)) return rejected;
  return serialElsewhere(goods, serial, 'others');
}

/** Who may speak of a swap that is proposed, who supplies its legs too; and between whom an order is. */
function withoutParties(rejected: Rejected, reader: Reader): Rejected {
  const {
    order,
    swap,
    by,
    parties = [],
    buyer: _,
    supplier: __,
    ...rest
  } = rejected.facts as unknown as {
    order?: string;
    swap?: string;
    by: string;
    parties?: readonly string[];
    buyer?: string;
    supplier?: string;
  };
  if (swap !== undefined) {
    const known = parties.filter((one) => reader.knows('party', one));
    const isTheirs = concernsSwap(reader.party, entityOf(reader.view, 'swap', swap), reader.view);
    return isTheirs || known.length === parties.length ? rejected : (maySay(swap, by, known, true) ?? rejected);
  }
  if (order === undefined || reader.readsOrder(order)) return rejected;
  return reject(
    rejected.code,
    `Order ${order} is not between the same two as the order whose units it would replace. Send the substitute on a line of an order between them.`,
    { order, ...rest },
  );
}

/** Where a shipment goes, and with whom. */
function withoutHeader(rejected: Rejected, reader: Reader): Rejected {
  const { shipment, carrier, consignee: _, destination: __, eta: ___, ...rest } = rejected.facts;
  if (typeof shipment !== 'string' || carrier === undefined || reader.readsShipment(shipment)) return rejected;
  return { ...rejected, facts: { shipment, ...rest } };
}

/** What the event is called that others sent about a shipment. */
function withoutIds(whole: Rejected, reader: Reader): Rejected {
  const rejected = withoutHeader(whole, reader);
  const { shipment, overtaken: values } = rejected.facts as unknown as {
    shipment?: string;
    overtaken: readonly { readonly id: string }[];
  };
  if (shipment === undefined) return rejected;
  return { ...rejected, facts: { ...rejected.facts, overtaken: values.map(({ id: _, ...value }) => value) } };
}
