import type { Move } from '#contracts/move';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { EntityKey } from './entity.ts';

/**
 * The streams that an event belongs to: the entities that `evolve` changes by it, each once, and told by the event alone.
 * No stream grows by being mentioned.
 */
export function touched(event: LedgerEvent): EntityKey[] {
  const keys = new Set<EntityKey>();
  const subject = ownStream(event);
  if (subject !== undefined) keys.add(subject);
  const { data } = event;
  for (const { order, from } of movesOf(event)) {
    keys.add(`order/${order}`);
    if (event.type === 'lading.units.returned.v1' && from.shipment !== undefined) keys.add(`shipment/${from.shipment}`);
  }
  if ('consignees' in data) for (const { shipment } of data.consignees ?? []) keys.add(`shipment/${shipment}`);
  return [...keys];
}

/** An event's moves; none when it moves no units. */
export const movesOf = ({ data }: Pick<LedgerEvent, 'data'>): readonly Move[] =>
  'moves' in data ? (data.moves ?? []) : [];

/** The stream of the one thing that an event is about; events that only book units have none. */
function ownStream({ type, data }: LedgerEvent): EntityKey | undefined {
  switch (type) {
    case 'lading.ledger.opened.v1':
      return 'ledger';
    case 'lading.party.registered.v1':
      return `party/${data.party}`;
    case 'lading.item.registered.v1':
      return `item/${data.item}`;
    case 'lading.order.placed.v1':
    case 'lading.order.line_changed.v1':
    case 'lading.order.line_cancelled.v1':
      return `order/${data.order}`;
    case 'lading.shipment.dispatched.v1':
    case 'lading.shipment.received.v1':
    case 'lading.shipment.lost.v1':
      return `shipment/${data.shipment}`;
    case 'lading.units.returned.v1':
      return `return/${data.return}`;
    case 'lading.reallocation.made.v1':
      return `reallocation/${data.reallocation}`;
    case 'lading.swap.proposed.v1':
    case 'lading.swap.accepted.v1':
    case 'lading.swap.rejected.v1':
    case 'lading.swap.withdrawn.v1':
    case 'lading.swap.executed.v1':
      return `swap/${data.swap}`;
    case 'lading.units.scrapped.v1':
    case 'lading.custody.transferred.v1':
    case 'lading.count.adjusted.v1':
    case 'lading.event.voided.v1':
      return undefined;
  }
}
