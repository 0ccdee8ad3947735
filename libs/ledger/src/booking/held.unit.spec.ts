import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { touched } from '../evolve.ts';
import { fromJson, toJson } from '../serialisable.ts';

type Leg = Parameters<typeof proposed>[2][number];
const T = of('PO-T', '1');
const X = of('PO-X', '1');
const D = of('PO-D', '1');
const orders = [
  placed('PO-T', 'tesla', 100),
  placed('PO-X', 'x', 100),
  placed('PO-D', 'tesla', { quantity: 10, item: 'D1' }),
];
const give = (quantity: number, rest: Partial<Leg> = {}): Leg => ({ from: 'tesla', to: 'x', ...T, quantity, ...rest });
const back: Leg = { from: 'x', to: 'tesla', ...X, quantity: 1 };
const offer = (swap: string, legs: Leg[], rest = {}): Told => proposed(swap, 'x', [...legs, back], rest);
const agreed = (swap: string, legs: Leg[], rest = {}): Told[] => [offer(swap, legs, rest), accepted(swap, 'tesla')];
const step = (name: 'rejected' | 'withdrawn', by: string): Told => tell(`swap.${name}`, { swap: 'SW-1', by });
const sent = (quantity: number): Told => dispatched('S-1', [{ ...T, quantity }]);
const arrived = (quantity: number): Told => received('S-1', 'tesla', [{ ...T, received: quantity }]);

let reallocations = 0;
const sell = (quantity: number, rest: { serials?: string[]; order?: string } = {}): Told =>
  tell('reallocation.made', {
    reallocation: `RA-${++reallocations}`,
    kind: 'reassigned',
    from: 'tesla',
    to: 'xai',
    lines: [{ ...T, quantity, ...rest }],
  });
const cancel = (quantity: number): Told => tell('order.line_cancelled', { ...T, initiator: 'seller', quantity });

const SOON = '2023-12-08T12:00:00.000Z';

describe('units that an accepted swap holds', () => {
  it.each<[string, Told[], Told]>([
    ['a reallocation', [], sell(41)],
    ['a cancellation', [], cancel(41)],
    ['a smaller line', [], tell('order.line_changed', { ...T, initiator: 'seller', quantity: 59 })],
    [
      'a return',
      [sent(100), arrived(100)],
      tell('units.returned', { return: 'R-1', from: 'tesla', to: 'nvidia', lines: [{ ...T, quantity: 41 }] }),
    ],
    [
      'refused goods',
      [sent(100)],
      tell('units.returned', {
        return: 'R-1',
        from: 'x',
        to: 'nvidia',
        shipment: 'S-1',
        lines: [{ ...T, quantity: 41 }],
      }),
    ],
    [
      'scrapping',
      [sent(100), arrived(100)],
      tell('units.scrapped', { custodian: 'tesla', lines: [{ ...T, quantity: 41 }] }),
    ],
  ])('are not taken by %s, and the refusal names what holds how many of them until when', (_, before, taking) => {
    const story = given(...orders, ...before, ...agreed('SW-1', [give(60)]));
    expect(story.refusal(taking)).toMatchObject({
      code: 'held-for',
      facts: {
        ...T,
        item: 'H100',
        owner: 'tesla',
        asked: 41,
        available: 40,
        held: [{ swap: 'SW-1', quantity: 60, until: SOON }],
      },
    });
  });

  it('units that nobody holds are taken, to the last one', () => {
    const story = given(...orders, ...agreed('SW-1', [give(60)]), sell(40));
    expect(story.refusal(sell(1))).toMatchObject({ code: 'held-for', facts: { available: 0 } });
    story.take(executed('SW-1', 'x'));
    expect(story.units('PO-T')).toEqual(['x@nvidia ordered PO-T/1: 60', 'xai@nvidia ordered PO-T/1: 40']);
  });

  it('another swap is neither accepted nor executed with them, and an execution takes what its own swap holds', () => {
    const story = given(...orders, ...agreed('SW-1', [give(60)]), offer('SW-2', [give(41)]));
    expect(story.refusal(accepted('SW-2', 'tesla'))).toMatchObject({ code: 'held-for', facts: { available: 40 } });
    story.take(executed('SW-1', 'nvidia'));
    expect(story.refusal(accepted('SW-2', 'tesla'))).toMatchObject({ code: 'insufficient-quantity' });
  });

  it('stay held on their way: dispatched, received and handed on with their owner, and executed where they are', () => {
    const story = given(...orders, ...agreed('SW-1', [give(60)]), sent(70), arrived(65));
    story.take(tell('custody.transferred', { from: 'tesla', to: 'dhl', lines: [{ ...T, quantity: 60 }] }));
    story.take(sell(30));
    expect(story.refusal(tell('units.scrapped', { custodian: 'dhl', lines: [{ ...T, quantity: 11 }] }))).toMatchObject({
      code: 'held-for',
      facts: { available: 10 },
    });
    story.take(executed('SW-1', 'x'));
  });

  it('may be lost, miscounted or broken: those are facts; nothing that is left of them is taken then', () => {
    const lost = tell('shipment.lost', { shipment: 'S-1', lines: [{ ...T, quantity: 30 }] });
    const story = given(...orders, sent(100), ...agreed('SW-1', [give(60)]), lost);
    story.take(arrived(40));
    story.take(tell('count.adjusted', { custodian: 'tesla', lines: [{ ...T, observed: 35 }] }));
    story.take(tell('units.condition_changed', { custodian: 'tesla', lines: [{ ...T, quantity: 10, to: 'damaged' }] }));
    expect(story.refusal(tell('units.scrapped', { custodian: 'tesla', lines: [{ ...T, quantity: 6 }] }))).toMatchObject(
      {
        code: 'held-for',
        facts: { available: 0 },
      },
    );
    story.take(tell('units.scrapped', { custodian: 'tesla', lines: [{ ...T, quantity: 10, stage: 'damaged' }] }));
    expect(story.refusal(executed('SW-1', 'x'))).toMatchObject({ code: 'insufficient-quantity' });
  });

  it('of a leg that names a place are those that are there; others of the owner are free', () => {
    const story = given(...orders, sent(50), ...agreed('SW-1', [give(50, { shipment: 'S-1' })]), sell(50));
    expect(
      story.refusal(
        tell('units.returned', {
          return: 'R',
          from: 'x',
          to: 'nvidia',
          shipment: 'S-1',
          lines: [{ ...T, quantity: 1 }],
        }),
      ),
    ).toMatchObject({ code: 'held-for' });
  });

  it('several holds that may mean the same units are served together: what takes units leaves to each what only that one can mean', () => {
    const story = given(
      ...orders,
      sent(50),
      ...agreed('SW-1', [give(50, { stage: 'ordered' })]),
      ...agreed('SW-2', [give(20)]),
      ...agreed('SW-3', [give(20, { custodian: 'dhl' })]),
    );
    expect(story.refusal(cancel(1))).toMatchObject({ code: 'held-for' });
    // It names no place, and would take ordered units first: but those are all held for SW-1.
    expect(story.take(executed('SW-2', 'x'))).toMatchObject({
      moves: [{ quantity: 20, from: { shipment: 'S-1' } }, {}],
    });
    story.take(executed('SW-1', 'x'));
    story.take(executed('SW-3', 'x'));
  });

  it('with serial numbers are those units, and no other unit with a number of its own', () => {
    const units = (n: number): string[] => Array.from({ length: n }, (_, at) => `D-${at}`);
    const named = dispatched('S-D', [{ ...D, quantity: 10, serials: units(10) }]);
    const take = (...serials: string[]): Told =>
      tell('units.returned', {
        return: 'R',
        from: 'x',
        to: 'nvidia',
        shipment: 'S-D',
        lines: [{ ...D, quantity: serials.length, serials }],
      });
    const story = given(...orders, named, ...agreed('SW-1', [give(2, { ...D, serials: ['D-3', 'D-4'] })]));
    expect(story.refusal(take('D-4'))).toMatchObject({ code: 'held-for', facts: { available: 8 } });
    story.take(take('D-5', 'D-6'));
    story.take(executed('SW-1', 'x'));
  });
});

describe('a swap holds units', () => {
  it('from the acceptance that was missing, which names them and until when; a proposal and an earlier acceptance hold nothing', () => {
    const legs = [
      give(60),
      { from: 'x', to: 'xai', ...X, quantity: 5 },
      { from: 'xai', to: 'tesla', ...T, quantity: 5 },
    ];
    const story = given(...orders, sell(10), proposed('SW-1', 'x', legs), sell(1));
    expect(story.take(accepted('SW-1', 'xai'))).toEqual({ swap: 'SW-1', by: 'xai' });
    story.take(sell(1));
    expect(story.take(accepted('SW-1', 'tesla'))).toEqual({
      swap: 'SW-1',
      by: 'tesla',
      until: SOON,
      holds: [
        { owner: 'tesla', ...T, item: 'H100', quantity: 60 },
        { owner: 'x', ...X, item: 'H100', quantity: 5 },
        { owner: 'xai', ...T, item: 'H100', quantity: 5 },
      ],
    });
  });

  it.each(['rejected', 'withdrawn'] as const)(
    'until it is %s: the event names the orders whose units are free again',
    (how) => {
      const story = given(...orders, ...agreed('SW-1', [give(60)]));
      expect(story.take(step(how, 'x'))).toMatchObject({ released: ['PO-T', 'PO-X'] });
      expect(touched(story.ledger.events.at(-1)!).toSorted()).toEqual(['order/PO-T', 'order/PO-X', 'swap/SW-1']);
      story.take(sell(100));
    },
  );

  it('until it expires, or for 7 days where it says nothing of that; then it holds nothing, without an event', () => {
    const story = given(
      ...orders,
      ...agreed('SW-1', [give(60)]),
      ...agreed('SW-2', [give(30)], { expires: '2023-12-03T00:00:00Z' }),
    );
    story.until('2023-12-02T23:59:59.999Z');
    expect(story.refusal(sell(11))).toMatchObject({ code: 'held-for', facts: { available: 10 } });
    story.until('2023-12-03T00:00:00Z').take(sell(40));
    story.until('2023-12-08T11:59:59.999Z');
    expect(story.refusal(sell(1))).toMatchObject({ code: 'held-for' });
    story.until(SOON).take(sell(1));
    expect(story.refusal(executed('SW-1', 'x'))).toMatchObject({ code: 'insufficient-quantity' });
    expect(story.ledger.entity('order/PO-T')).toMatchObject({ lines: [{ holds: [] }] });
  });

  it('only if it was accepted since swaps hold anything, and a snapshot of an order from before is read as it is', () => {
    const story = given(...orders, offer('SW-1', [give(60)]));
    const data = { swap: 'SW-1', by: 'tesla' };
    const before = {
      source: 'urn:test',
      type: 'lading.swap.accepted.v1',
      data,
      time: story.now.toISOString(),
    } as const;
    story.ledger.apply(story.ledger.eventOf(before, data, story.now));
    story.take(sell(100));
    const { lines, ...order } = toJson(story.ledger.entity('order/PO-T')!) as { lines: Record<string, unknown>[] };
    const old = { ...order, lines: lines.map(({ holds: _, ...line }) => line) };
    expect(fromJson(old)).toEqual(story.ledger.entity('order/PO-T'));
    expect(story.take(step('withdrawn', 'x'))).toEqual({ swap: 'SW-1', by: 'x' });
  });
});
