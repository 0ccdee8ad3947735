import { eachUnit } from './eachUnit.ts';
import { catalog, type Submitted } from '#contracts/catalog';
import { eventText, isVoid, type LedgerEvent, movesOf, parseEvent } from '#contracts/cloudEvent';
import { expandSerials } from '#contracts/serials';
import type { Stage } from '#contracts/scalars';
import { accountKey, mayBeNegative, parseAccountKey } from '#ledger/account';
import type { Command } from '#ledger/command';
import { decide } from '#ledger/decide';
import type { Decision } from '#ledger/decision';
import type { Entity, EntityKey } from '#ledger/entity';
import { evolve, foldStream, touched } from '#ledger/evolve';
import { entityOf } from '#ledger/view';
import { Fold } from '#ledger/fold';
import { fromJson, toJson } from '#ledger/serialisable';
import { decideByAsking } from './decideByAsking.ts';
import { asNvidia, cast, tell, type Told } from './facts.ts';
import { type Dice, happens } from './happenings.ts';
import { Sandbox } from '#ledger/sandbox';
import { type Booking, Model, placeOf } from './model.ts';

const BEGIN = Date.parse('2024-01-01T00:00:00Z');
/** What passes between two happenings: so much that what is held for days is over before a story is. */
const SPAN_MS = 6 * 3_600_000;

/** Half a million comparisons: a matcher would take ten times as long as all the rest. */
export function same(what: string, is: unknown, expected: unknown, facts?: unknown): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(expected)];
  if (a !== b)
    throw new Error(`${what}: ${a} instead of ${b}${facts === undefined ? '' : `, after ${JSON.stringify(facts)}`}`);
}

/** A history: what the model and the ledger made of the same happenings, step by step. */
export class History {
  readonly ledger = new Sandbox(asNvidia);
  readonly fold = new Fold();
  readonly refused: string[] = [];
  #model = new Model();
  /** What was told and stands, by its sequence. */
  readonly #told = new Map<
    number,
    { told: Told; bookings: readonly Booking[]; redirected: readonly string[]; time: number; now: Date }
  >();
  /** Units that nobody knows any more, by the sequence of what took back the fact that had named them. */
  readonly #unnamed = new Map<number, readonly string[]>();
  #spans = 0;

  /**
   * @param beside is told what was asked, when, and what was decided
   * @param begin when it begins, in milliseconds since 1970
   */
  constructor(
    private readonly beside: (command: Command, now: Date, decision: Decision) => void = () => undefined,
    private readonly begin = BEGIN,
  ) {
    for (const told of cast) this.happens(told);
  }

  get model(): Model {
    return this.#model;
  }

  /** Something happens by chance; or, of a hundred times, so many, one of the last facts is to be taken back. Answers which. */
  goesOn(dice: Dice, spansAgo = 0, voids = 5): Told {
    const last = this.ledger.events.at(-1)?.sequence ?? 0;
    const isVoid = dice.chance(voids);
    const told = isVoid
      ? tell('event.voided', { sequence: Math.max(1, last - dice.roll(15)), reason: 'did_not_occur' })
      : happens(dice, this.model);
    if (told.type === 'lading.event.voided.v1') this.takesBack(told.data.sequence);
    else this.happens(told, spansAgo);
    return told;
  }

  /**
   * A fact is to be taken back. Whether anything stands on it, the ledger says; when it is taken back, the model must be able to tell
   * all that is left of the story again, and the books must be those of that story.
   */
  takesBack(sequence: number): void {
    const told = tell('event.voided', { sequence, reason: 'did_not_occur' });
    const now = this.#later();
    const { time } = this.ledger.events.find((event) => event.sequence === sequence)!;
    const { decision, state } = this.#decides({ ...told, source: asNvidia.source, time }, now);
    if (!decision.ok) {
      same('a refusal changes nothing', this.#versions(), state);
      this.refused.push(decision.code);
      return;
    }
    const event = this.ledger.events.at(-1)!;
    this.#isWellFormed(event, told);
    this.fold.apply(event);
    this.#told.delete(sequence);
    this.#unnamed.set(event.sequence, unnamedBy(event));
    this.#model = new Model();
    const unnamed = [...this.#unnamed];
    for (const [at, one] of this.#told) {
      while ((unnamed[0]?.[0] ?? Infinity) < at) this.#model.forget(unnamed.shift()![1]);
      this.#model.now = one.now;
      const again = this.#model.predict(asItWas(one.told, this.ledger.events[at - 1]!), one.time);
      // Whoever left out whose units they are meant the only ones there were.
      if (again === 'refused' && namesOwners(one.told))
        throw new Error(`what stands needs what was taken back: ${JSON.stringify({ told: one.told, event })}`);
      this.#model.apply(one.told, one.bookings, one.time, one.redirected);
    }
    for (const [, units] of unnamed) this.#model.forget(units);
    this.#model.now = now;
    this.#agrees(told);
  }

  /** Something happens, at a time of its own; or it happened before the last things that happened and is told now. */
  happens(told: Told, spansAgo = 0): void {
    const now = this.#later();
    const time = now.getTime() - spansAgo * SPAN_MS;
    const expected = this.model.predict(told, time);
    const { type, data } = told;
    const command = { source: asNvidia.source, type, data, time: new Date(time).toISOString() } as Command;
    const { decision, state } = this.#decides(command, now);
    if (!decision.ok || expected === 'refused') {
      if (decision.ok) throw new Error(`taken, and should not be: ${JSON.stringify({ told, took: decision.data })}`);
      same('refused, and should not be', decision, expected === 'refused' ? decision : expected, told);
      same('a refusal changes nothing', this.#versions(), state);
      this.refused.push(decision.code);
      return;
    }
    const event = this.ledger.events.at(-1)!;
    this.#isWellFormed(event, told);
    this.fold.apply(event);
    const redirected = this.model.apply(told, expected, time);
    this.#told.set(event.sequence, { told, bookings: expected, redirected, time, now });
    const { consignees = [] } = event.data as { consignees?: { shipment: string; consignee: string }[] };
    same(
      'consignees',
      consignees.map(({ shipment, consignee }) => `${shipment} ${consignee}`).sort(),
      redirected.toSorted(),
      told,
    );
    this.#agrees(told);
  }

  #later(): Date {
    return (this.model.now = new Date(this.begin + ++this.#spans * SPAN_MS));
  }

  /** The decision, and what there was before it. */
  #decides(command: Command, now: Date): { decision: Decision; state: string } {
    const state = this.#versions();
    same(
      'a decision on what was asked for',
      decideByAsking(command, this.ledger, now).decision,
      decide(command, this.ledger, now),
    );
    const decision = this.ledger.submit(command, now);
    this.beside(command, now, decision);
    return { decision, state };
  }

  #isWellFormed(event: LedgerEvent, told: Told): void {
    catalog[event.type].completed.parse(event.data);
    same(
      'an event sums to zero',
      sumsPerItem(movesOf(event).flatMap(postings)).filter(([, sum]) => sum !== 0),
      [],
    );
    // What takes an event back may bring back what was no unit any more.
    if (!isVoid(event)) conserves(event);
    if (told.type !== 'lading.swap.executed.v1') return;
    // Every leg, whole, in the order of the legs: its moves sum to its quantity and go its way.
    const moves = [...movesOf(event)];
    for (const { quantity, from, to, order, line } of this.model.swaps.get(told.data.swap)!.legs) {
      let open = quantity;
      while (open > 0) {
        const move = moves.shift()!;
        same(
          'a move goes the way of its leg',
          [move.from.owner, move.to.owner, move.order, move.line],
          [from, to, order, line],
        );
        open -= move.quantity;
      }
      same('a leg is whole', open, 0);
    }
    same('a swap moves nothing but its legs', moves, []);
  }

  /** The books of the ledger are the books of the model, and hold what books must. */
  #agrees(told: Told): void {
    const holdings = [...this.ledger.entities.values()].flatMap((entity) =>
      entity.kind === 'order' ? entity.lines.flatMap(({ accounts }) => [...accounts.values()]) : [],
    );
    const said = holdings.map(
      (holding) => `${placeOf({ ...holding, shipment: holding.shipment ?? '-' })}: ${holding.quantity}`,
    );
    const expected = [...this.model.counts]
      .filter(([, count]) => count !== 0)
      .map(([place, count]) => `${place}: ${count}`);
    same('the books', said.sort(), expected.sort(), told);
    same(
      'nothing is below zero',
      holdings.filter(({ quantity, stage }) => quantity < 0 && !mayBeNegative(stage)),
      [],
      told,
    );
    same(
      'all accounts sum to zero',
      sumsPerItem(holdings).filter(([, sum]) => sum !== 0),
      [],
      told,
    );
  }

  #headersAgree(): void {
    for (const [id, { header }] of this.model.shipments) {
      const { consignee, carrier, destination, eta } = entityOf(this.ledger, 'shipment', id)!;
      same(`the header of ${id}`, JSON.stringify([consignee, carrier, destination, eta]), header);
    }
  }

  #promisesAgree(): void {
    const promised = [...this.ledger.entities.values()].flatMap((entity) =>
      entity.kind === 'order'
        ? entity.lines.flatMap(({ line, promised: said }) =>
            said === undefined
              ? []
              : [
                  `${entity.order} ${line} ${JSON.stringify([said.code, said.quantity, said.window && JSON.stringify(said.window)])}`,
                ],
          )
        : [],
    );
    const expected = [...this.model.promises.of].map(([line, promise]) => `${line} ${promise}`);
    same('what suppliers promised', promised.sort(), expected.sort());
    const committed = [...this.ledger.entities.values()].flatMap((entity) =>
      entity.kind === 'commitments'
        ? entity.periods.map(({ period, quantity }) =>
            [entity.supplier, entity.item, period.from, period.to, quantity].join(' '),
          )
        : [],
    );
    const said = [...this.model.promises.committed].map(([key, quantity]) => `${key} ${quantity}`);
    same('what suppliers committed to', committed.sort(), said.sort());
  }

  /** At the end: units, replays and snapshots come to the same. */
  isSound(): void {
    this.#headersAgree();
    this.#promisesAgree();
    const units = eachUnit(this.ledger.index.all()).map(({ item, serial, account }) => {
      const place = parseAccountKey(account);
      return `${item} ${serial} in ${placeOf({ ...place, shipment: place.shipment ?? '-' })}`;
    });
    same('a serial number is in one account', new Set(units.map((unit) => unit.split(' in ')[0])).size, units.length);
    same('units', units.sort(), [...this.model.serials].map(([unit, place]) => `${unit} in ${place}`).sort());
    for (const holding of this.fold.holdings()) {
      const over = mayBeNegative(holding.stage) ? 0 : this.ledger.named(accountKey(holding)) - holding.quantity;
      same('no account has more names than units', over > 0, false);
    }
    // Nothing but the events, as bytes: the same entities, each from its own stream, also through a snapshot on the way.
    const events = this.ledger.events.map((event) => parseEvent(Buffer.from(eventText(event))));
    const streams = new Map<EntityKey, LedgerEvent[]>();
    for (const event of events)
      for (const key of touched(event)) streams.set(key, [...(streams.get(key) ?? []), event]);
    const replayed = [...streams].flatMap(([key, stream]) => {
      const entity = replay(key, stream);
      return entity === undefined ? [] : [{ key, stream, entity }];
    });
    same('entities', replayed.map(({ key }) => key).sort(), [...this.ledger.entities.keys()].sort());
    for (const { key, stream, entity } of replayed) {
      const live = this.ledger.entity(key)!;
      same(`${key} replayed from its stream`, toJson(entity), toJson(live));
      same('a version is the last sequence of the stream', live.version, stream.at(-1)?.sequence);
    }
    const again = new Fold();
    for (const event of events) again.apply(event);
    const accounts = [...this.ledger.entities.values()].flatMap((entity) =>
      entity.kind === 'order' ? entity.lines.flatMap(({ accounts: those }) => [...those]) : [],
    );
    same(
      'a fold of the moves',
      again.holdings(),
      accounts.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, holding]) => holding),
    );
  }

  #versions(): string {
    return [...this.ledger.entities].map(([key, { version }]) => `${key}@${version}`).join();
  }
}

function sumsPerItem(list: readonly { item: string; quantity: number }[]): [item: string, sum: number][] {
  const sums = new Map<string, number>();
  for (const { item, quantity } of list) sums.set(item, (sums.get(item) ?? 0) + quantity);
  return [...sums];
}

/** Stages of units that were made. What is ordered or cancelled is a promise, and supply is what promises and units are made of. */
const physical = new Set<Stage>(['in_transit', 'held', 'damaged', 'lost', 'returned', 'scrapped', 'count']);

/** Units come into the world when their supplier dispatches them, or as surplus: no other event, and no chain of events, makes any. */
function conserves(event: LedgerEvent): void {
  const change = new Map<string, number>();
  const most = new Map<string, number>();
  const add = (tally: Map<string, number>, item: string, quantity: number) =>
    tally.set(item, (tally.get(item) ?? 0) + quantity);
  for (const { item, from, to, quantity } of movesOf(event)) {
    add(change, item, (physical.has(to.stage) ? quantity : 0) - (physical.has(from.stage) ? quantity : 0));
  }
  if (event.type === 'lading.shipment.dispatched.v1')
    for (const { item, quantity } of event.data.lines) add(most, item, quantity);
  if (event.type === 'lading.shipment.received.v1')
    for (const { item, surplus = 0, received, damaged = 0, substitutes } of event.data.lines)
      add(most, item, surplus + (substitutes === undefined ? 0 : received + damaged));
  same(
    'no units come out of nothing',
    [...change].filter(([item, units]) => units > (most.get(item) ?? 0)),
    [],
    event,
  );
}

const postings = ({ item, quantity }: { item: string; quantity: number }) => [
  { item, quantity: -quantity },
  { item, quantity },
];

/**
 * Whoever left the quantity of a cancellation out meant what there was then, and what was dispatched new was new: there is more now where
 * what took units away is taken back.
 */
export function asItWas<T extends { readonly data: object }>(told: T, event: LedgerEvent): T {
  if (event.type === 'lading.order.line_cancelled.v1')
    return { ...told, data: { ...told.data, quantity: event.data.quantity } };
  if (event.type !== 'lading.shipment.dispatched.v1') return told;
  if (movesOf(event).some(({ from, to }) => to.stage === 'supply' && from.stage !== 'ordered')) return told;
  const lines = (told.data as Submitted<'lading.shipment.dispatched.v1'>).lines.map((line) => ({
    ...line,
    from: line.from ?? ('new' as const),
  }));
  return { ...told, data: { ...told.data, lines } };
}

/** The units, `item serial`, that a void leaves without a number. */
export const unnamedBy = (event: LedgerEvent): string[] =>
  event.type !== 'lading.event.voided.v1'
    ? []
    : (event.data.unnamed ?? []).flatMap(({ item, serials }) => {
        const named = movesOf(event).flatMap((move) => (move.item === item ? (move.serials ?? []) : []));
        return expandSerials(serials ?? named).map((serial) => `${item} ${serial}`);
      });

/** Whether it says of each line whose units it is about. */
const namesOwners = ({ type, data }: Told): boolean =>
  'lines' in data
    ? data.lines.every((line) => 'owner' in line && line.owner !== undefined)
    : (type !== 'lading.order.line_cancelled.v1' && type !== 'lading.order.line_changed.v1') ||
      data.owner !== undefined;

/** Through a snapshot on the way; a stream of which something was taken back is folded as a whole. */
function replay(key: EntityKey, stream: readonly LedgerEvent[]): Entity | undefined {
  if (stream.some(isVoid)) return foldStream(key, stream);
  const half = Math.ceil(stream.length / 2);
  const run = (events: readonly LedgerEvent[], from: Entity | undefined) =>
    events.reduce<Entity | undefined>((entity, event) => evolve(key, entity, event), from);
  const snapshot = JSON.stringify(toJson(run(stream.slice(0, half), undefined)!));
  return run(stream.slice(half), fromJson(JSON.parse(snapshot)))!;
}
