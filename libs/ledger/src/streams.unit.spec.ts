import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { touched } from './evolve.ts';

const one = of('PO-1', '1');

describe('the streams that an event belongs to', () => {
  const story = given(
    placed('PO-1', 'tesla', 100),
    placed('PO-X', 'x', 10),
    dispatched('S-1', [{ ...one, quantity: 60 }]),
    received('S-1', 'x', [{ ...one, received: 10 }], true),
    received('S-1', 'x', [{ ...one, received: 0 }], true),
    tell('shipment.lost', { shipment: 'S-1', lines: [{ ...one, quantity: 1 }] }),
    tell('units.returned', { return: 'R-1', from: 'x', to: 'nvidia', lines: [{ ...one, quantity: 1 }] }),
    tell('units.returned', {
      return: 'R-2',
      from: 'x',
      to: 'nvidia',
      shipment: 'S-1',
      lines: [{ ...one, quantity: 1 }],
    }),
    tell('units.scrapped', { custodian: 'x', lines: [{ ...one, quantity: 1 }] }),
    proposed('SW-1', 'x', [
      { from: 'tesla', to: 'x', ...one, quantity: 48, shipment: 'S-1' },
      { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1 },
    ]),
    accepted('SW-1', 'tesla'),
    executed('SW-1', 'x'),
    tell('order.line_changed', { ...one, initiator: 'buyer', window: { from: '2024-01-01', to: '2024-01-01' } }),
    tell('count.adjusted', {
      custodian: 'x',
      lines: [
        { ...one, observed: 7 },
        { ...of('PO-X', '1'), owner: 'x', observed: 0 },
      ],
    }),
  );
  const at = (offset: number) => touched(story.ledger.events[story.ledger.events.length - 14 + offset]!).toSorted();

  it.each([
    ['an order: its own', 0, ['order/PO-1']],
    ['a dispatch: the shipment’s and its orders’', 2, ['order/PO-1', 'shipment/S-1']],
    ['a receipt: the same', 3, ['order/PO-1', 'shipment/S-1']],
    ['a final receipt of nothing: the shipment’s alone', 4, ['shipment/S-1']],
    ['a loss: the shipment’s and its orders’', 5, ['order/PO-1', 'shipment/S-1']],
    ['a return: its own and its orders’', 6, ['order/PO-1', 'return/R-1']],
    ['refused goods: their shipment’s as well', 7, ['order/PO-1', 'return/R-2', 'shipment/S-1']],
    ['scrapped units: their orders’', 8, ['order/PO-1']],
    ['the proposal of a swap: the swap’s alone', 9, ['swap/SW-1']],
    ['the last acceptance: the orders of which it holds units, too', 10, ['order/PO-1', 'order/PO-X', 'swap/SW-1']],
    [
      'an execution: orders and redirected shipments too',
      11,
      ['order/PO-1', 'order/PO-X', 'shipment/S-1', 'swap/SW-1'],
    ],
    ['a new window: the order’s', 12, ['order/PO-1']],
    ['a count: also of orders that it found as expected', 13, ['order/PO-1', 'order/PO-X']],
  ])('an event adds to the right streams: %s', (_, offset, streams) => {
    expect(at(offset)).toEqual(streams);
  });

  it('units that a party itself owns and holds are in the stream of its stock, by what comes and by what goes', () => {
    const own = given(
      placed('PO-1', 'tesla', 10),
      dispatched('S-1', [{ ...one, quantity: 10 }]),
      received('S-1', 'tesla', [{ ...one, received: 10 }]),
      tell('units.scrapped', { custodian: 'tesla', lines: [{ ...one, quantity: 1 }] }),
    );
    const stock = 'stock/["tesla","H100"]';
    expect(own.ledger.events.slice(-2).map((event) => touched(event).toSorted())).toEqual([
      ['order/PO-1', 'shipment/S-1', stock],
      ['order/PO-1', stock],
    ]);
  });

  it('an event adds to the streams of the entities that it changes, and not to those that it only mentions', () => {
    expect(touched(story.ledger.events[1]!)).toEqual(['party/nvidia']);
    expect(story.ledger.entity('party/x')?.version).toBeLessThan(10);
  });
});
