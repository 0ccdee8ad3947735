import type { EventType, Submitted } from '#contracts/catalog';

/** What a story tells: a type and its data; the story gives it a time. */
export type Told<T extends EventType = EventType> = { [K in T]: { readonly type: K; readonly data: Submitted<K> } }[T];

/** Any fact, told by its short name: `tell('swap.accepted', { swap, by })`. */
export const tell = <S extends Short>(short: S, data: Submitted<`lading.${S}.v1`>): Told =>
  ({ type: `lading.${short}.v1`, data }) as Told;

export type Short = EventType extends infer T ? (T extends `lading.${infer S}.v1` ? S : never) : never;

/** What the events of a story carry. */
export const asNvidia = { ledger: 'nvidia', source: 'urn:test', actor: 'test' };

export const december = { from: '2023-12-01', to: '2023-12-31' };
export const january = { from: '2024-01-01', to: '2024-01-31' };
export const june = { from: '2024-06-01', to: '2024-06-30' };

type PlacedLine = Submitted<'lading.order.placed.v1'>['lines'][number];
type Line = Partial<PlacedLine> & { quantity: number };

/** An order on nvidia of H100 for December, one line or more: lines are called 1, 2, 3 … */
export const placed = (order: string, buyer: string, ...lines: (number | Line)[]): Told =>
  tell('order.placed', {
    order,
    buyer,
    supplier: 'nvidia',
    lines: lines.map((line, at) => ({
      line: String(at + 1),
      item: 'H100',
      window: december,
      ...(typeof line === 'number' ? { quantity: line } : line),
    })),
  });

type DispatchedLine = Submitted<'lading.shipment.dispatched.v1'>['lines'][number];
type Header = Partial<Omit<Submitted<'lading.shipment.dispatched.v1'>, 'shipment' | 'lines'>>;

/** Dispatched with dhl to tesla, unless the header says otherwise. */
export const dispatched = (shipment: string, lines: DispatchedLine[], header: Header = {}): Told =>
  tell('shipment.dispatched', { shipment, consignee: 'tesla', carrier: 'dhl', ...header, lines });

type ReceivedLine = Submitted<'lading.shipment.received.v1'>['lines'][number];

export const received = (shipment: string, by: string, lines: ReceivedLine[], final?: boolean): Told =>
  tell('shipment.received', { shipment, by, lines, ...(final === undefined ? {} : { final }) });

type Leg = Submitted<'lading.swap.proposed.v1'>['legs'][number];

export const proposed = (
  swap: string,
  by: string,
  legs: Leg[],
  rest: Partial<Submitted<'lading.swap.proposed.v1'>> = {},
): Told => tell('swap.proposed', { swap, by, legs, ...rest });

export const accepted = (swap: string, by: string): Told => tell('swap.accepted', { swap, by });
export const executed = (swap: string, by: string): Told => tell('swap.executed', { swap, by });

/** One owner's units of one order line, as lines of events name them. */
export const of = (order: string, line: string, owner?: string) =>
  owner === undefined ? { order, line } : { order, line, owner };

/** Everybody in the stories: nvidia supplies, dhl carries, tesla, x and xai buy; H100 by quantity, D1 by serial number. */
export const cast: readonly Told[] = [
  tell('ledger.opened', { name: 'Nvidia allocations', keeper: 'nvidia' }),
  tell('party.registered', { party: 'nvidia', name: 'Nvidia', roles: ['supplier'] }),
  tell('party.registered', { party: 'amd', name: 'AMD', roles: ['supplier'] }),
  ...['tesla', 'x', 'xai'].map((party) => tell('party.registered', { party, name: party, roles: ['customer'] })),
  tell('party.registered', { party: 'dhl', name: 'DHL', roles: ['carrier'] }),
  tell('item.registered', { item: 'H100', name: 'H100 80 GB', tracking: 'quantity' }),
  tell('item.registered', { item: 'D1', name: 'Dojo tile', tracking: 'serial' }),
];
