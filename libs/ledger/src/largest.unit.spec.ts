import { describe, expect, it } from 'vitest';
import { MAX_LINES } from '#contracts/bounded';
import { eventText, MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import { january, type Told, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const [order, other, shipment] = ['PO/2026/00042', 'PO/2026/00043', 'SHP-2026-00042'];
const [buyer, supplier, carrier, custodian, item] = [
  'lambda-labs',
  'supermicro',
  'dhl-express',
  'equinix',
  'H100-80GB',
];
const each = <T>(said: (line: string) => T): T[] =>
  Array.from({ length: MAX_LINES }, (_, n) => said(`WH/OUT/${String(n).padStart(5, '0')}`));
const of = (more: object) => each((line) => ({ order, line, owner: buyer, ...more })) as never;
const register = (party: string) =>
  tell('party.registered', { party, name: party, roles: ['supplier', 'customer', 'carrier'] });
const place = (order: string, buyer: string) =>
  tell('order.placed', {
    ...{ order, buyer, supplier },
    lines: each((line) => ({ line, item, quantity: 100, window: january })),
  });
const legs = each((line) => line).map((line, at) =>
  at % 2 === 0
    ? { from: buyer, to: 'tesla', order, line, quantity: 1 }
    : { from: 'tesla', to: buyer, order: other, line, quantity: 1 },
);

const cast = [
  ...[buyer, supplier, carrier, custodian].map(register),
  tell('item.registered', { item, name: item, tracking: 'quantity' }),
];
const largest: readonly Told[] = [
  place(order, buyer),
  place(other, 'tesla'),
  tell('order.lines_added', {
    order,
    lines: each((line) => ({ line: `${line}/2`, item, quantity: 10, window: january })),
  }),
  tell('swap.proposed', { swap: 'SWAP/2026/00042', by: buyer, legs }),
  tell('swap.accepted', { swap: 'SWAP/2026/00042', by: 'tesla' }),
  tell('swap.executed', { swap: 'SWAP/2026/00042', by: 'tesla' }),
  tell('reallocation.made', {
    ...{ reallocation: 'RA/2026/00042', kind: 'reassigned', from: buyer, to: 'tesla', reason: 'Needed first' },
    lines: each((line) => ({ order, line, quantity: 1 })),
  }),
  tell('shipment.dispatched', {
    ...{ shipment, consignee: buyer, carrier },
    lines: of({ quantity: 50 }),
  }),
  tell('shipment.lost', { shipment, lines: of({ quantity: 1 }) }),
  tell('shipment.received', { shipment, by: custodian, lines: of({ received: 40 }) }),
  tell('custody.transferred', { from: custodian, to: buyer, lines: of({ quantity: 10 }) }),
  tell('units.condition_changed', { custodian: buyer, lines: of({ quantity: 2, to: 'damaged' }) }),
  tell('units.returned', {
    ...{ return: 'RMA/2026/00042', from: buyer, to: supplier },
    lines: of({ quantity: 1, stage: 'damaged' }),
  }),
  tell('units.scrapped', { custodian: buyer, lines: of({ quantity: 1 }) }),
  tell('count.adjusted', { custodian, lines: of({ observed: 29 }) }),
];

describe('an event of as many lines as the contract takes, with ids of usual length', () => {
  const story = given(...cast);
  it.each(largest)('fits with all that the ledger adds: $type', (told) => {
    story.take(told);
    expect('lines' in told.data ? told.data.lines : legs).toHaveLength(MAX_LINES);
    expect(Buffer.byteLength(eventText(story.ledger.events.at(-1)!))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
  });
});
