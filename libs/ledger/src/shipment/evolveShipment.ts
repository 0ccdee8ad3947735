import type { ConsigneeChange } from '#contracts/move';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { lineKey, type Shipment } from '../entity.ts';

/** A shipment after an event: its header and the orders on it; the units themselves are its orders'. */
export function evolveShipment(id: string, before: Shipment | undefined, event: LedgerEvent): Shipment | undefined {
  if (event.type === 'lading.shipment.dispatched.v1') return dispatched(before, event);
  if (before === undefined) return undefined;
  const after = { ...before, version: event.sequence };
  if (event.type === 'lading.shipment.received.v1')
    return { ...after, received: true, lines: receivedFor(before, event) };
  if (!('consignees' in event.data)) return after;

  const change = event.data.consignees?.find(({ shipment }) => shipment === id);
  return change === undefined ? after : redirected(after, change);
}

function dispatched(
  before: Shipment | undefined,
  { data, sequence: version }: LedgerEvent<'lading.shipment.dispatched.v1'>,
): Shipment {
  const added = data.lines.filter(({ order, line }) => before?.lines.has(lineKey(order, line)) !== true);
  if (before !== undefined && added.length === 0) return { ...before, version };

  const orders = [...new Set([...(before?.orders ?? []), ...added.map(({ order }) => order)])];
  const lines = new Map(before?.lines);
  for (const { order, line } of added) lines.set(lineKey(order, line), []);
  if (before !== undefined) return { ...before, version, orders, lines };
  const { shipment, consignee, carrier, destination, eta } = data;
  return { kind: 'shipment', version, shipment, consignee, carrier, destination, eta, orders, lines, received: false };
}

/** The lines, each with the owners for whom some of it was received by now. */
function receivedFor({ lines }: Shipment, { data }: LedgerEvent<'lading.shipment.received.v1'>): Shipment['lines'] {
  const after = new Map(lines);
  for (const { order, line, owner, received, damaged = 0 } of data.lines) {
    const key = lineKey(order, line);
    const owners = after.get(key) ?? [];
    if (received + damaged > 0 && !owners.includes(owner)) after.set(key, [...owners, owner]);
  }
  return after;
}

const redirected = (shipment: Shipment, { consignee, destination, eta }: ConsigneeChange): Shipment => ({
  ...shipment,
  consignee,
  destination: destination ?? shipment.destination,
  eta: eta ?? shipment.eta,
});
