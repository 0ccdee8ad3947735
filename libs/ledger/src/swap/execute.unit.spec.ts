import { describe, expect, it } from 'vitest';
import {
  accepted,
  dispatched,
  executed,
  january,
  of,
  placed,
  proposed,
  received,
  tell,
  type Told,
} from '#test/ledger/facts';
import { given } from '#test/ledger/story';

type Leg = Parameters<typeof proposed>[2][number];
const T = of('PO-T', '1');
const X = of('PO-X', '1');
const orders = [placed('PO-T', 'tesla', 12_000), placed('PO-X', 'x', 6_000, 6_000)];
const give = (quantity: number, rest: Partial<Leg> = {}): Leg => ({ from: 'tesla', to: 'x', ...T, quantity, ...rest });
const get = (quantity: number, rest: Partial<Leg> = {}): Leg => ({ from: 'x', to: 'tesla', ...X, quantity, ...rest });
const offered = (...legs: Leg[]): Told => proposed('SW-1', 'x', legs);
const acceptance = accepted('SW-1', 'tesla');
const agreed = (...legs: Leg[]): Told[] => [offered(...legs), acceptance];
const execute = executed('SW-1', 'nvidia');

describe('an accepted swap is executed', () => {
  it('an executed swap moves every leg at once, and changes the owners and nothing else', () => {
    const sent = dispatched('S-1', [{ ...T, quantity: 12_000 }]);
    const legs = [give(12_000, { shipment: 'S-1' }), get(6_000), get(6_000, { line: '2' })];
    const story = given(...orders, sent, ...agreed(...legs));
    expect(story.take(execute)).toMatchObject({ consignees: [{ shipment: 'S-1', consignee: 'x' }] });
    expect(story.units()).toEqual([
      'tesla@nvidia ordered PO-X/1: 6000',
      'tesla@nvidia ordered PO-X/2: 6000',
      'x@dhl in_transit S-1 PO-T/1: 12000',
    ]);
  });

  it('a swap executes every leg or none: one short leg leaves all holdings as they were', () => {
    const sent = dispatched('S-X', [{ ...X, quantity: 6_000 }]);
    const lost = tell('shipment.lost', { shipment: 'S-X', lines: [{ ...X, quantity: 1 }] });
    const story = given(...orders, sent, ...agreed(give(12_000), get(6_000)), lost);
    const before = story.units();
    expect(story.refusal(execute)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-X', line: '1', owner: 'x', asked: 6_000, available: 5_999 },
    });
    expect(story.units()).toEqual(before);
  });

  it('no leg of a swap spends what another brings: the balances before the swap decide', () => {
    // x has nothing on PO-T until tesla's leg brings it.
    const story = given(...orders, offered(give(100), { ...get(50), ...T }, get(10)));
    expect(story.refusal(acceptance)).toMatchObject({
      code: 'not-the-owner',
      facts: { owner: 'x', owners: ['tesla'] },
    });
  });

  it('legs of a swap on the same account are summed', () => {
    const story = given(...orders, offered(give(7_000), give(7_000), get(1)));
    expect(story.refusal(acceptance)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 14_000, available: 12_000 },
    });
  });

  it('an executed swap keeps the window that each line has at execution', () => {
    const later = tell('order.line_changed', { ...X, initiator: 'seller', window: january });
    const story = given(...orders, ...agreed(give(1), get(1)), later);
    expect(story.take(execute)).toMatchObject({ legs: [{}, { order: 'PO-X', window: january, item: 'H100' }] });
  });

  it('a swap is executed by any of its parties or the supplier, and by nobody else', () => {
    const story = given(...orders, ...agreed(give(1), get(1)));
    expect(story.refusal(executed('SW-1', 'xai'))).toMatchObject({
      code: 'not-a-party',
      facts: { by: 'xai', parties: ['tesla', 'x', 'nvidia'] },
    });
    story.take(executed('SW-1', 'tesla'));
  });

  it('a swap that not every party has accepted is not executed, and the rejection names those that are missing', () => {
    const story = given(...orders, proposed('SW-1', 'nvidia', [give(1), get(1)]), accepted('SW-1', 'x'));
    expect(story.refusal(execute)).toMatchObject({
      code: 'swap-not-accepted',
      facts: { swap: 'SW-1', missing: ['tesla'], accepted: ['x'] },
    });
    expect(story.refusal(executed('SW-9', 'x'))).toMatchObject({ code: 'unknown-swap' });
  });
});

describe('a leg that leaves open which units it takes', () => {
  // Tesla's 12,000: 5,000 ordered, then in transit on S-2 (dispatched first) and S-1, then held by dhl and tesla.
  const spread = [
    ...orders,
    dispatched('S-2', [{ ...T, quantity: 2_000 }]),
    dispatched('S-1', [{ ...T, quantity: 2_000 }]),
    dispatched('S-3', [{ ...T, quantity: 3_000 }]),
    received('S-3', 'tesla', [{ ...T, received: 2_500, damaged: 500 }]),
    tell('custody.transferred', { from: 'tesla', to: 'dhl', lines: [{ ...T, quantity: 500 }] }),
  ];

  it('a leg that names no place takes ordered units first, then in transit by dispatch, then held by custodian; the moves say what it took', () => {
    const story = given(...spread, ...agreed(give(10_000), get(1)));
    expect(story.take(execute)).toMatchObject({
      moves: [
        { quantity: 5_000, from: { stage: 'ordered' } },
        { quantity: 2_000, from: { stage: 'in_transit', shipment: 'S-2' } },
        { quantity: 2_000, from: { stage: 'in_transit', shipment: 'S-1' } },
        { quantity: 500, from: { stage: 'held', custodian: 'dhl' } },
        { quantity: 500, from: { stage: 'held', custodian: 'tesla' } },
        { order: 'PO-X', quantity: 1 },
      ],
      consignees: [
        { shipment: 'S-2', consignee: 'x' },
        { shipment: 'S-1', consignee: 'x' },
      ],
    });
  });

  it('a leg takes no damaged units, unless it says so', () => {
    const all = given(...spread, offered(give(12_000), get(1)));
    expect(all.refusal(acceptance)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 12_000, available: 11_500 },
    });
    const damaged = given(...spread, ...agreed(give(500, { stage: 'damaged' }), get(1)));
    expect(damaged.take(execute)).toMatchObject({ moves: [{ quantity: 500, from: { stage: 'damaged' } }, {}] });
  });

  it('a leg that names no place leaves to another leg the units that only that one can mean', () => {
    const story = given(...spread, ...agreed(give(5_000), give(5_000, { stage: 'ordered' }), get(1)));
    expect(story.take(execute)).toMatchObject({
      moves: [
        { quantity: 2_000, from: { shipment: 'S-2' } },
        { quantity: 2_000, from: { shipment: 'S-1' } },
        { quantity: 500, from: { custodian: 'dhl' } },
        { quantity: 500, from: { custodian: 'tesla' } },
        { quantity: 5_000, from: { stage: 'ordered' } },
        { order: 'PO-X' },
      ],
    });
  });

  it('a leg that names a place takes units from there only, and is rejected when they have moved on', () => {
    const held = given(...spread, ...agreed(give(2_000, { stage: 'held', custodian: 'tesla' }), get(1)));
    held.take(execute);
    const arrived = received('S-2', 'tesla', [{ ...T, received: 2_000 }]);
    const gone = given(...spread, ...agreed(give(1, { shipment: 'S-2' }), get(1)), arrived);
    expect(gone.refusal(execute)).toMatchObject({ code: 'wrong-stage', facts: { shipment: 'S-2', owner: 'tesla' } });
    const wrong = given(...spread, offered(give(1, { custodian: 'xai', stage: 'held' }), get(1)));
    expect(wrong.refusal(acceptance)).toMatchObject({
      code: 'not-the-custodian',
      facts: { custodian: 'xai', custodians: ['dhl', 'tesla'] },
    });
  });
});
