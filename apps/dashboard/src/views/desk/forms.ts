/** A field of a form; its name is that of the field of the event. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'number' | 'moment' | 'date';
  /** One of these, and no other. */
  readonly options?: readonly string[];
  readonly optional?: boolean;
  /** What it names, so that what there is can be offered. */
  readonly of?: Named;
}
export type Named = 'parties' | 'orders' | 'shipments' | 'swaps' | 'holds';

/** What an event has one or more of: the lines of an order that it is about, or the legs of a swap. */
interface Parts {
  readonly name: 'lines' | 'legs';
  readonly one: string;
  readonly least: number;
  readonly fields: readonly Field[];
}

/** What the desk can do: a form, and the route that takes it. */
export interface Form {
  readonly name: string;
  readonly title: string;
  readonly about: 'Units' | 'Swaps' | 'Mistakes';
  readonly meaning: string;
  readonly fields: readonly Field[];
  readonly parts?: Parts;
  /** The route under the ledger; a field that it names in braces stands there, and not in what is sent. */
  readonly path: string;
  /** Without it the route takes the data of the event itself. */
  readonly type?: string;
}

const party = (name: string, label: string): Field => ({ name, label, of: 'parties' });
const orderLine: readonly Field[] = [
  { name: 'order', label: 'Order', of: 'orders' },
  { name: 'line', label: 'Line' },
];
const quantity: Field = { name: 'quantity', label: 'Units', type: 'number' };
const onShipment: Field = { name: 'shipment', label: 'Shipment, if on the way', of: 'shipments', optional: true };
const reason: Field = { name: 'reason', label: 'Reason', optional: true };
const authorisedBy: Field = { name: 'authorisedBy', label: 'Authorised by', optional: true };
const swap: Field = { name: 'swap', label: 'Swap', of: 'swaps' };

/** A line of an order, and how many of its units. */
const lines = (...fields: readonly Field[]): Parts => ({
  ...{ name: 'lines', one: 'Line', least: 1 },
  fields: [...orderLine, ...fields],
});

/** A step of a swap that is there already. */
const step = (name: string, title: string, route: string, meaning: string): Form => ({
  ...{ name, title, meaning, about: 'Swaps', path: `swaps/{swap}/${route}` },
  fields: [swap, party('by', 'On behalf of'), reason],
});

export const forms: readonly Form[] = [
  {
    ...{ name: 'reallocate', title: 'Reallocate', about: 'Units', path: 'reallocations' },
    meaning:
      'Units change their owner, one way: ordered ones are reassigned, those on the way reconsigned, held ones transferred.',
    fields: [
      { name: 'reallocation', label: 'Name of the reallocation' },
      { name: 'kind', label: 'Kind', options: ['reassigned', 'reconsigned', 'transferred'] },
      party('from', 'From'),
      party('to', 'To'),
      reason,
      authorisedBy,
    ],
    parts: lines(quantity, onShipment),
  },
  {
    ...{ name: 'dispatch', title: 'Dispatch', about: 'Units', path: 'events', type: 'lading.shipment.dispatched.v1' },
    meaning: 'Ordered units are handed to a carrier.',
    fields: [
      { name: 'shipment', label: 'Name of the shipment' },
      party('consignee', 'To be received by'),
      party('carrier', 'Carried by'),
      { name: 'destination', label: 'Destination', optional: true },
      { name: 'eta', label: 'Expected on', type: 'date', optional: true },
    ],
    parts: lines({ ...party('owner', 'Whose units'), optional: true }, quantity),
  },
  {
    ...{ name: 'receive', title: 'Receive', about: 'Units', path: 'events', type: 'lading.shipment.received.v1' },
    meaning: 'Units of a shipment have arrived.',
    fields: [{ name: 'shipment', label: 'Shipment', of: 'shipments' }, party('by', 'Received by')],
    parts: lines(
      party('owner', 'Whose units'),
      { name: 'received', label: 'In good order', type: 'number' },
      { name: 'damaged', label: 'Damaged', type: 'number', optional: true },
    ),
  },
  {
    ...{ name: 'hold', title: 'Hold', about: 'Units', path: 'holds' },
    meaning: 'Units of one owner are kept for a purpose until a moment.',
    fields: [
      { name: 'hold', label: 'Name of the hold' },
      party('owner', 'Whose units'),
      { name: 'purpose', label: 'Purpose' },
      { name: 'until', label: 'Until (UTC)', type: 'moment' },
      authorisedBy,
    ],
    parts: lines(quantity),
  },
  {
    ...{ name: 'release', title: 'Release', about: 'Units', path: 'holds/{hold}/release' },
    meaning: 'What a hold keeps is free again, before its time is over.',
    fields: [{ name: 'hold', label: 'Hold', of: 'holds' }, reason],
  },
  {
    ...{ name: 'propose', title: 'Propose', about: 'Swaps', path: 'swaps' },
    meaning:
      'Units for units: every party gives and receives. Nothing moves before all have accepted and it is executed.',
    fields: [
      { name: 'swap', label: 'Name of the swap' },
      party('by', 'Proposed by'),
      { name: 'expires', label: 'May be executed until (UTC)', type: 'moment', optional: true },
      reason,
      authorisedBy,
    ],
    parts: {
      ...{ name: 'legs', one: 'Leg', least: 2 },
      fields: [party('from', 'From'), party('to', 'To'), ...orderLine, quantity, onShipment],
    },
  },
  step(
    'accept',
    'Accept',
    'acceptance',
    'A party agrees to a swap. When the last one does, the units that it takes are kept for it.',
  ),
  step(
    'decline',
    'Decline',
    'rejection',
    'A party does not agree to a swap. That is final, and frees what was kept for it.',
  ),
  step('withdraw', 'Withdraw', 'withdrawal', 'Whoever proposed a swap takes it back, before it is executed.'),
  step('execute', 'Execute', 'execution', 'All legs of an accepted swap change their owner, at once.'),
  {
    ...{ name: 'void', title: 'Take back', about: 'Mistakes', path: 'voids' },
    meaning: 'A fact that was recorded by mistake is taken back. It is refused where something stands on it.',
    fields: [
      { name: 'sequence', label: 'Event', type: 'number' },
      { name: 'reason', label: 'Why', options: ['did_not_occur'] },
      { name: 'note', label: 'Note', optional: true },
    ],
  },
];
