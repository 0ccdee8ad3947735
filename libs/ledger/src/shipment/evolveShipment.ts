import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { keyAt } from '../account.ts';
import { lineKey, type Shipment } from '../entity.ts';
import { newest, type Occurrence } from '../overtaken.ts';

/** A shipment after an event: its header and the orders on it; the units themselves are its orders'. */
export function evolveShipment(id: string, before: Shipment | undefined, event: LedgerEvent): Shipment | undefined {
  if (event.type === 'lading.shipment.dispatched.v1') return dispatched(before, event);
  if (before === undefined) return undefined;
  const after = { ...before, version: event.sequence, lost: lostAfter(before, event) };
  if (event.type === 'lading.shipment.received.v1')
    return { ...after, received: true, lines: receivedFor(before, event) };
  if (event.type === 'lading.shipment.rescheduled.v1') return readdressed(after, event.data, event);
  if (!('consignees' in event.data)) return after;

  const change = event.data.consignees?.find(({ shipment }) => shipment === id);
  return change === undefined ? after : readdressed(after, change, event);
}

function dispatched(before: Shipment | undefined, event: LedgerEvent<'lading.shipment.dispatched.v1'>): Shipment {
  const { data, sequence: version, time, id } = event;
  const added = data.lines.filter(({ order, line }) => before?.lines.has(lineKey(order, line)) !== true);
  const after = before === undefined ? undefined : readdressed({ ...before, version }, data, event);
  if (after !== undefined && added.length === 0) return after;

  const orders = [...new Set([...(before?.orders ?? []), ...added.map(({ order }) => order)])];
  const lines = new Map(before?.lines);
  for (const { order, line } of added) lines.set(lineKey(order, line), []);
  if (after !== undefined) return { ...after, orders, lines };
  const { shipment, consignee, carrier, destination, eta } = data;
  const now = { time, sequence: version, id };
  const said = { consignee: now, carrier: now, destination: now, eta: now };
  const header = { shipment, consignee, carrier, destination, eta, said };
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

/** The parts of a shipment's header. */
export const HEADER = ['consignee', 'carrier', 'destination', 'eta'] as const;
type Header = Readonly<Partial<Record<(typeof HEADER)[number], string | undefined>>>;

/** A shipment with the parts of its header that an event names; the others stay. */
function readdressed(shipment: Shipment, header: Header, { time, sequence, id }: LedgerEvent): Shipment {
  const now: Occurrence = { time, sequence, id };
  const { kind, version, shipment: name, consignee, carrier, destination, eta, said, ...rest } = shipment;
  const saidOf = (part: keyof Header) => (header[part] === undefined ? said[part] : newest(said[part], now));
  // In the order of every shipment, also of one from a snapshot, which leaves out what is not there.
  return {
    kind,
    version,
    shipment: name,
    consignee: header.consignee ?? consignee,
    carrier: header.carrier ?? carrier,
    destination: header.destination ?? destination,
    eta: header.eta ?? eta,
    said: {
      consignee: saidOf('consignee'),
      carrier: saidOf('carrier'),
      destination: saidOf('destination'),
      eta: saidOf('eta'),
    },
    ...rest,
  };
}
