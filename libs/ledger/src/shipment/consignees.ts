import type { ConsigneeChange, Move } from '#contracts/move';
import { accountKey, keyAt } from '../account.ts';
import type { Shipment } from '../entity.ts';
import { entityOf, type View } from '../view.ts';

/** Where a reallocation sends what it redirects. */
interface Redirection {
  readonly destination?: string | undefined;
  readonly eta?: string | undefined;
}

/**
 * Who each shipment that these moves touch is for after them: when all that is still in transit on it has one owner, that
 * owner. A shipment for which nothing changes is left out; undefined when none changes.
 */
export function consigneesAfter(
  view: View,
  moves: readonly Move[],
  { destination, eta }: Redirection = {},
): ConsigneeChange[] | undefined {
  const ids = [...new Set(moves.flatMap(({ from }) => from.shipment ?? []))];
  const shipments = ids.flatMap((id) => entityOf(view, 'shipment', id) ?? []);
  const changes = shipments
    .map((shipment) => ({ shipment, owners: ownersAfter(view, shipment, moves) }))
    .filter(({ owners }) => owners.size === 1)
    .map(({ shipment, owners: [consignee = ''] }) => ({ shipment, consignee }))
    .filter(
      ({ shipment, consignee }) =>
        consignee !== shipment.consignee ||
        (destination !== undefined && destination !== shipment.destination) ||
        (eta !== undefined && eta !== shipment.eta),
    );
  if (changes.length === 0) return undefined;
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
