import type { ConsigneeChange, Move } from '#contracts/move';
import { accountKey, keyAt } from '../account.ts';
import type { OrRejected } from '../decision.ts';
import type { Shipment } from '../entity.ts';
import { isLater, overtaken } from '../overtaken.ts';
import { entityOf, type View } from '../view.ts';

/** When units were redirected, and where a reallocation sends them. */
interface Redirection {
  readonly time: string;
  readonly destination?: string | undefined;
  readonly eta?: string | undefined;
}

/**
 * Who each shipment that these moves touch is for after them: when all that is still in transit on it has one owner, that
 * owner. A shipment for which nothing changes is left out; undefined when none changes. Rejects with `overtaken` when a destination or
 * a day of arrival is named and a later one is known.
 */
export function consigneesAfter(
  view: View,
  moves: readonly Move[],
  { time, destination, eta }: Redirection,
): OrRejected<ConsigneeChange[] | undefined> {
  const ids = [...new Set(moves.flatMap(({ from }) => from.shipment ?? []))];
  const shipments = ids.flatMap((id) => entityOf(view, 'shipment', id) ?? []);
  const changes = shipments
    .map((shipment) => ({ shipment, owners: ownersAfter(view, shipment, moves) }))
    .filter(({ owners }) => owners.size === 1)
    // Who it is for follows from the owners, unless something later says who it is for.
    .map(({ shipment, owners: [owner = ''] }) => ({
      shipment,
      consignee: isLater(shipment.said.consignee, time) ? shipment.consignee : owner,
    }))
    .filter(
      ({ shipment, consignee }) =>
        consignee !== shipment.consignee ||
        (destination !== undefined && destination !== shipment.destination) ||
        (eta !== undefined && eta !== shipment.eta),
    );
  if (changes.length === 0) return undefined;
  for (const { shipment } of changes) {
    const { destination: place, eta: day } = shipment.said;
    const late = overtaken(
      time,
      { destination: destination === undefined ? undefined : place, eta: eta === undefined ? undefined : day },
      {
        of: `shipment ${shipment.shipment}`,
        facts: { shipment: shipment.shipment },
        instead: 'Leave out what is overtaken: the units are reallocated all the same.',
      },
    );
    if (late !== undefined) return late;
  }
  return changes.map(({ shipment, consignee }) => ({
    shipment: shipment.shipment,
    consignee,
    ...(destination === undefined ? {} : { destination }),
    ...(eta === undefined ? {} : { eta }),
  }));
}

/** The owners of all that is in transit on a shipment after some moves. */
function ownersAfter(view: View, { shipment, orders }: Shipment, moves: readonly Move[]): ReadonlySet<string> {
  const change = new Map<string, { owner: string; quantity: number }>();
  const add = (key: string, owner: string, quantity: number): void => {
    const so = change.get(key);
    change.set(key, { owner, quantity: quantity + (so?.quantity ?? 0) });
  };
  // All orders are asked for before any is looked at, so that they are loaded at once.
  const loaded = orders.map((id) => entityOf(view, 'order', id)).filter((order) => order !== undefined);
  for (const order of loaded) {
    for (const line of order.lines) {
      for (const holding of line.accounts.values()) {
        if (holding.shipment === shipment) add(accountKey(holding), holding.owner, holding.quantity);
      }
    }
  }
  for (const move of moves) {
    if (move.from.shipment === shipment) add(keyAt(move, move.from), move.from.owner, -move.quantity);
    if (move.to.shipment === shipment) add(keyAt(move, move.to), move.to.owner, move.quantity);
  }
  return new Set([...change.values()].filter(({ quantity }) => quantity > 0).map(({ owner }) => owner));
}
