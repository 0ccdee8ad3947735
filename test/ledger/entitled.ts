import type { EventType, Submitted } from '#contracts/catalog';
import { dispatched, january, of, placed, proposed, received, tell, type Told } from './facts.ts';

const amds = { ...of('PO-A', '1'), owner: 'xai' };
const lost = ({ order, line }: { order: string; line: string }) => [{ order, line, stage: 'lost' as const }];
const teslas = { ...of('PO-1', '1'), owner: 'tesla' };

/** A hold, but for its lines. */
const held = (hold: string, owner: string) => ({ hold, owner, purpose: 'Kept', until: '2030-01-01T00:00:00Z' });

/**
 * Two suppliers and their customers in one ledger. tesla buys of nvidia, and xai of amd; dhl carries for both. x has bought
 * something of nvidia, and has units of tesla's in its halls.
 */
export const rivals: readonly Told[] = [
  tell('party.registered', { party: 'ups', name: 'UPS', roles: ['carrier'] }),
  tell('item.registered', { item: 'B100', name: 'B100', maker: 'nvidia', tracking: 'quantity' }),
  tell('item.registered', { item: 'MI300', name: 'MI300', maker: 'amd', tracking: 'quantity' }),
  placed('PO-1', 'tesla', 100, 50, { quantity: 5, item: 'B100' }),
  placed('PO-2', 'x', 10),
  tell('order.placed', {
    order: 'PO-A',
    buyer: 'xai',
    supplier: 'amd',
    lines: [{ line: '1', item: 'MI300', quantity: 100, window: january }],
  }),
  dispatched('S-1', [{ ...teslas, quantity: 60 }]),
  received('S-1', 'x', [{ ...teslas, received: 20 }]),
  dispatched('S-2', [{ ...teslas, quantity: 9 }]),
  dispatched('S-A', [{ ...amds, quantity: 60 }], { consignee: 'xai', carrier: 'ups' }),
  received('S-A', 'xai', [{ ...amds, received: 20 }]),
  tell('units.held', { ...held('H-T', 'tesla'), lines: [{ ...of('PO-1', '2'), quantity: 1 }] }),
  tell('units.held', { ...held('H-A', 'xai'), lines: [{ ...of('PO-A', '1'), quantity: 1 }] }),
  ...['SW-1', 'SW-2', 'SW-3'].map((id) =>
    proposed(id, 'x', [
      { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 1 },
      { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 1 },
    ]),
  ),
];

/** Everybody in it; `nobody` is not registered. */
export const everybody = ['nvidia', 'amd', 'tesla', 'x', 'xai', 'dhl', 'ups', 'nobody'];

interface Saying<T extends EventType> {
  readonly data: Submitted<T>;
  /** Who may say it. */
  readonly may: readonly string[];
}

/** Of each type: what somebody may say, and who alone. None of them depends on another one. */
export const sayings: { readonly [T in EventType]: readonly Saying<T>[] } = {
  'lading.ledger.opened.v1': [{ data: { name: 'L', keeper: 'nvidia' }, may: [] }],
  'lading.event.voided.v1': [{ data: { sequence: 3, reason: 'did_not_occur' }, may: [] }],
  'lading.party.registered.v1': [
    { data: { party: 'tesla', name: 'Tesla, Inc.', roles: ['customer'], controlledBy: ['elon-musk'] }, may: ['tesla'] },
    { data: { party: 'nobody', name: 'Somebody', roles: ['customer'] }, may: ['nobody'] },
    { data: { party: 'tesla', name: 'Tesla', roles: ['customer', 'supplier'] }, may: [] },
    { data: { party: 'nvidia', name: 'Out of business', roles: ['customer'] }, may: [] },
  ],
  'lading.item.registered.v1': [
    { data: { item: 'B200', name: 'B200', maker: 'nvidia', tracking: 'quantity' }, may: ['nvidia'] },
    { data: { item: 'MI300', name: 'MI300X', maker: 'amd', tracking: 'quantity' }, may: ['amd'] },
    { data: { item: 'MI300', name: 'A copy', maker: 'nvidia', tracking: 'quantity' }, may: [] },
    { data: { item: 'H100', name: 'Of nobody', tracking: 'quantity' }, may: [] },
  ],
  'lading.order.placed.v1': [
    {
      data: {
        order: 'PO-3',
        buyer: 'tesla',
        supplier: 'nvidia',
        lines: [{ line: '1', item: 'H100', quantity: 1, window: january }],
      },
      may: ['nvidia', 'tesla'],
    },
  ],
  'lading.order.lines_added.v1': [
    {
      data: { order: teslas.order, lines: [{ line: '9', item: 'H100', quantity: 1, window: january }] },
      may: ['nvidia', 'tesla'],
    },
  ],
  'lading.order.confirmed.v1': [
    { data: { order: teslas.order, lines: [{ line: '1', code: 'accepted' }] }, may: ['nvidia'] },
    { data: { order: 'PO-A', lines: [{ line: '1', code: 'rejected' }] }, may: ['amd'] },
    { data: { order: 'PO-9', lines: [{ line: '1', code: 'accepted' }] }, may: [] },
  ],
  'lading.order.line_changed.v1': [
    { data: { ...teslas, initiator: 'seller', quantity: 99 }, may: ['nvidia'] },
    { data: { ...teslas, initiator: 'buyer', quantity: 99 }, may: ['tesla'] },
    { data: { ...of('PO-A', '1'), initiator: 'seller', window: january }, may: ['amd'] },
    { data: { ...of('PO-9', '1'), initiator: 'seller', window: january }, may: [] },
  ],
  'lading.order.line_cancelled.v1': [
    { data: { ...teslas, initiator: 'seller', quantity: 1 }, may: ['nvidia'] },
    { data: { ...teslas, initiator: 'buyer', quantity: 1 }, may: ['tesla'] },
  ],
  'lading.supply.committed.v1': [
    { data: { supplier: 'nvidia', item: 'H100', period: january, quantity: 100 }, may: ['nvidia'] },
    { data: { supplier: 'amd', item: 'H100', period: january, quantity: 100 }, may: ['amd'] },
  ],
  'lading.shipment.dispatched.v1': [
    {
      data: { shipment: 'S-3', consignee: 'tesla', carrier: 'dhl', lines: [{ ...teslas, quantity: 1 }] },
      may: ['nvidia'],
    },
    {
      data: { shipment: 'S-2', consignee: 'tesla', carrier: 'dhl', lines: [{ ...teslas, quantity: 1 }] },
      may: ['nvidia'],
    },
    {
      data: {
        ...{ shipment: 'S-3', consignee: 'tesla', carrier: 'dhl' },
        lines: [{ ...of('PO-1', '3'), quantity: 1, substitutes: of('PO-1', '1') }],
      },
      may: ['nvidia'],
    },
    {
      data: {
        ...{ shipment: 'S-3', consignee: 'tesla', carrier: 'dhl' },
        lines: [{ ...of('PO-1', '3'), quantity: 1, substitutes: of('PO-A', '1') }],
      },
      may: [],
    },
    {
      data: { shipment: 'S-2', consignee: 'xai', carrier: 'ups', lines: [{ ...amds, quantity: 1 }] },
      may: [],
    },
    {
      data: {
        shipment: 'S-3',
        consignee: 'tesla',
        carrier: 'dhl',
        lines: [
          { ...teslas, quantity: 1 },
          { ...amds, quantity: 1 },
        ],
      },
      may: [],
    },
  ],
  'lading.shipment.rescheduled.v1': [
    { data: { shipment: 'S-2', eta: '2024-02-01' }, may: ['nvidia', 'dhl'] },
    { data: { shipment: 'S-A', consignee: 'xai', destination: 'Memphis' }, may: ['amd', 'ups'] },
    { data: { shipment: 'S-9', eta: '2024-02-01' }, may: [] },
  ],
  'lading.shipment.received.v1': [
    { data: { shipment: 'S-2', by: 'tesla', lines: [{ ...teslas, received: 1 }] }, may: ['tesla'] },
    { data: { shipment: 'S-2', by: 'dhl', lines: [{ ...teslas, received: 1 }] }, may: ['dhl'] },
    { data: { shipment: 'S-2', by: 'xai', lines: [{ ...teslas, received: 1 }] }, may: [] },
    { data: { shipment: 'S-2', by: 'tesla', lines: [{ ...amds, received: 0, surplus: 1 }] }, may: [] },
    { data: { shipment: 'S-9', by: 'tesla', lines: [{ ...teslas, received: 1 }] }, may: [] },
    {
      data: {
        ...{ shipment: 'S-2', by: 'dhl' },
        lines: [{ ...of('PO-1', '3'), received: 1, substitutes: of('PO-1', '1') }],
      },
      may: ['dhl'],
    },
    {
      data: {
        ...{ shipment: 'S-2', by: 'dhl' },
        lines: [{ ...of('PO-2', '1'), received: 1, substitutes: of('PO-1', '1') }],
      },
      may: [],
    },
    {
      data: {
        ...{ shipment: 'S-2', by: 'dhl' },
        lines: [{ ...of('PO-1', '3'), received: 1, substitutes: of('PO-A', '1') }],
      },
      may: [],
    },
  ],
  'lading.shipment.lost.v1': [
    { data: { shipment: 'S-2', lines: [{ ...teslas, quantity: 1 }] }, may: ['nvidia', 'dhl'] },
    { data: { shipment: 'S-A', lines: [{ ...amds, quantity: 1 }] }, may: ['amd', 'ups'] },
    { data: { shipment: 'S-2', lines: [{ ...teslas, quantity: 1, custodian: 'dhl' }] }, may: ['nvidia', 'dhl'] },
  ],
  'lading.units.returned.v1': [
    { data: { return: 'R-1', from: 'x', to: 'nvidia', lines: [{ ...teslas, quantity: 1 }] }, may: ['x'] },
    { data: { return: 'R-1', from: 'x', to: 'amd', lines: [{ ...amds, quantity: 1 }] }, may: [] },
    {
      data: { return: 'R-2', from: 'tesla', to: 'nvidia', shipment: 'S-2', lines: [{ ...teslas, quantity: 1 }] },
      may: ['tesla'],
    },
    {
      data: { return: 'R-2', from: 'xai', to: 'nvidia', shipment: 'S-2', lines: [{ ...teslas, quantity: 1 }] },
      may: [],
    },
  ],
  'lading.units.scrapped.v1': [
    { data: { custodian: 'x', lines: [{ ...teslas, quantity: 1 }] }, may: ['x'] },
    { data: { custodian: 'ups', lines: [{ ...teslas, quantity: 1 }] }, may: [] },
  ],
  'lading.units.condition_changed.v1': [
    { data: { custodian: 'x', lines: [{ ...teslas, quantity: 1, to: 'damaged' }] }, may: ['x'] },
    { data: { custodian: 'ups', lines: [{ ...teslas, quantity: 1, to: 'damaged' }] }, may: [] },
  ],
  'lading.custody.transferred.v1': [
    { data: { from: 'dhl', to: 'ups', shipment: 'S-2', lines: [{ ...teslas, quantity: 1 }] }, may: ['dhl'] },
    { data: { from: 'ups', to: 'dhl', shipment: 'S-2', lines: [{ ...teslas, quantity: 1 }] }, may: [] },
    { data: { from: 'x', to: 'xai', lines: [{ ...teslas, quantity: 1 }] }, may: ['x'] },
    {
      data: {
        from: 'x',
        to: 'xai',
        lines: [
          { ...teslas, quantity: 1 },
          { ...amds, quantity: 1 },
        ],
      },
      may: [],
    },
  ],
  'lading.count.adjusted.v1': [
    { data: { custodian: 'x', lines: [{ ...teslas, observed: 19 }] }, may: ['x'] },
    { data: { custodian: 'x', lines: [{ ...amds, observed: 19 }] }, may: [] },
    { data: { custodian: 'x', lines: [{ ...teslas, observed: 99, from: lost(teslas) }] }, may: ['x'] },
    { data: { custodian: 'x', lines: [{ ...teslas, observed: 99, from: lost(amds) }] }, may: [] },
  ],
  'lading.reallocation.made.v1': [
    {
      data: {
        reallocation: 'RA-1',
        kind: 'reassigned',
        from: 'tesla',
        to: 'x',
        lines: [{ ...of('PO-1', '1'), quantity: 1 }],
      },
      may: ['tesla'],
    },
    {
      data: {
        reallocation: 'RA-1',
        kind: 'reassigned',
        from: 'xai',
        to: 'amd',
        lines: [{ ...of('PO-1', '1'), quantity: 1 }],
      },
      may: [],
    },
    {
      data: {
        reallocation: 'RA-1',
        kind: 'reassigned',
        from: 'tesla',
        to: 'x',
        hold: 'H-A',
        lines: [{ ...of('PO-1', '1'), quantity: 1 }],
      },
      may: [],
    },
  ],
  'lading.units.held.v1': [
    { data: { ...held('H-4', 'tesla'), lines: [{ ...of('PO-1', '1'), quantity: 1 }] }, may: ['tesla'] },
    { data: { ...held('H-5', 'xai'), lines: [{ ...of('PO-1', '1'), quantity: 1 }] }, may: [] },
    { data: { ...held('H-A', 'tesla'), lines: [{ ...of('PO-1', '1'), quantity: 1 }] }, may: [] },
  ],
  'lading.units.released.v1': [
    { data: { hold: 'H-T' }, may: ['tesla'] },
    { data: { hold: 'H-A' }, may: ['xai'] },
    { data: { hold: 'H-9' }, may: [] },
  ],
  'lading.swap.proposed.v1': [
    {
      data: {
        swap: 'SW-4',
        by: 'tesla',
        legs: [
          { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 1 },
          { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 1 },
        ],
      },
      may: ['tesla'],
    },
  ],
  'lading.swap.accepted.v1': [
    { data: { swap: 'SW-1', by: 'tesla' }, may: ['tesla'] },
    { data: { swap: 'SW-1', by: 'amd' }, may: [] },
    { data: { swap: 'SW-9', by: 'tesla' }, may: [] },
  ],
  'lading.swap.rejected.v1': [
    { data: { swap: 'SW-2', by: 'tesla' }, may: ['tesla'] },
    { data: { swap: 'SW-2', by: 'xai' }, may: [] },
  ],
  'lading.swap.withdrawn.v1': [
    { data: { swap: 'SW-3', by: 'x' }, may: ['x'] },
    { data: { swap: 'SW-3', by: 'ups' }, may: [] },
  ],
  'lading.swap.executed.v1': [
    // Not yet: tesla has to accept. Whoever may say so learns that.
    { data: { swap: 'SW-2', by: 'nvidia' }, may: ['nvidia'] },
    { data: { swap: 'SW-2', by: 'amd' }, may: [] },
  ],
};
