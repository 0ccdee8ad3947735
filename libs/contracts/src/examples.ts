import type { EventType, Submitted } from './catalog.ts';

const reason = 'Agreed by both sides';
const memo = {
  kind: 'memo',
  uri: 'https://example.com/memo-december.pdf',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

/** What a submitter sends as `data`, one example of each type: OpenAPI and AsyncAPI show them, a test parses them. */
export const examples: { readonly [T in EventType]: Submitted<T> } = {
  'lading.ledger.opened.v1': { name: 'Nvidia allocations', keeper: 'nvidia' },
  'lading.party.registered.v1': {
    party: 'tesla',
    name: 'Tesla, Inc.',
    roles: ['customer'],
    controlledBy: ['elon-musk'],
  },
  'lading.item.registered.v1': {
    item: 'H100',
    name: 'H100 80 GB SXM5',
    maker: 'nvidia',
    tracking: 'quantity',
    eccn: '3A090',
    listPrice: { amount: '30000.00', currency: 'USD' },
  },
  'lading.order.placed.v1': {
    order: 'PO-TSLA-1',
    buyer: 'tesla',
    supplier: 'nvidia',
    lines: [{ line: '1', item: 'H100', quantity: 12000, window: { from: '2023-12-01', to: '2023-12-31' } }],
  },
  'lading.order.lines_added.v1': {
    order: 'PO-TSLA-1',
    lines: [{ line: '2', item: 'H100', quantity: 500, window: { from: '2024-01-01', to: '2024-01-31' } }],
  },
  'lading.order.line_changed.v1': {
    order: 'PO-TSLA-1',
    line: '1',
    owner: 'tesla',
    initiator: 'buyer',
    quantity: 10000,
    reason,
  },
  'lading.order.line_cancelled.v1': {
    order: 'PO-TSLA-1',
    line: '1',
    owner: 'tesla',
    initiator: 'seller',
    quantity: 500,
    reason,
  },
  'lading.shipment.dispatched.v1': {
    shipment: 'S-1',
    consignee: 'tesla',
    carrier: 'dhl',
    destination: 'Austin',
    eta: '2023-12-28',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'tesla', quantity: 12000 }],
  },
  'lading.shipment.rescheduled.v1': {
    shipment: 'S-1',
    eta: '2024-01-04',
    destination: 'Memphis',
    document: 'ASN-1-2',
    reason: 'Missed the flight',
  },
  'lading.shipment.received.v1': {
    shipment: 'S-1',
    by: 'x',
    final: true,
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', received: 11990, damaged: 10, surplus: 0 }],
  },
  'lading.shipment.lost.v1': {
    shipment: 'S-1',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', quantity: 5 }],
    reason: 'Fell off the pier',
  },
  'lading.units.returned.v1': {
    return: 'R-1',
    from: 'x',
    to: 'nvidia',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', quantity: 10, stage: 'damaged' }],
    reason: 'Damaged on arrival',
  },
  'lading.units.scrapped.v1': {
    custodian: 'x',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', quantity: 1 }],
    reason: 'Burnt out',
  },
  'lading.units.condition_changed.v1': {
    custodian: 'x',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', quantity: 2, to: 'damaged' }],
    reason: 'Water in the hall',
  },
  'lading.custody.transferred.v1': {
    from: 'x',
    to: 'xai',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', quantity: 100 }],
    reason: 'On loan',
  },
  'lading.count.adjusted.v1': {
    custodian: 'x',
    lines: [{ order: 'PO-TSLA-1', line: '1', owner: 'x', observed: 11980 }],
    reason: 'Yearly count',
  },
  'lading.reallocation.made.v1': {
    reallocation: 'RA-1',
    kind: 'reconsigned',
    from: 'tesla',
    to: 'x',
    destination: 'Memphis',
    eta: '2023-12-30',
    lines: [{ order: 'PO-TSLA-1', line: '1', quantity: 500, shipment: 'S-1' }],
    reason,
    authorisedBy: 'elon-musk',
    evidence: [memo],
  },
  'lading.swap.proposed.v1': {
    swap: 'SW-1',
    by: 'x',
    expires: '2023-12-31T00:00:00Z',
    authorisedBy: 'elon-musk',
    reason: 'Redirect 12,000 shipped H100 to X; X gives its January and June orders in exchange',
    evidence: [],
    legs: [
      { from: 'tesla', to: 'x', order: 'PO-TSLA-1', line: '1', quantity: 12000, shipment: 'S-1' },
      { from: 'x', to: 'tesla', order: 'PO-X-1', line: '1', quantity: 6000 },
      { from: 'x', to: 'tesla', order: 'PO-X-1', line: '2', quantity: 6000 },
    ],
  },
  'lading.swap.accepted.v1': { swap: 'SW-1', by: 'tesla', reason },
  'lading.swap.rejected.v1': { swap: 'SW-1', by: 'tesla', reason: 'We need them ourselves' },
  'lading.swap.withdrawn.v1': { swap: 'SW-1', by: 'x', reason: 'No longer needed' },
  'lading.swap.executed.v1': { swap: 'SW-1', by: 'nvidia' },
  'lading.event.voided.v1': {
    sequence: 17,
    reason: 'incorrect_data',
    corrections: [{ source: 'urn:nvidia:erp', id: 'asn-77-corrected' }],
  },
};
