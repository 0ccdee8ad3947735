import type { EventType } from '#contracts/catalog';
import { isVoid, type LedgerEvent } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { keyOf } from '#contracts/scalars';
import type { EntityKey } from '../entity.ts';
import type { Recorded } from '../view.ts';
import { linesIn, standingBefore } from './said.ts';

/** What names an order or a shipment without a move of it: a swap that is only proposed, or a line that a dispatch would have drawn from. */
const MAY_NAME: readonly EventType[] = ['lading.swap.proposed.v1', 'lading.shipment.dispatched.v1'];

interface MayBeNamed {
  readonly what: 'party' | 'item' | 'order' | 'shipment';
  readonly id: string;
  /** By events of these types; undefined: of any. */
  readonly types?: readonly EventType[];
}

/** What an event began, or gave a role, and is named by events that are in no stream of it. */
export function nameOf({ type, data }: LedgerEvent): MayBeNamed | undefined {
  switch (type) {
    case 'lading.party.registered.v1':
      return { what: 'party', id: data.party };
    case 'lading.item.registered.v1':
      return { what: 'item', id: data.item };
    case 'lading.order.placed.v1':
    case 'lading.order.lines_added.v1':
      return { what: 'order', id: data.order, types: MAY_NAME };
    case 'lading.shipment.dispatched.v1':
      return { what: 'shipment', id: data.shipment, types: MAY_NAME };
    default:
      return undefined;
  }
}

export function namingOf(recorded: Recorded, began: ReadonlySet<EntityKey>): { sequence: number; needs: string }[] {
  const { event, naming } = recorded;
  const named = nameOf(event);
  if (named === undefined) return [];
  const key: EntityKey = `${named.what}/${named.id}` as EntityKey;
  const isNeeded = began.has(key) || event.type === 'lading.order.lines_added.v1' || losesRole(recorded);
  if (!isNeeded) return [];
  return naming
    .filter((later) => later.sequence > event.sequence)
    .filter(
      (later) =>
        event.type !== 'lading.order.lines_added.v1' ||
        event.data.lines.some(({ line }) => linesIn(later).has(keyOf(event.data.order, line))),
    )
    .map(({ sequence }) => ({ sequence, needs: key }));
}

/** Whether a party would lose a role that it got by the event. */
function losesRole({ event, streams }: Recorded): boolean {
  if (event.type !== 'lading.party.registered.v1') return false;
  const key: EntityKey = `party/${event.data.party}`;
  const before = standingBefore(key, event.sequence, streams).at(-1);
  return (
    before?.type === 'lading.party.registered.v1' && event.data.roles.some((role) => !before.data.roles.includes(role))
  );
}

const namedBy = new WeakMap<LedgerEvent, ReadonlySet<string>>();

/** What an event names: `party/tesla`. Each event that is taken back with hundreds of others asks it of the same later ones, so the answer is kept. */
function namesIn(event: LedgerEvent): ReadonlySet<string> {
  const known = namedBy.get(event);
  if (known !== undefined) return known;
  const names = new Set<string>();
  eachName(namingIn(event.type).completed, event.data, (name, { what }) => names.add(`${what}/${name}`));
  namedBy.set(event, names);
  return names;
}

/** Which later events name what an event began, though they are in none of its streams. */
export function namesWhatBegan(began: LedgerEvent): ((later: LedgerEvent) => boolean) | undefined {
  const named = nameOf(began);
  if (named === undefined) return undefined;
  const { what, id, types } = named;
  const name = `${what}/${id}`;
  return (later) =>
    later.sequence > began.sequence &&
    !isVoid(later) &&
    (types === undefined || types.includes(later.type)) &&
    namesIn(later).has(name);
}
