import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { same } from './history.ts';

/** What an event says that a value is. */
interface Said {
  readonly value: string;
  readonly is: unknown;
}

/**
 * What must hold of every value that is set, over any history: what the events that occurred by any moment say of it last, in the order
 * in which they were recorded, is what the newest of them says. And units that were counted neither came nor left, by what was known,
 * after the moment of the count.
 */
export function isInOneOrder(events: readonly LedgerEvent[]): void {
  const times = [...new Set(events.map(({ time }) => time))];
  const begun = new Set<string>();
  const said = events.flatMap((event) => saidBy(event, begun).map((one) => ({ ...one, time: event.time })));
  for (const time of times) {
    const recorded = new Map<string, unknown>();
    const newest = new Map<string, { time: string; is: unknown }>();
    for (const one of said) {
      if (one.time > time) continue;
      recorded.set(one.value, one.is);
      if ((newest.get(one.value)?.time ?? '') <= one.time) newest.set(one.value, one);
    }
    const occurred = [...newest].map(([value, { is }]) => [value, is]);
    same(`what was said by ${time}`, [...recorded], occurred);
  }
  const moved = new Map<string, string>();
  for (const event of events) {
    const { data, type, time } = event;
    if (type === 'lading.count.adjusted.v1') {
      for (const { order, line, owner } of data.lines) {
        const last = moved.get(`${owner} ${data.custodian} ${order} ${line}`) ?? '';
        same('what moved before a count was recorded occurred before it', last <= time, true, { event, last });
      }
    }
    for (const { order, line, from, to } of movesOf(event)) {
      for (const { owner, custodian, stage } of [from, to]) {
        const key = `${owner} ${custodian} ${order} ${line}`;
        if (stage === 'held' && (moved.get(key) ?? '') < time) moved.set(key, time);
      }
    }
  }
}

const HEADER = ['consignee', 'carrier', 'destination', 'eta'] as const;

/** `begun`: the shipments that were dispatched before; another dispatch repeats the header. */
function saidBy({ type, data }: LedgerEvent, begun: Set<string>): Said[] {
  const said: Said[] = [];
  if (type === 'lading.party.registered.v1') said.push({ value: `party ${data.party}`, is: data });
  if (type === 'lading.item.registered.v1') said.push({ value: `item ${data.item}`, is: data });
  if (type === 'lading.order.placed.v1' || type === 'lading.order.lines_added.v1') {
    for (const { line, quantity, window } of data.lines) {
      said.push(
        { value: `total ${data.order} ${line}`, is: quantity },
        { value: `window ${data.order} ${line}`, is: window },
      );
    }
  }
  if (type === 'lading.order.confirmed.v1') {
    for (const { line, code, quantity, window } of data.lines)
      said.push({ value: `promise ${data.order} ${line}`, is: [code, quantity, window] });
  }
  if (type === 'lading.supply.committed.v1') {
    const { supplier, item, period, quantity } = data;
    said.push({ value: `committed ${supplier} ${item} ${period.from} ${period.to}`, is: quantity });
  }
  if (type === 'lading.order.line_changed.v1') {
    if (data.quantity !== undefined) said.push({ value: `total ${data.order} ${data.line}`, is: data.quantity });
    if (data.window !== undefined) said.push({ value: `window ${data.order} ${data.line}`, is: data.window });
  }
  if (type === 'lading.shipment.dispatched.v1' && !begun.has(data.shipment)) {
    begun.add(data.shipment);
    for (const part of HEADER) said.push({ value: `${part} ${data.shipment}`, is: data[part] ?? null });
  }
  if ('consignees' in data) {
    for (const { shipment, consignee } of data.consignees ?? [])
      said.push({ value: `consignee ${shipment}`, is: consignee });
  }
  if (type === 'lading.shipment.rescheduled.v1') {
    for (const part of HEADER)
      if (data[part] !== undefined) said.push({ value: `${part} ${data.shipment}`, is: data[part] });
  }
  if (type === 'lading.count.adjusted.v1') {
    for (const { order, line, owner, observed } of data.lines) {
      said.push({ value: `counted ${owner} ${data.custodian} ${order} ${line}`, is: observed });
    }
  }
  return said;
}
