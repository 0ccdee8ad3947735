import type { ConsigneeChange } from '#contracts/move';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Shipment } from '../entity.ts';

/** A shipment after an event: its header and the orders on it; the units themselves are its orders'. */
export function evolveShipment(id: string, before: Shipment | undefined, event: LedgerEvent): Shipment | undefined {
  if (event.type === 'lading.shipment.dispatched.v1') return dispatched(before, event);
  if (before === undefined) return undefined;
  const after = { ...before, version: event.sequence };
  if (event.type === 'lading.shipment.received.v1') return { ...after, received: true };
  if (!('consignees' in event.data)) return after;

  const change = event.data.consignees?.find(({ shipment }) => shipment === id);
  return change === undefined ? after : redirected(after, change);
}

function dispatched(
  before: Shipment | undefined,
  { data, sequence: version }: LedgerEvent<'lading.shipment.dispatched.v1'>,
): Shipment {
  const { shipment, consignee, carrier, destination, eta } = data;
  const orders = data.lines.map(({ order }) => order);
  if (before === undefined) {
    const once = [...new Set(orders)];
    return { kind: 'shipment', version, shipment, consignee, carrier, destination, eta, orders: once, received: false };
  }
  return { ...before, version, orders: [...new Set([...before.orders, ...orders])] };
}

const redirected = (shipment: Shipment, { consignee, destination, eta }: ConsigneeChange): Shipment => ({
  ...shipment,
  consignee,
  destination: destination ?? shipment.destination,
  eta: eta ?? shipment.eta,
});
