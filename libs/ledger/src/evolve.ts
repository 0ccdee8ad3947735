import { streamOf } from '#contracts/catalog';
import { isVoid, type LedgerEvent, movesOf, takenBack } from '#contracts/cloudEvent';
import { isOwnStock } from './account.ts';
import { commitmentsKey, documentOf, type Entity, type EntityKey, type Hold, stockKey } from './entity.ts';
import { evolveOrder, holdOf } from './order/evolveOrder.ts';
import { newest, type Occurrence } from './overtaken.ts';
import { evolveShipment } from './shipment/evolveShipment.ts';
import { evolveSwap } from './swap/evolveSwap.ts';
import { evolveCommitments } from './supply/evolveCommitments.ts';
import { evolveStock } from './units/evolveStock.ts';

const touchedBy = new WeakMap<LedgerEvent, readonly EntityKey[]>();

/**
 * The streams that an event belongs to: the entities that `evolve` changes by it, each once, and told by the event alone.
 * No stream grows by being mentioned. To take an event back is to ask this of each event for each that stands on it: so the answer is kept.
 */
export function touched(event: LedgerEvent): readonly EntityKey[] {
  const known = touchedBy.get(event);
  if (known !== undefined) return known;
  const keys = keysOf(event);
  touchedBy.set(event, keys);
  return keys;
}

function keysOf(event: LedgerEvent): EntityKey[] {
  // What takes an event back is in all its streams.
  if (isVoid(event)) return [...touched(takenBack(event)), event.subject as EntityKey];
  const keys = new Set<EntityKey>();
  if (streamOf(event.type) !== 'none') keys.add(event.subject as EntityKey);
  for (const { item, order, from, to } of movesOf(event)) {
    keys.add(`order/${order}`);
    // A shipment changes when units leave it; while they stay on it, only what `consignees` says changes it.
    if (from.shipment !== undefined && to.shipment === undefined) keys.add(`shipment/${from.shipment}`);
    if (isOwnStock(from)) keys.add(stockKey(from.owner, item));
    if (isOwnStock(to)) keys.add(stockKey(to.owner, item));
  }
  // A count says what there is also where it is as expected.
  if (event.type === 'lading.count.adjusted.v1') for (const { order } of event.data.lines) keys.add(`order/${order}`);
  const { data } = event;
  const document = 'document' in data ? documentOf(event) : undefined;
  if (document !== undefined) keys.add(document);
  if (event.type === 'lading.supply.committed.v1') keys.add(commitmentsKey(event.data.supplier, event.data.item));
  for (const { order } of holdOf(event)?.lines ?? []) keys.add(`order/${order}`);
  if ('hold' in data && data.hold !== undefined) keys.add(`hold/${data.hold}`);
  if ('released' in data) for (const order of data.released ?? []) keys.add(`order/${order}`);
  if ('consignees' in data) for (const { shipment } of data.consignees ?? []) keys.add(`shipment/${shipment}`);
  return [...keys];
}

/**
 * What an entity is after an event of its stream. Pure, copy on write: the entity before stays as it was. Its version is
 * the event's sequence. Throws an Error when a stream does not begin with the event that makes its entity: then something
 * is missing, and nothing built on it could be trusted.
 */
export function evolve(key: EntityKey, entity: Entity | undefined, event: LedgerEvent): Entity {
  if (isVoid(event) && isFoldedAnew(key)) throw new Error(`${key} is folded anew when an event of it is taken back`);
  const id = key.slice(key.indexOf('/') + 1);
  return next(id, key, entity, event) ?? neverBegun(key, event);
}

function neverBegun(key: EntityKey, { type, sequence }: LedgerEvent): never {
  throw new Error(`the stream ${key} does not begin with ${type} (sequence ${sequence})`);
}

/**
 * Whether an entity is folded anew, from its whole stream, when an event of it is taken back. A stock is only moves, which the void has
 * turned round; what says that an event is taken back has no other event.
 */
export const isFoldedAnew = (key: EntityKey): boolean => !key.startsWith('stock/') && !key.startsWith('event/');

/** What stands of a stream that had `length` events, the last of them `last`. */
interface Stands {
  readonly events: readonly LedgerEvent[];
  readonly length: number;
  readonly last: LedgerEvent | undefined;
}
const stands = new WeakMap<readonly LedgerEvent[], Stands>();

/**
 * The events of a stream that count: without those that were taken back, and what took them back. Hundreds that are taken back in one
 * batch ask it of the same streams again and again, each of them longer by one void: so it goes on from the last answer.
 */
export function standingIn(stream: readonly LedgerEvent[]): readonly LedgerEvent[] {
  const known = stands.get(stream);
  const isSame = known !== undefined && known.length <= stream.length && stream[known.length - 1] === known.last;
  if (isSame && known.length === stream.length) return known.events;
  const events = isSame ? standingAfter(known.events, stream.slice(known.length)) : standingAfter([], stream);
  stands.set(stream, { events, length: stream.length, last: stream.at(-1) });
  return events;
}

function standingAfter(standing: readonly LedgerEvent[], added: readonly LedgerEvent[]): readonly LedgerEvent[] {
  const voids = added.filter(isVoid);
  const all = standing.concat(added);
  if (voids.length === 0) return all;
  const gone = new Set(voids.map(({ data }) => data.sequence));
  return all.filter((event) => !isVoid(event) && !gone.has(event.sequence));
}

/** An entity after its whole stream, oldest first, and after an event that is to be added to it; undefined when what made it was taken back. */
export function foldStream(key: EntityKey, stream: readonly LedgerEvent[], toAdd?: LedgerEvent): Entity | undefined {
  const added = toAdd === undefined ? [] : [toAdd];
  const events = isFoldedAnew(key) ? standingAfter(standingIn(stream), added) : stream.concat(added);
  const entity = foldOn(key, undefined, events);
  const version = (toAdd ?? stream.at(-1))?.sequence;
  return entity && version !== undefined ? { ...entity, version } : undefined;
}

/** An entity after some more events of its stream, oldest first: as `evolve` makes it, one after the other. */
export function foldOn(key: EntityKey, entity: Entity | undefined, events: readonly LedgerEvent[]): Entity | undefined {
  const [first] = events;
  if (first === undefined) return entity;
  // An order may have thousands of accounts: they are copied once for all of these events.
  if (key.startsWith('order/') && !events.some(isVoid))
    return orderAfter(key.slice('order/'.length), entity, events) ?? neverBegun(key, first);
  let after = entity;
  for (const event of events) after = evolve(key, after, event);
  return after;
}

const orderAfter = (id: string, entity: Entity | undefined, events: readonly LedgerEvent[]): Entity | undefined =>
  evolveOrder(id, entity?.kind === 'order' ? entity : undefined, events);

function next(id: string, key: EntityKey, entity: Entity | undefined, event: LedgerEvent): Entity | undefined {
  const version = event.sequence;
  switch (key.slice(0, key.indexOf('/'))) {
    case 'party':
      return event.type === 'lading.party.registered.v1'
        ? { kind: 'party', version, data: event.data, said: saidIn(event, entity) }
        : undefined;
    case 'item':
      return event.type === 'lading.item.registered.v1'
        ? { kind: 'item', version, data: event.data, said: saidIn(event, entity) }
        : undefined;
    case 'order':
      return orderAfter(id, entity, [event]);
    case 'shipment':
      return evolveShipment(id, entity?.kind === 'shipment' ? entity : undefined, event);
    case 'document':
      return { kind: 'document', version, id: event.id, time: event.time };
    case 'commitments':
      return evolveCommitments(id, entity?.kind === 'commitments' ? entity : undefined, event);
    case 'stock':
      return evolveStock(id, entity?.kind === 'stock' ? entity : undefined, event);
    case 'swap':
      return evolveSwap(entity?.kind === 'swap' ? entity : undefined, event);
    case 'hold':
      return evolveHold(entity?.kind === 'hold' ? entity : undefined, event);
    default:
      return { kind: 'once', version };
  }
}

/** A hold after an event that begins or ends it. */
function evolveHold(before: Hold | undefined, { type, data, sequence: version }: LedgerEvent): Hold | undefined {
  if (type !== 'lading.units.held.v1') return before && { ...before, version, status: 'released' };
  const { hold, owner, until, lines } = data;
  const orders = [...new Set(lines.map(({ order }) => order))];
  return { kind: 'hold', version, hold, owner, until, orders, status: 'open' };
}

/** What said the master data last: events from before late ones were refused may be in another order. */
function saidIn({ time, sequence, id }: LedgerEvent, before: Entity | undefined): Occurrence {
  const now = { time, sequence, id };
  return before?.kind === 'party' || before?.kind === 'item' ? newest(before.said, now) : now;
}
