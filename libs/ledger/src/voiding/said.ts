import { type LedgerEvent, movesOf } from '#contracts/cloudEvent';
import { eachName, namingIn } from '#contracts/names';
import { keyOf } from '#contracts/scalars';
import type { EntityKey } from '../entity.ts';
import { standingIn } from '../evolve.ts';
import { endedHold, holdOf } from '../order/evolveOrder.ts';
import { HEADER } from '../shipment/evolveShipment.ts';
import type { Recorded } from '../view.ts';

type Value = 'quantity' | 'window' | 'promise';

/** What an event says of the values of a line. */
interface Said {
  readonly sets: readonly Value[];
  readonly uses: readonly Value[];
}

/** The name of a value of a line, which is by `keyOf` itself. */
export const valueOf = (value: Value, line: string): string => `${value} ${line}`;

/** The name of a part of a shipment's header. */
export const partOf = (part: Part, shipment: string): string => `header ${part} ${shipment}`;

/** By `keyOf`, order and line. */
export function valuesIn({ type, data }: LedgerEvent): Map<string, Said> {
  const said = new Map<string, Said>();
  if (type === 'lading.order.line_changed.v1') {
    const sets: Value[] = [];
    if (data.quantity !== undefined) sets.push('quantity');
    if (data.window !== undefined) sets.push('window', 'promise');
    said.set(keyOf(data.order, data.line), { sets, uses: sets });
  } else if (type === 'lading.order.line_cancelled.v1')
    said.set(keyOf(data.order, data.line), { sets: ['quantity'], uses: ['quantity'] });
  else if (type === 'lading.order.confirmed.v1')
    // A confirmation answers what is ordered.
    for (const { line } of data.lines)
      said.set(keyOf(data.order, line), { sets: ['promise'], uses: ['promise', 'quantity', 'window'] });
  return said;
}

/** The parts of shipments' headers that an event says. */
type Part = (typeof HEADER)[number];

export function headersIn({ type, data }: LedgerEvent): Map<string, Part[]> {
  const said = new Map<string, Part[]>();
  const add = (shipment: string, header: object): void => {
    const parts = HEADER.filter((part) => (header as Readonly<Record<string, unknown>>)[part] !== undefined);
    said.set(shipment, [...(said.get(shipment) ?? []), ...parts]);
  };
  if (type === 'lading.shipment.dispatched.v1' || type === 'lading.shipment.rescheduled.v1') add(data.shipment, data);
  if ('consignees' in data) for (const change of data.consignees ?? []) add(change.shipment, change);
  return said;
}

/** The order lines that an event names or moves units of. */
export function linesIn({ type, data }: LedgerEvent): Set<string> {
  const lines = new Set<string>();
  const own = 'order' in data ? data.order : undefined;
  eachName(namingIn(type).completed, data, (id, { what }, { order = own }) => {
    if (what === 'line' && typeof order === 'string') lines.add(keyOf(order, id));
  });
  return lines;
}

/** The shipments on which an event moves units. */
export const shipmentsIn = (event: LedgerEvent): Set<string> =>
  new Set(movesOf(event).flatMap(({ from, to }) => [from.shipment, to.shipment].filter((one) => one !== undefined)));

/** Whose units of which lines an event holds, by `keyOf`. */
export const holdsOf = (event: LedgerEvent): string[] =>
  holdOf(event)?.lines.map(({ order, line, owner }) => keyOf(order, line, owner)) ?? [];

/** What an event stopped holding: what began the hold is in a stream of it. */
export function releasedBy({ event, streams }: Recorded): Set<string> {
  if (endedHold(event) === undefined) return new Set();
  const begun = [...streams].filter(([key]) => key.startsWith('hold/') || key.startsWith('swap/'));
  const earlier = begun.flatMap(([, stream]) => standingIn(stream).filter((one) => one.sequence < event.sequence));
  return new Set(earlier.flatMap(holdsOf));
}

/** What stands of a stream from before an event. */
export const standingBefore = (key: EntityKey, sequence: number, streams: Recorded['streams']): LedgerEvent[] =>
  standingIn(streams.get(key) ?? []).filter((event) => event.sequence < sequence);

type Header = Partial<Record<Part, string | undefined>>;

/**
 * A shipment's header before an event; undefined: there was no such shipment. Its events are gone through from the last one, since each of
 * hundreds that are taken back in one batch asks for it.
 */
export function headerBefore(shipment: string, sequence: number, streams: Recorded['streams']): Header | undefined {
  const events = standingBefore(`shipment/${shipment}`, sequence, streams);
  if (events.length === 0) return undefined;
  const header: Header = {};
  for (const event of events.toReversed()) {
    if (HEADER.every((part) => header[part] !== undefined)) break;
    const said = saidOf(shipment, event);
    for (const part of HEADER) header[part] ??= said[part];
  }
  return header;
}

function saidOf(shipment: string, { type, data }: LedgerEvent): Header {
  if (type === 'lading.shipment.dispatched.v1' || type === 'lading.shipment.rescheduled.v1')
    return data.shipment === shipment ? data : {};
  const changes = 'consignees' in data ? (data.consignees ?? []) : [];
  return changes.find((one) => one.shipment === shipment) ?? {};
}

/** The parts of headers that an event changed: a dispatch that adds lines repeats most of them. */
export function changedHeaders({ event, streams }: Pick<Recorded, 'event' | 'streams'>): Map<string, Part[]> {
  const said = headersIn(event);
  if (event.type !== 'lading.shipment.dispatched.v1') return said;
  const { shipment } = event.data;
  const before = headerBefore(shipment, event.sequence, streams);
  if (before === undefined) return said;
  const changed = HEADER.filter((part) => event.data[part] !== undefined && event.data[part] !== before[part]);
  return new Map([[shipment, changed]]);
}
