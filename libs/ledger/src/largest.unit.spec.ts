import { describe, expect, it } from 'vitest';
import { MAX_LINES } from '#contracts/bounded';
import { eventText, isVoid, MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import { dispatched, january, june, placed, type Told, tell } from '#test/ledger/facts';
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
  ...['Packaging is short', 'The line of assembly is moved'].map((reason) =>
    tell('order.confirmed', {
      order: other,
      lines: each((line) => ({ line, code: 'changed' as const, quantity: 90, window: june, reason })),
    }),
  ),
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

  it.each(largest.toReversed())('is taken back, the last first: $type', () => {
    const { events } = story.ledger;
    const gone = new Set(events.flatMap((event) => (isVoid(event) ? [event.data.sequence] : [])));
    const last = events.findLast((event) => !isVoid(event) && !gone.has(event.sequence))!;
    story.take(tell('event.voided', { sequence: last.sequence, reason: 'did_not_occur' }), last.time);
    expect(Buffer.byteLength(eventText(events.at(-1)!))).toBeLessThanOrEqual(MAX_EVENT_BYTES);
  });
});

describe('an event of nearly as many bytes as there may be', () => {
  /** A dispatch of single serial numbers, and how many bytes it has. */
  const sent = (units: number) => {
    const serials = Array.from({ length: units }, (_, n) => `GPU-${n}-${'x'.repeat(20)}${n % 7}`);
    const story = given(placed('PO-1', 'tesla', { item: 'D1', quantity: 9_000 }));
    story.take(dispatched('S-1', [{ order: 'PO-1', line: '1', quantity: units, serials }]));
    const dispatch = story.ledger.events.at(-1)!;
    return { story, dispatch, bytes: Buffer.byteLength(eventText(dispatch)) };
  };

  it('is taken back, and the units that it named have no number any more', () => {
    const { story, dispatch, bytes } = sent(900);
    expect(bytes).toBeGreaterThan(57_000);
    story.take(tell('event.voided', { sequence: dispatch.sequence, reason: 'did_not_occur' }), dispatch.time);
    expect(story.ledger.events.at(-1)!.data).toMatchObject({ unnamed: [{ item: 'D1' }] });
    expect(story.unit('D1', 'GPU-7-xxxxxxxxxxxxxxxxxxxx0')).toBeUndefined();
    expect([...story.ledger.index.all()]).toEqual([]);
  });

  it('is not, where what takes it back would have more, nor is what it stands on, which says so', () => {
    const { story, dispatch, bytes } = sent(1_010);
    expect(bytes).toBeGreaterThan(64_700);
    expect(bytes).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    for (const { sequence, time } of [story.ledger.events.at(-2)!, dispatch])
      expect(story.refusal(tell('event.voided', { sequence, reason: 'did_not_occur' }), time)).toMatchObject({
        code: 'not-supported',
        facts: { sequence, tooLarge: dispatch.sequence },
      });
  });
});
