import type { ConsigneeChange } from '#contracts/move';
import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyAt } from '../account.ts';
import { lineKey, type Shipment } from '../entity.ts';

/** A shipment after an event: its header and the orders on it; the units themselves are its orders'. */
export function evolveShipment(id: string, before: Shipment | undefined, event: LedgerEvent): Shipment | undefined {
  if (event.type === 'lading.shipment.dispatched.v1') return dispatched(before, event);
  if (before === undefined) return undefined;
  const after = { ...before, version: event.sequence, lost: lostAfter(before, event) };
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
  const header = { shipment, consignee, carrier, destination, eta };
  return { kind: 'shipment', version, ...header, orders, lines, lost: new Map(), received: false };
}

/** What was lost on the way, less what a receipt of this shipment says has come after all. */
function lostAfter({ shipment, lost }: Shipment, event: LedgerEvent): Shipment['lost'] {
  let after: Map<string, number> | undefined;
  const add = (key: string, quantity: number): void => {
    after ??= new Map(lost);
    const left = (after.get(key) ?? 0) + quantity;
    if (left <= 0) after.delete(key);
    else after.set(key, left);
  };
  for (const move of movesOf(event)) {
    const { from, to, quantity } = move;
    if (from.shipment === shipment && to.stage === 'lost') add(keyAt(move, to), quantity);
    else if (from.stage === 'lost' && to.stage !== 'supply') add(keyAt(move, from), -quantity);
  }
  return after ?? lost;
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
