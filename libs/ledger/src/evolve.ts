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

/**
 * The streams that an event belongs to: the entities that `evolve` changes by it, each once, and told by the event alone.
 * No stream grows by being mentioned.
 */
export function touched(event: LedgerEvent): EntityKey[] {
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
  const evolved = next(id, key, entity, event);
  if (evolved === undefined) {
    throw new Error(`the stream ${key} does not begin with ${event.type} (sequence ${event.sequence})`);
  }
  return evolved;
}

/**
 * Whether an entity is folded anew, from its whole stream, when an event of it is taken back. A stock is only moves, which the void has
 * turned round; what says that an event is taken back has no other event.
 */
export const isFoldedAnew = (key: EntityKey): boolean => !key.startsWith('stock/') && !key.startsWith('event/');

/** The events of a stream that count: without those that were taken back, and what took them back. */
export function standingIn(stream: readonly LedgerEvent[]): LedgerEvent[] {
  const gone = new Set(stream.flatMap((event) => (isVoid(event) ? [event.data.sequence] : [])));
  return stream.filter((event) => !isVoid(event) && !gone.has(event.sequence));
}

/** An entity after its whole stream, oldest first; undefined when what made it was taken back. */
export function foldStream(key: EntityKey, stream: readonly LedgerEvent[]): Entity | undefined {
  let entity: Entity | undefined;
  for (const event of isFoldedAnew(key) ? standingIn(stream) : stream) entity = evolve(key, entity, event);
  const version = stream.at(-1)?.sequence;
  return entity && version !== undefined ? { ...entity, version } : undefined;
}

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
      return evolveOrder(id, entity?.kind === 'order' ? entity : undefined, event);
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
