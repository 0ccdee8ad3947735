import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import { attribute, isPending, type LegGone, type LegReceived, type Lots, startLots } from './attribution.ts';
import { Fold } from './fold.ts';

const X = of('PO-X', '1');
const orders = [placed('PO-T', 'tesla', 1_000), placed('PO-X', 'x', 100)];

/** Tesla gives one unit and gets so many of x's line. */
const swapped = (swap: string, quantity: number, rest: { shipment?: string; stage?: 'held' } = {}): Told[] => [
  proposed(swap, 'x', [
    { from: 'x', to: 'tesla', ...X, quantity, ...rest },
    { from: 'tesla', to: 'x', ...of('PO-T', '1'), quantity: 1 },
  ]),
  accepted(swap, 'tesla'),
  executed(swap, 'x'),
];
const send = (shipment: string, quantity: number, owner = 'tesla') => dispatched(shipment, [{ ...X, owner, quantity }]);
const arrive = (shipment: string, count: number, owner = 'tesla') =>
  received(shipment, 'xai', [{ ...X, owner, received: count }]);
const give = (reallocation: string, from: string, to: string, quantity: number) =>
  tell('reallocation.made', { reallocation, kind: 'reassigned', from, to, lines: [{ ...X, quantity }] });

/** What became of the legs of a line: `SW-1/0 received 10 at 17`, in order. */
function told(story: Story, { order, line } = X): string[] {
  let lots: Lots = {};
  return story.ledger.events.flatMap((event) => {
    // Through JSON every time: a read model keeps it in a row.
    const done = attribute(JSON.parse(JSON.stringify(lots)) as Lots, event, { order, line });
    lots = done.lots;
    return [...done.received.map(sayReceived), ...done.gone.map(sayGone)];
  });
}
const sayReceived = ({ swap, leg, quantity }: LegReceived) => `${swap}/${leg} received ${quantity}`;
const sayGone = ({ swap, leg, quantity, how }: LegGone) => `${swap}/${leg} ${how} ${quantity}`;

describe('the units of a swap leg', () => {
  it('units of a swap leg count as received when they arrive, in parts, under their new owner, whoever has custody', () => {
    const story = given(
      ...orders,
      ...swapped('SW-1', 60),
      send('S-1', 40),
      arrive('S-1', 30),
      arrive('S-1', 10),
      send('S-2', 20),
    );
    expect(told(story)).toEqual(['SW-1/0 received 30', 'SW-1/0 received 10']);
    story.take(arrive('S-2', 20));
    expect(told(story)).toEqual(['SW-1/0 received 30', 'SW-1/0 received 10', 'SW-1/0 received 20']);
  });

  it('units of a swap leg count from the later of their receipt and the execution, whatever became of them', () => {
    const story = given(...orders, send('S-1', 50, 'x')).until('2023-12-20T00:00:00Z');
    for (const fact of swapped('SW-1', 50, { shipment: 'S-1' })) story.take(fact);
    story.until('2023-12-25T00:00:00Z');
    story.take(arrive('S-1', 20), '2023-12-18T00:00:00Z');
    story.take(tell('shipment.lost', { shipment: 'S-1', lines: [{ ...X, quantity: 5 }] }), '2023-12-19T00:00:00Z');
    story.take(arrive('S-1', 25), '2023-12-22T00:00:00Z');
    let lots: Lots = {};
    const settled = story.ledger.events.flatMap((event) => {
      const done = attribute(lots, event, X);
      lots = done.lots;
      return [...done.received, ...done.gone].map(({ quantity, occurred }) => [quantity, occurred.slice(0, 10)]);
    });
    expect(settled).toEqual([
      [20, '2023-12-20'],
      [5, '2023-12-20'],
      [25, '2023-12-22'],
    ]);
  });

  it('damaged units count as received by a swap leg', () => {
    const story = given(...orders, ...swapped('SW-1', 10), send('S-1', 10));
    story.take(received('S-1', 'xai', [{ ...X, received: 6, damaged: 4 }]));
    expect(told(story)).toEqual(['SW-1/0 received 6', 'SW-1/0 received 4']);
  });

  it('units that are held already count as received by the swap leg at execution', () => {
    const story = given(...orders, send('S-1', 50, 'x'), arrive('S-1', 50, 'x'), ...swapped('SW-1', 80));
    // The leg takes the 50 ordered ones first, then 30 of the held ones.
    expect(told(story)).toEqual(['SW-1/0 received 30']);
  });

  it('units count as received by a swap leg once, whatever happens to them afterwards', () => {
    const story = given(...orders, ...swapped('SW-1', 10), send('S-1', 10), arrive('S-1', 10));
    story.take(tell('units.returned', { return: 'R-1', from: 'xai', to: 'nvidia', lines: [{ ...X, quantity: 4 }] }));
    story.take(tell('custody.transferred', { from: 'xai', to: 'tesla', lines: [{ ...X, quantity: 6 }] }));
    story.take(tell('units.scrapped', { custodian: 'tesla', lines: [{ ...X, quantity: 6 }] }));
    expect(told(story)).toEqual(['SW-1/0 received 10']);
  });

  it('units of two swaps arrive first in, first out', () => {
    const story = given(...orders, ...swapped('SW-1', 10), ...swapped('SW-2', 10), send('S-1', 15), arrive('S-1', 15));
    expect(told(story)).toEqual(['SW-1/0 received 10', 'SW-2/0 received 5']);
  });

  it('units of a swap leg wait behind what their owner had on that line before', () => {
    const story = given(
      ...orders,
      give('RA-1', 'x', 'tesla', 20),
      ...swapped('SW-1', 10),
      send('S-1', 25),
      arrive('S-1', 25),
    );
    expect(told(story)).toEqual(['SW-1/0 received 5']);
  });

  it('units of a swap leg go before what their owner got on that line afterwards, also when that was sent first', () => {
    const story = given(
      ...orders,
      send('S-1', 10, 'x'),
      ...swapped('SW-1', 10, { shipment: 'S-1' }),
      give('RA-1', 'x', 'tesla', 20),
      send('S-1', 20),
      arrive('S-1', 5),
    );
    expect(told(story)).toEqual(['SW-1/0 received 5']);
  });

  it('units of a swap leg wait behind what their owner had before, also when that joins them on the way', () => {
    const story = given(
      ...orders,
      give('RA-1', 'x', 'tesla', 20),
      send('S-1', 10, 'x'),
      ...swapped('SW-1', 10, { shipment: 'S-1' }),
      send('S-1', 20),
      arrive('S-1', 25),
    );
    expect(told(story)).toEqual(['SW-1/0 received 5']);
  });

  it('units of a swap leg are told from units of other owners on the same line and shipment', () => {
    const story = given(
      ...orders,
      ...swapped('SW-1', 10),
      send('S-1', 30, 'x'),
      send('S-1', 10),
      arrive('S-1', 30, 'x'),
    );
    expect(told(story)).toEqual([]);
    story.take(arrive('S-1', 10));
    expect(told(story)).toEqual(['SW-1/0 received 10']);
  });

  it('units of a swap leg count as received when they are passed on to a third party, ordered or on their way', () => {
    const story = given(...orders, ...swapped('SW-1', 10), give('RA-1', 'tesla', 'xai', 3), send('S-1', 7));
    story.take(
      tell('reallocation.made', {
        reallocation: 'RA-2',
        kind: 'reconsigned',
        from: 'tesla',
        to: 'xai',
        lines: [{ ...X, quantity: 7, shipment: 'S-1' }],
      }),
    );
    expect(told(story)).toEqual(['SW-1/0 received 3', 'SW-1/0 received 7']);
    story.take(arrive('S-1', 7, 'xai'));
    expect(told(story)).toHaveLength(2);
  });

  it('units count as received by one swap leg when another swap passes them on, and belong to that swap from then on', () => {
    const story = given(...orders, ...swapped('SW-1', 10));
    story.take(
      proposed('SW-2', 'tesla', [
        { from: 'tesla', to: 'x', ...X, quantity: 10 },
        { from: 'x', to: 'tesla', ...of('PO-T', '1'), quantity: 1 },
      ]),
    );
    story.take(accepted('SW-2', 'x'));
    story.take(executed('SW-2', 'x'));
    expect(told(story)).toEqual(['SW-1/0 received 10']);
    // x has 90 of its own on the line, which it had before these.
    story.take(send('S-1', 95, 'x'));
    story.take(arrive('S-1', 95, 'x'));
    expect(told(story)).toEqual(['SW-1/0 received 10', 'SW-2/0 received 5']);
  });

  it('units of a swap leg stay owed when a plain reallocation gives them back to the party that gave them', () => {
    const story = given(
      ...orders,
      ...swapped('SW-1', 10),
      give('RA-1', 'tesla', 'x', 4),
      send('S-1', 6),
      arrive('S-1', 6),
    );
    expect(told(story)).toEqual(['SW-1/0 given_back 4', 'SW-1/0 received 6']);
  });

  it('units of a swap leg stay owed when they are lost, cancelled or refused on the way, and are shown as such', () => {
    const story = given(...orders, ...swapped('SW-1', 10), send('S-1', 8));
    story.take(tell('shipment.lost', { shipment: 'S-1', lines: [{ ...X, quantity: 3 }] }));
    story.take(tell('order.line_cancelled', { ...X, owner: 'tesla', initiator: 'seller' }));
    story.take(
      tell('units.returned', {
        return: 'R-1',
        from: 'tesla',
        to: 'nvidia',
        shipment: 'S-1',
        lines: [{ ...X, quantity: 1 }],
      }),
    );
    story.take(arrive('S-1', 4));
    expect(told(story)).toEqual(['SW-1/0 lost 3', 'SW-1/0 cancelled 2', 'SW-1/0 returned 1', 'SW-1/0 received 4']);
  });

  it('units of several legs of one swap on one line are told apart', () => {
    const story = given(...orders, send('S-1', 50, 'x'));
    story.take(
      proposed('SW-1', 'x', [
        { from: 'x', to: 'tesla', ...X, quantity: 10 },
        { from: 'tesla', to: 'x', ...of('PO-T', '1'), quantity: 1 },
        { from: 'x', to: 'tesla', ...X, quantity: 20, shipment: 'S-1' },
      ]),
    );
    story.take(accepted('SW-1', 'tesla'));
    story.take(executed('SW-1', 'x'));
    story.take(arrive('S-1', 20));
    expect(told(story)).toEqual(['SW-1/2 received 20']);
    expect(told(story, of('PO-T', '1'))).toEqual([]);
  });

  it('lots that are begun with the holdings before the swap give the same attribution', () => {
    const story = given(
      ...orders,
      give('RA-1', 'x', 'tesla', 20),
      send('S-1', 30, 'x'),
      ...swapped('SW-1', 40),
      send('S-2', 40),
      arrive('S-2', 30),
      arrive('S-1', 10, 'x'),
      send('S-3', 10, 'x'),
    );
    const fold = new Fold();
    let lots: Lots | undefined;
    const late = story.ledger.events.flatMap((event) => {
      if (event.type === 'lading.swap.executed.v1') {
        lots = startLots(fold.holdings().filter(({ order, line }) => order === X.order && line === X.line));
      }
      fold.apply(event);
      if (lots === undefined) return [];
      const done = attribute(lots, event, X);
      lots = done.lots;
      return done.received.map(sayReceived);
    });
    expect(late).toEqual(told(story));
    expect(late).not.toEqual([]);
    expect(isPending(lots!)).toBe(true);
  });

  it('a swap leg is pending until the last of its units has arrived; then its lots may be forgotten', () => {
    const story = given(...orders, ...swapped('SW-1', 10), send('S-1', 10), arrive('S-1', 10));
    let lots: Lots = {};
    const pending = story.ledger.events.map((event) => isPending((lots = attribute(lots, event, X).lots)));
    expect(pending.slice(-4)).toEqual([false, true, true, false]);
  });

  it('lots are not guessed when an event was left out', () => {
    const story = given(...orders, send('S-1', 10, 'x'));
    expect(() => attribute({}, story.ledger.events.at(-1)!, X)).toThrow('10 units short at sequence');
  });

  it('lost units of a swap leg that arrive after all are received, and no longer lost', () => {
    const story = given(
      ...orders,
      ...swapped('SW-1', 10),
      send('S-1', 10),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...X, owner: 'tesla', quantity: 4 }] }),
      arrive('S-1', 6),
      arrive('S-1', 3),
    );
    expect(told(story)).toEqual(['SW-1/0 lost 4', 'SW-1/0 received 6', 'SW-1/0 received 3', 'SW-1/0 lost -3']);
  });

  it('units of a swap leg that another item replaces stay owed, as cancelled: ordered ones, and those found to be something else', () => {
    const instead = of('PO-X', '2');
    const story = given(
      tell('item.registered', { item: 'DOJO', name: 'Dojo tile', tracking: 'quantity' }),
      placed('PO-T', 'tesla', 1_000),
      placed('PO-X', 'x', 100, { quantity: 1, item: 'DOJO' }),
      ...swapped('SW-1', 10),
      dispatched('S-1', [
        { ...instead, owner: 'tesla', quantity: 3, substitutes: X },
        { ...X, owner: 'tesla', quantity: 7 },
      ]),
      received('S-1', 'tesla', [
        { ...instead, owner: 'tesla', received: 2, substitutes: X },
        { ...X, owner: 'tesla', received: 5 },
      ]),
    );
    expect(told(story).toSorted()).toEqual(['SW-1/0 cancelled 2', 'SW-1/0 cancelled 3', 'SW-1/0 received 5']);
  });
});
