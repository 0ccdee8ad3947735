import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import {
  accepted,
  dispatched,
  executed,
  january,
  june,
  of,
  placed,
  proposed,
  received,
  tell,
} from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';

const one = of('PO-1', '1');
const day = (n: number): string => `2024-01-${String(n).padStart(2, '0')}T09:00:00Z`;

/** Everything here begins before January 2024, and it is February when it is told. */
const story = (...facts: Parameters<typeof given>): Story => given(...facts).until('2024-02-01T00:00:00Z');
const last = (on: Story) => {
  const { sequence, id } = on.ledger.events.at(-1)!;
  return { sequence, id };
};

const change = (rest: Partial<Submitted<'lading.order.line_changed.v1'>>) =>
  tell('order.line_changed', { ...one, initiator: 'seller', ...rest });
const cancel = (quantity?: number, owner?: string) =>
  tell('order.line_cancelled', { ...of('PO-1', '1', owner), initiator: 'seller', ...(quantity ? { quantity } : {}) });
const count = (...lines: Submitted<'lading.count.adjusted.v1'>['lines']) =>
  tell('count.adjusted', { custodian: 'x', lines });
const handedOn = (quantity: number, from = 'x', to = 'xai') =>
  tell('custody.transferred', { from, to, lines: [{ ...one, quantity }] });
const party = (name: string) => tell('party.registered', { party: 'tesla', name, roles: ['customer'] });
const item = (name: string) => tell('item.registered', { item: 'H100', name, tracking: 'quantity' });
const reconsigned = (id: string, from: string, to: string, quantity: number, rest: object = {}) =>
  tell('reallocation.made', {
    ...{ reallocation: id, kind: 'reconsigned', from, to, ...rest },
    lines: [{ ...one, quantity, shipment: 'S-1' }],
  });

const heldByX = (quantity: number) =>
  story(
    placed('PO-1', 'tesla', 100, 50),
    dispatched('S-1', [{ ...one, quantity: 100 }]),
    received('S-1', 'x', [{ ...one, received: quantity }]),
  );

describe('a late fact does not undo a later one', () => {
  it.each([
    ['the total of a line', change({ quantity: 90 }), change({ quantity: 120 }), ['quantity']],
    ['the window of a line', change({ window: june }), change({ window: january }), ['window']],
    ['a total that a cancellation changed', cancel(20), change({ quantity: 120 }), ['quantity']],
    ['all that is ordered', change({ quantity: 120 }), cancel(), ['ordered units']],
    ['the master data of a party', party('Tesla, Inc.'), party('Tesla'), ['master data']],
    ['the master data of an item', item('H100 SXM5'), item('H100 PCIe'), ['master data']],
  ])(
    '%s is as the newest occurrence says, and one before it is refused with the later event',
    (_, later, late, values) => {
      const { ledger } = story(placed('PO-1', 'tesla', 100));
      expect(ledger.events.length).toBeGreaterThan(1);
      const on = story(placed('PO-1', 'tesla', 100));
      on.take(later, day(11));
      const refusal = on.refusal(late, day(10));
      expect(refusal).toMatchObject({
        code: 'overtaken',
        facts: {
          time: day(10),
          overtaken: values.map((value) => ({ value, ...last(on), time: day(11) })),
          notBefore: day(11),
        },
      });
      expect(refusal.detail).toContain(`event ${last(on).sequence}`);
      // Of the same moment, or later, it is taken: one reported after the other holds.
      on.take(late, day(11));
    },
  );

  it('a change that names several values is refused when one of them is overtaken, and says which', () => {
    const on = story(placed('PO-1', 'tesla', 100));
    on.take(change({ window: june }), day(11));
    expect(on.refusal(change({ window: january, quantity: 90 }), day(10)).facts.overtaken).toEqual([
      { value: 'window', ...last(on), time: day(11) },
    ]);
    on.take(change({ quantity: 90 }), day(10));
    on.take(change({ quantity: 80 }), day(12));
    expect(on.refusal(change({ window: january, quantity: 90 }), day(10)).facts).toMatchObject({
      overtaken: [
        { value: 'quantity', time: day(12) },
        { value: 'window', time: day(11) },
      ],
      notBefore: day(12),
      now: { quantity: 80, window: june },
    });
  });

  it('a line is not changed at a moment before its order was placed', () => {
    const on = story();
    on.take(placed('PO-1', 'tesla', 100), day(10));
    expect(on.refusal(change({ quantity: 90 }), day(9))).toMatchObject({ code: 'overtaken' });
    expect(on.refusal(change({ window: june }), day(9))).toMatchObject({ code: 'overtaken' });
  });

  it('what moves units may be late: a cancellation of a quantity, a dispatch, a receipt, units handed on', () => {
    const on = story(placed('PO-1', 'tesla', 100));
    on.take(change({ quantity: 110 }), day(20));
    on.take(cancel(10), day(10));
    on.take(dispatched('S-1', [{ ...one, quantity: 60 }]), day(9));
    on.take(received('S-1', 'x', [{ ...one, received: 60 }]), day(12));
    on.take(handedOn(20), day(11));
    expect(on.units()).toEqual([
      'tesla@nvidia ordered PO-1/1: 40',
      'tesla@x held PO-1/1: 40',
      'tesla@xai held PO-1/1: 20',
    ]);
  });

  it('a count is refused when units left or came at a later occurrence, also where none are left', () => {
    for (const [moved, left] of [[handedOn(40), 60] as const, [handedOn(100), 0] as const]) {
      const on = heldByX(100);
      on.take(moved, day(2));
      const late = count({ ...one, owner: 'tesla', observed: 100 });
      expect(on.refusal(late, day(1))).toMatchObject({
        code: 'overtaken',
        facts: {
          ...{ ...one, owner: 'tesla', custodian: 'x', expected: left },
          overtaken: [{ value: 'observed', ...last(on), time: day(2) }],
        },
      });
      on.take(late, day(2));
    }
    const on = heldByX(60);
    on.take(received('S-1', 'x', [{ ...one, received: 40 }]), day(2));
    expect(on.refusal(count({ ...one, observed: 60 }), day(1))).toMatchObject({ code: 'overtaken' });
  });

  it.each([
    [
      'given to another owner',
      tell('reallocation.made', {
        reallocation: 'RA-1',
        kind: 'transferred',
        from: 'tesla',
        to: 'xai',
        lines: [{ ...one, quantity: 1 }],
      }),
    ],
    ['scrapped', tell('units.scrapped', { custodian: 'x', lines: [{ ...one, quantity: 1 }] })],
    ['returned', tell('units.returned', { return: 'R-1', from: 'x', to: 'nvidia', lines: [{ ...one, quantity: 1 }] })],
    ['counted', count({ ...one, observed: 99 })],
    [
      'counted as expected, beside others that were not',
      count({ ...one, observed: 100 }, { ...of('PO-1', '2'), owner: 'tesla', observed: 1 }),
    ],
  ])('a count is refused when units were %s at a later occurrence', (_, later) => {
    const on = heldByX(100);
    on.take(later, day(2));
    expect(on.refusal(count({ ...one, owner: 'tesla', observed: 90 }), day(1))).toMatchObject({ code: 'overtaken' });
  });

  it('a count of one account is not overtaken by what happened to another', () => {
    const on = heldByX(90);
    on.take(received('S-1', 'xai', [{ ...one, received: 10 }]), day(3));
    on.take(count({ ...of('PO-1', '2'), owner: 'tesla', observed: 5 }), day(3));
    on.take(count({ ...one, owner: 'xai', observed: 5 }), day(3));
    on.take(count({ ...one, owner: 'tesla', observed: 88 }), day(2));
  });

  it('a cancellation of all that is ordered is refused when units were added, given or dispatched at a later occurrence', () => {
    const toX = tell('reallocation.made', {
      ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x' },
      lines: [{ ...one, quantity: 30 }],
    });
    for (const later of [change({ quantity: 120 }), toX, dispatched('S-1', [{ ...one, quantity: 10 }])]) {
      const on = story(placed('PO-1', 'tesla', 100));
      on.take(later, day(11));
      expect(on.refusal(cancel(undefined, 'tesla'), day(10))).toMatchObject({
        code: 'overtaken',
        facts: { owner: 'tesla' },
      });
      on.take(cancel(10, 'tesla'), day(10));
      on.take(cancel(undefined, 'tesla'), day(11));
    }
  });

  it('a shipment is for whom the newest occurrence says: a late reallocation moves its units and leaves the consignee', () => {
    const on = story(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...one, quantity: 100 }], { consignee: 'tesla' }),
    );
    on.take(reconsigned('RA-1', 'tesla', 'x', 100), day(11));
    expect(on.take(reconsigned('RA-2', 'x', 'xai', 100), day(10))).not.toHaveProperty('consignees');
    expect(on.ledger.entity('shipment/S-1')).toMatchObject({ consignee: 'x' });
    expect(on.take(reconsigned('RA-3', 'xai', 'tesla', 100), day(11))).toMatchObject({
      consignees: [{ shipment: 'S-1', consignee: 'tesla' }],
    });
  });

  it('a late swap moves the units of a shipment and leaves the consignee that a later occurrence named', () => {
    const on = story(
      placed('PO-1', 'tesla', 100),
      placed('PO-X', 'x', 100),
      dispatched('S-1', [{ ...one, quantity: 100 }]),
      proposed('SW-1', 'x', [
        { from: 'xai', to: 'x', ...one, quantity: 100, shipment: 'S-1' },
        { from: 'x', to: 'xai', ...of('PO-X', '1'), quantity: 100 },
      ]),
    );
    on.take(reconsigned('RA-1', 'tesla', 'xai', 100), day(11));
    on.take(accepted('SW-1', 'xai'), day(11));
    expect(on.take(executed('SW-1', 'x'), day(10))).not.toHaveProperty('consignees');
    expect(on.ledger.entity('shipment/S-1')).toMatchObject({ consignee: 'xai' });
  });

  it('a destination or a day of arrival that a late reallocation names is refused when a later one is known', () => {
    const on = story(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...one, quantity: 100 }], { eta: '2024-01-20' }),
    );
    on.take(reconsigned('RA-1', 'tesla', 'x', 100, { destination: 'Memphis' }), day(11));
    const austin = { destination: 'Austin', eta: '2024-01-22' };
    expect(on.refusal(reconsigned('RA-2', 'x', 'tesla', 100, austin), day(10))).toMatchObject({
      code: 'overtaken',
      facts: { shipment: 'S-1', overtaken: [{ value: 'destination', time: day(11) }] },
    });
    expect(on.take(reconsigned('RA-2', 'x', 'tesla', 100, austin), day(12))).toMatchObject({
      consignees: [{ shipment: 'S-1', consignee: 'tesla', ...austin }],
    });
  });

  it('a dispatch of more, with the header as it was then, says that the header was changed since, and moves without that part', () => {
    const header = { destination: 'Austin', eta: '2024-01-20' };
    const on = story(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...one, quantity: 50 }], { consignee: 'x', ...header }),
    );
    on.take(reconsigned('RA-1', 'tesla', 'x', 50, { destination: 'Memphis' }), day(11));
    const more = [{ ...one, quantity: 10 }];
    expect(on.refusal(dispatched('S-1', more, { consignee: 'x', ...header }), day(10))).toMatchObject({
      code: 'overtaken',
      facts: {
        shipment: 'S-1',
        destination: 'Memphis',
        overtaken: [{ value: 'destination', ...last(on), time: day(11) }],
      },
    });
    on.take(dispatched('S-1', more, { consignee: 'x', eta: header.eta }), day(10));
    expect(on.refusal(dispatched('S-1', more, { consignee: 'x', ...header }), day(12))).toMatchObject({
      code: 'already-exists',
    });
  });

  it('events from before this rule are read as they are, and what was said last is what occurred last', () => {
    const on = story(placed('PO-1', 'tesla', 100));
    const next = (told: ReturnType<typeof tell>, time: string, data: object) => {
      on.ledger.apply(
        on.ledger.eventOf({ source: 'urn:test', ...told, time }, { ...told.data, ...data } as never, on.now),
      );
    };
    const previous = { quantity: 100, window: january };
    next(change({ window: june }), day(11), { previous });
    next(change({ window: january }), day(10), { previous });
    expect(on.ledger.entity('order/PO-1')).toMatchObject({
      lines: [{ window: january, said: { window: { time: day(11) } } }],
    });
    expect(on.refusal(change({ window: june }), day(10))).toMatchObject({ code: 'overtaken' });
    on.take(change({ window: june }), day(11));
  });
});
