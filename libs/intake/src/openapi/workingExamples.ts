import { type EventType, type Submitted, typesOf } from '#contracts/catalog';
import type { Service } from '#contracts/define';
import { examples } from '#contracts/examples';

type Story = { readonly [T in EventType]?: Submitted<T> };

/**
 * What is tried out first has to work, also twice: on the ledger that `npm start` fills with the memo, each of these is recorded, and
 * none changes what another needs. `test/contracts/examples.int.spec.ts` sends them all.
 */
const STORY: Story = {
  'lading.party.registered.v1': { party: 'acme', name: 'Acme', roles: ['customer'] },
  'lading.item.registered.v1': { item: 'GB200', name: 'GB200 NVL72', maker: 'nvidia', tracking: 'serial' },
  'lading.order.placed.v1': {
    order: 'PO-ACME-1',
    buyer: 'acme',
    supplier: 'nvidia',
    lines: [{ line: '1', item: 'GB200', quantity: 2, window: { from: '2023-12-01', to: '2024-03-31' } }],
  },
  'lading.shipment.dispatched.v1': {
    shipment: 'S-ACME-1',
    consignee: 'acme',
    carrier: 'carrier-1',
    lines: [{ order: 'PO-ACME-1', line: '1', owner: 'acme', quantity: 2, serials: ['GB200-000001', 'GB200-000002'] }],
  },
  'lading.reallocation.made.v1': reallocation('RA-2'),
  'lading.units.held.v1': hold('H-1'),
  'lading.units.released.v1': { hold: 'H-1', reason: 'The licence is there' },
  'lading.swap.proposed.v1': proposal('SW-2'),
};

function reallocation(name: string): Submitted<'lading.reallocation.made.v1'> {
  return {
    ...{ reallocation: name, kind: 'reassigned', from: 'tesla', to: 'x' },
    lines: [{ order: 'PO-X-1', line: '2', quantity: 10 }],
    reason: 'X needs ten of them first',
  };
}

function hold(name: string): Submitted<'lading.units.held.v1'> {
  return {
    ...{ hold: name, owner: 'x', purpose: 'Export licence', until: '2099-12-31T00:00:00Z' },
    lines: [{ order: 'PO-TSLA-1', line: '1', quantity: 10 }],
  };
}

function proposal(swap: string): Submitted<'lading.swap.proposed.v1'> {
  return {
    ...{ swap, by: 'x', reason: 'Ten that are there for ten that are promised' },
    legs: [
      { from: 'x', to: 'tesla', order: 'PO-TSLA-1', line: '1', quantity: 10 },
      { from: 'tesla', to: 'x', order: 'PO-X-1', line: '2', quantity: 10 },
    ],
  };
}

const cloudEvent = (type: EventType, data: unknown): unknown => ({
  specversion: '1.0',
  id: `example-${type.split('.').slice(1, -1).join('-')}`,
  source: 'urn:example:erp',
  type,
  time: '2023-12-29T09:00:00Z',
  data,
});

/** One event of each of these types, those that work first: the page shows the first. */
export function eventExamples(types: readonly EventType[]): Readonly<Record<string, { readonly value: unknown }>> {
  const first = types.filter((type) => type in STORY);
  const all = [...first, ...types.filter((type) => !first.includes(type))];
  return Object.fromEntries(all.map((type) => [type, { value: cloudEvent(type, STORY[type] ?? examples[type]) }]));
}

/** Events in an order in which all of them work: those of the first of these services. */
export const workingEvents = ([first]: readonly Service[]): unknown[] =>
  typesOf(first ?? 'shipments').flatMap((type) => (type in STORY ? [cloudEvent(type, STORY[type])] : []));

/** Which swap or hold each step is tried out on: every one of them is begun by an example of the route that does. */
export const TRIED_ON: Readonly<Record<string, string>> = {
  'lading.swap.accepted.v1': 'SW-3',
  'lading.swap.executed.v1': 'SW-3',
  'lading.swap.rejected.v1': 'SW-4',
  'lading.swap.withdrawn.v1': 'SW-5',
  'lading.units.released.v1': 'H-2',
};

const SHOWN = {
  'SW-3': 'one to accept and execute',
  'SW-4': 'one to reject',
  'SW-5': 'one to withdraw',
};

/** The bodies of a plain route. */
export function plainExamples(
  type: EventType,
): Readonly<Record<string, { readonly summary: string; readonly value: unknown }>> {
  if (type === 'lading.reallocation.made.v1')
    return { reassigned: { summary: 'ordered units', value: reallocation('RA-3') } };
  if (type === 'lading.event.voided.v1')
    return { wrong: { summary: 'an event on which nothing stands', value: { sequence: 8, reason: 'did_not_occur' } } };
  if (type === 'lading.units.held.v1') return { kept: { summary: 'units that are there', value: hold('H-2') } };
  if (type === 'lading.units.released.v1')
    return { released: { summary: 'the hold of the path', value: { reason: 'The licence is there' } } };
  if (type === 'lading.swap.proposed.v1') {
    const proposals = Object.entries(SHOWN).map(([swap, summary]) => [swap, { summary, value: proposal(swap) }]);
    return Object.fromEntries(proposals) as ReturnType<typeof plainExamples>;
  }
  const { swap: _, ...body } = examples[type] as { swap: string };
  return { [String(TRIED_ON[type])]: { summary: 'the swap of the path', value: body } };
}
