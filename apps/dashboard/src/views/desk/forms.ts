import type { Problem } from '#contracts/problem';

/** A field of a form; its name is that of the field of the event. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'number' | 'moment';
  /** One of these, and no other. */
  readonly options?: readonly string[];
  readonly optional?: boolean;
  /** Stands in the line of the event, and not in the event itself. */
  readonly inLine?: boolean;
}

export type Values = Readonly<Record<string, string>>;

/** What the desk can do: a form, and the route that takes it. */
export interface Form {
  readonly name: string;
  readonly title: string;
  readonly meaning: string;
  readonly fields: readonly Field[];
  /** The route under the ledger. */
  readonly path: string;
  /** Without it the route takes the data of the event itself. */
  readonly type?: string;
}

const orderLine: readonly Field[] = [
  { name: 'order', label: 'Order', inLine: true },
  { name: 'line', label: 'Line', inLine: true },
];
const quantity: Field = { name: 'quantity', label: 'Units', type: 'number', inLine: true };

export const forms: readonly Form[] = [
  {
    ...{ name: 'reallocate', title: 'Reallocate', path: 'reallocations' },
    meaning:
      'Units change their owner, one way: ordered ones are reassigned, those on the way reconsigned, held ones transferred.',
    fields: [
      { name: 'reallocation', label: 'Name of the reallocation' },
      { name: 'kind', label: 'Kind', options: ['reassigned', 'reconsigned', 'transferred'] },
      { name: 'from', label: 'From' },
      { name: 'to', label: 'To' },
      ...orderLine,
      quantity,
      { name: 'shipment', label: 'Shipment, if on the way', inLine: true, optional: true },
      { name: 'reason', label: 'Reason', optional: true },
      { name: 'authorisedBy', label: 'Authorised by', optional: true },
    ],
  },
  {
    ...{ name: 'receive', title: 'Receive', path: 'events', type: 'lading.shipment.received.v1' },
    meaning: 'Units of a shipment have arrived.',
    fields: [
      { name: 'shipment', label: 'Shipment' },
      { name: 'by', label: 'Received by' },
      ...orderLine,
      { name: 'owner', label: 'Whose units', inLine: true },
      { name: 'received', label: 'In good order', type: 'number', inLine: true },
      { name: 'damaged', label: 'Damaged', type: 'number', inLine: true, optional: true },
    ],
  },
  {
    ...{ name: 'hold', title: 'Hold', path: 'holds' },
    meaning: 'Units of one owner are kept for a purpose until a moment.',
    fields: [
      { name: 'hold', label: 'Name of the hold' },
      { name: 'owner', label: 'Whose units' },
      { name: 'purpose', label: 'Purpose' },
      { name: 'until', label: 'Until (UTC)', type: 'moment' },
      ...orderLine,
      quantity,
    ],
  },
  {
    ...{ name: 'void', title: 'Take back', path: 'voids' },
    meaning: 'A fact that was recorded by mistake is taken back. It is refused where something stands on it.',
    fields: [
      { name: 'sequence', label: 'Event', type: 'number' },
      { name: 'reason', label: 'Why', options: ['did_not_occur'] },
      { name: 'note', label: 'Note', optional: true },
    ],
  },
];

export const isComplete = ({ fields }: Form, values: Values): boolean =>
  fields.every(({ name, optional = false }) => optional || (values[name] ?? '').trim() !== '');

/** What is sent: the data of the event, or the whole event where the route asks for it. */
export function bodyOf(form: Form, values: Values, id: string, now: Date): object {
  const [own, line] = [false, true].map((wanted) =>
    Object.fromEntries(
      form.fields.flatMap((field) => {
        const text = (values[field.name] ?? '').trim();
        return (field.inLine ?? false) !== wanted || text === '' ? [] : [[field.name, valueOf(field, text)]];
      }),
    ),
  );
  const hasLine = form.fields.some(({ inLine }) => inLine === true);
  const data = { ...own, ...(hasLine && { lines: [line] }) };
  if (form.type === undefined) return data;
  return { specversion: '1.0', id, source: 'urn:lading:dashboard', type: form.type, time: now.toISOString(), data };
}

function valueOf({ type }: Field, text: string): unknown {
  // What is no number is sent as it is: the ledger says what is wrong with it, beside the field.
  if (type === 'number') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  return type === 'moment' && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00Z` : text;
}

/** Which field a rejection is about, by the facts that the ledger gives. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  'insufficient-quantity': ['quantity', 'received'],
  'unknown-party': ['to', 'from', 'by', 'owner'],
  'unknown-order': ['order'],
  'unknown-order-line': ['line'],
  'unknown-shipment': ['shipment'],
  'unknown-event': ['sequence'],
};

/** What is wrong, by field; what is about no field of the form stands under the empty name. */
export function wrongIn({ fields }: Form, problem: Problem): ReadonlyMap<string, string> {
  const has = (name: string) => fields.some((field) => field.name === name);
  const found = new Map<string, string>();
  for (const { pointer, detail } of problem.errors ?? []) {
    const name = pointer.split('/').at(-1) ?? '';
    found.set(has(name) ? name : '', detail);
  }
  if (found.size === 0) found.set(ABOUT[problem.code]?.find(has) ?? '', problem.detail);
  return found;
}
