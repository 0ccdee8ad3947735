import { streamOf } from '#contracts/catalog';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Move } from '#contracts/move';
import type { EntityKey } from './entity.ts';

/**
 * The streams that an event belongs to: the entities that `evolve` changes by it, each once, and told by the event alone.
 * No stream grows by being mentioned.
 */
export function touched(event: LedgerEvent): EntityKey[] {
  const keys = new Set<EntityKey>();
  if (streamOf(event.type) !== 'none') keys.add(event.subject as EntityKey);
  for (const { order, from, to } of movesOf(event)) {
    keys.add(`order/${order}`);
    // A shipment changes when units leave it; while they stay on it, only what `consignees` says changes it.
    if (from.shipment !== undefined && to.shipment === undefined) keys.add(`shipment/${from.shipment}`);
  }
  const { data } = event;
  if ('consignees' in data) for (const { shipment } of data.consignees ?? []) keys.add(`shipment/${shipment}`);
  return [...keys];
}

/** An event's moves; none when it moves no units. */
export const movesOf = ({ data }: Pick<LedgerEvent, 'data'>): readonly Move[] =>
  'moves' in data ? (data.moves ?? []) : [];
