import { describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const one = of('PO-1', '1');
const tiles = (from: number, to: number) => ({ prefix: 'D-', from, to, digits: 2 });
const ordered = placed('PO-1', 'tesla', { quantity: 10, item: 'D1' });
const sent = [ordered, dispatched('S-1', [{ ...one, quantity: 10, serials: tiles(1, 10) }])];
const held = [...sent, received('S-1', 'tesla', [{ ...one, received: 10 }])];
const reassigned = (quantity: number, serials?: string[]) =>
  tell('reallocation.made', {
    reallocation: `RA-${quantity}`,
    kind: 'reassigned',
    from: 'tesla',
    to: 'x',
    lines: [{ ...one, quantity, ...(serials && { serials }) }],
  });
const scrapped = (quantity: number, serials?: string[], stage: 'held' | 'damaged' = 'held') =>
  tell('units.scrapped', { custodian: 'tesla', lines: [{ ...one, quantity, stage, ...(serials && { serials }) }] });

describe('units tracked by serial number', () => {
  it('units with serial numbers are named on any move: when they are ordered, dispatched or received', () => {
    const onOrder = given(placed('PO-1', 'tesla', { quantity: 2, item: 'D1', serials: ['a', 'b'] }));
    expect(onOrder.unit('D1', 'a')).toBe('tesla@nvidia ordered PO-1/1');

    const onDispatch = given(...sent);
    expect(onDispatch.unit('D1', 'D-10')).toBe('tesla@dhl in_transit S-1 PO-1/1');

    const unnamed = given(ordered, dispatched('S-1', [{ ...one, quantity: 10 }]));
    expect(unnamed.unit('D1', 'D-01')).toBeUndefined();
    unnamed.take(received('S-1', 'tesla', [{ ...one, received: 4, serials: tiles(1, 4) }]));
    expect(unnamed.unit('D1', 'D-01')).toBe('tesla@tesla held PO-1/1');
  });

  it('serial numbers need not be named when all units of the account move: they go along, as they were given', () => {
    const story = given(...sent);
    expect(story.ledger.events.at(-1)?.data).toMatchObject({ moves: [{ serials: tiles(1, 10) }] });
    const data = story.take(received('S-1', 'x', [{ ...one, received: 10 }]));
    expect(data).not.toHaveProperty('moves.0.serials');
    expect(story.unit('D1', 'D-07')).toBe('tesla@x held PO-1/1');
  });

  it('serial numbers need not be named while no unit can have one: ordered, and staying so or cancelled', () => {
    const story = given(ordered, reassigned(3));
    story.take(tell('order.line_cancelled', { ...one, owner: 'tesla', initiator: 'buyer', quantity: 2 }));
    expect(story.units()).toEqual(['tesla@nvidia ordered PO-1/1: 5', 'x@nvidia ordered PO-1/1: 3']);
  });

  it('serial numbers are named when units appear as surplus or are found by a count, from an account without a number of units', () => {
    const story = given(...held);
    const refusals = [
      story.refusal(received('S-1', 'tesla', [{ ...one, received: 0, surplus: 2 }])),
      story.refusal(tell('count.adjusted', { custodian: 'tesla', lines: [{ ...one, observed: 12 }] })),
    ];
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: 'serial-count',
        detail:
          'D1 is tracked by serial number, and 2 units of line 1 of order PO-1 appear. Name their serial numbers.',
        facts: { asked: 2, named: 0 },
      });
      expect(refusal.facts).not.toHaveProperty('available');
    }
  });

  it('serial numbers are named as soon as some units have one and part of them moves', () => {
    const story = given(ordered, reassigned(2, ['a', 'b']));
    story.take(tell('order.line_changed', { ...one, initiator: 'seller', owner: 'x', quantity: 9, serials: ['a'] }));
    expect(story.unit('D1', 'a')).toBe('x@nvidia cancelled PO-1/1');
    const back = tell('reallocation.made', {
      reallocation: 'RA-9',
      kind: 'reassigned',
      from: 'x',
      to: 'tesla',
      lines: [{ ...one, quantity: 1 }],
    });
    story.take(back);
    expect(story.unit('D1', 'b')).toBe('tesla@nvidia ordered PO-1/1');
    const part = tell('order.line_cancelled', { ...one, initiator: 'buyer', quantity: 1 });
    expect(story.refusal(part)).toMatchObject({ code: 'serial-count', facts: { asked: 1, named: 0, available: 9 } });
  });

  it('serial numbers are named when part of an account is dispatched, received or scrapped', () => {
    expect(given(ordered).refusal(dispatched('S-1', [{ ...one, quantity: 4 }]))).toMatchObject({
      code: 'serial-count',
      facts: { order: 'PO-1', line: '1', item: 'D1', asked: 4, named: 0, available: 10 },
    });
    expect(given(...sent).refusal(received('S-1', 'x', [{ ...one, received: 9 }]))).toMatchObject({
      code: 'serial-count',
    });
    expect(given(...held).refusal(scrapped(1))).toMatchObject({ code: 'serial-count' });
  });

  it('the damaged units of a receipt are named by serial number, and the rest are the good ones', () => {
    const story = given(...sent);
    const lines = [{ ...one, received: 8, damaged: 2 }];
    expect(story.refusal(received('S-1', 'x', lines))).toMatchObject({ code: 'serial-count' });
    story.take(received('S-1', 'x', [{ ...lines[0]!, damagedSerials: ['D-03', 'D-04'] }]));
    expect(story.unit('D1', 'D-03')).toBe('tesla@x damaged PO-1/1');
    expect(story.unit('D1', 'D-05')).toBe('tesla@x held PO-1/1');
  });

  it('surplus units are always named by serial number, because no account knows them', () => {
    const story = given(...sent);
    expect(story.refusal(received('S-1', 'x', [{ ...one, received: 10, surplus: 1 }]))).toMatchObject({
      code: 'serial-count',
      facts: { asked: 1 },
    });
    story.take(received('S-1', 'x', [{ ...one, received: 10, surplus: 1, surplusSerials: ['D-99'] }]));
    expect(story.unit('D1', 'D-99')).toBe('nvidia@x held PO-1/1');
  });

  it('as many serial numbers are named as units move, each once', () => {
    const story = given(...held);
    expect(story.refusal(scrapped(2, ['D-01']))).toMatchObject({ code: 'serial-count', facts: { asked: 2, named: 1 } });
    expect(story.refusal(scrapped(2, ['D-01', 'D-01']))).toMatchObject({
      code: 'serial-count',
      facts: { asked: 2, named: 1 },
    });
    const twice = tell('units.scrapped', {
      custodian: 'tesla',
      lines: [
        { ...one, quantity: 1, serials: ['D-01'] },
        { ...one, quantity: 1, serials: ['D-01'] },
      ],
    });
    expect(story.refusal(twice)).toMatchObject({ code: 'serial-elsewhere', facts: { serial: 'D-01' } });
  });

  it('a serial number is in one account of the whole ledger, and the rejection says in which', () => {
    const story = given(...held, placed('PO-2', 'x', { quantity: 5, item: 'D1' }));
    const again = dispatched('S-2', [{ ...of('PO-2', '1'), quantity: 1, serials: ['D-05'] }], { consignee: 'x' });
    expect(story.refusal(again)).toMatchObject({
      code: 'serial-elsewhere',
      facts: {
        serial: 'D-05',
        account: { owner: 'tesla', custodian: 'tesla', stage: 'held', order: 'PO-1', line: '1', shipment: null },
      },
    });
    expect(story.refusal(placed('PO-3', 'x', { quantity: 1, item: 'D1', serials: ['D-05'] }))).toMatchObject({
      code: 'serial-elsewhere',
    });
  });

  it('no new serial number is taken where every unit has one', () => {
    expect(given(...held).refusal(scrapped(1, ['new']))).toMatchObject({
      code: 'serial-elsewhere',
      facts: { serial: 'new', account: null },
    });
  });

  it('new serial numbers are taken for the units without one, and no more', () => {
    const some = tell('order.line_cancelled', { ...one, initiator: 'buyer', quantity: 2, serials: ['a', 'b'] });
    const named = reassigned(7, ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7']);
    const story = given(ordered, some, named);
    // One of x's seven goes back: tesla has two units, and one of them has a name.
    story.take(
      tell('reallocation.made', {
        reallocation: 'RA-back',
        kind: 'reassigned',
        from: 'x',
        to: 'tesla',
        lines: [{ ...one, quantity: 1, serials: ['n1'] }],
      }),
    );
    const both = (...serials: string[]) => dispatched('S-1', [{ ...one, owner: 'tesla', quantity: 2, serials }]);
    expect(story.refusal(both('m1', 'm2'))).toMatchObject({
      code: 'serial-elsewhere',
      facts: { serial: 'm2', account: null },
    });
    story.take(both('m1', 'n1'));
  });

  it('the serial numbers that a count misses, and those found again later, are named as the difference', () => {
    const counted = (observed: number, serials?: string[]) =>
      tell('count.adjusted', { custodian: 'tesla', lines: [{ ...one, observed, ...(serials && { serials }) }] });
    const story = given(...held);
    expect(story.refusal(counted(9))).toMatchObject({ code: 'serial-count' });
    story.take(counted(8, ['D-01', 'D-02']));
    expect(story.unit('D1', 'D-01')).toBe('tesla@tesla count PO-1/1');
    expect(story.refusal(counted(9, ['D-03']))).toMatchObject({ code: 'serial-elsewhere' });
    story.take(counted(9, ['D-02']));
    story.take(counted(11, ['D-01', 'D-77']));
    expect(story.unit('D1', 'D-77')).toBe('tesla@tesla held PO-1/1');
    expect(story.refusal(counted(11, ['D-01']))).toMatchObject({ code: 'serial-count', facts: { asked: 0, named: 1 } });
  });

  it('no serial numbers are named where no unit moves', () => {
    expect(
      given(...sent).refusal(received('S-1', 'x', [{ ...one, received: 0, serials: ['D-01'] }], true)),
    ).toMatchObject({
      code: 'serial-count',
      facts: { asked: 0, named: 1 },
    });
    const window = { from: '2024-01-01', to: '2024-01-02' };
    const change = tell('order.line_changed', { ...one, initiator: 'seller', window, serials: ['a'] });
    expect(given(ordered).refusal(change)).toMatchObject({ code: 'serial-count' });
  });
});

describe('serial numbers in a swap', () => {
  const orders = [...held, placed('PO-X', 'x', 5)];
  const back = { from: 'x', to: 'tesla', ...of('PO-X', '1'), quantity: 1 };
  const leg = { from: 'tesla', to: 'x', ...one };
  const swap = (tilesLeg: Omit<typeof back, 'order' | 'line' | 'from' | 'to'> & { serials?: string[] }) => [
    proposed('SW-1', 'x', [{ ...leg, ...tilesLeg }, back]),
    accepted('SW-1', 'tesla'),
  ];

  it('serial numbers in a swap name units wherever they are, also in several places', () => {
    const moved = tell('custody.transferred', {
      from: 'tesla',
      to: 'dhl',
      lines: [{ ...one, quantity: 5, serials: tiles(1, 5) }],
    });
    const story = given(...orders, moved, ...swap({ quantity: 3, serials: ['D-09', 'D-01', 'D-02'] }));
    expect(story.take(executed('SW-1', 'x'))).toMatchObject({
      moves: [
        { quantity: 2, serials: ['D-01', 'D-02'], from: { custodian: 'dhl' } },
        { quantity: 1, serials: ['D-09'], from: { custodian: 'tesla' } },
        { order: 'PO-X' },
      ],
    });
    expect(story.unit('D1', 'D-09')).toBe('x@tesla held PO-1/1');
  });

  it('a swap whose named units have moved on or are elsewhere is rejected with the place where they are', () => {
    const stolen = tell('count.adjusted', {
      custodian: 'tesla',
      lines: [{ ...one, observed: 9, serials: ['D-01'] }],
    });
    const gone = given(...orders, ...swap({ quantity: 1, serials: ['D-01'] }), stolen);
    expect(gone.refusal(executed('SW-1', 'x'))).toMatchObject({ code: 'wrong-stage', facts: { serial: 'D-01' } });
    const sold = tell('reallocation.made', {
      reallocation: 'RA-1',
      kind: 'transferred',
      from: 'tesla',
      to: 'xai',
      lines: [{ ...one, quantity: 1, serials: ['D-01'] }],
    });
    const [proposal, acceptance] = swap({ quantity: 1, serials: ['D-01'] });
    const others = given(...orders, proposal!, sold);
    expect(others.refusal(acceptance!)).toMatchObject({
      code: 'serial-elsewhere',
      facts: { serial: 'D-01', account: { owner: 'xai' } },
    });
  });

  it('a swap may give serial numbers to units that have none yet', () => {
    const story = given(ordered, placed('PO-X', 'x', 5), ...swap({ quantity: 2, serials: ['n1', 'n2'] }));
    story.take(executed('SW-1', 'x'));
    expect(story.unit('D1', 'n2')).toBe('x@nvidia ordered PO-1/1');
  });

  it('each of several legs of a swap may give serial numbers to units that have none, each unit once', () => {
    const two = placed('PO-1', 'tesla', { quantity: 2, item: 'D1' });
    const more = tell('order.line_changed', { ...one, initiator: 'buyer', quantity: 4 });
    const legs = [{ ...leg, quantity: 2, serials: ['a', 'b'] }, { ...leg, quantity: 2, serials: ['c', 'd'] }, back];
    const story = given(two, dispatched('S-1', [{ ...one, quantity: 2 }]), more, placed('PO-X', 'x', 5));
    story.take(proposed('SW-1', 'x', legs));
    story.take(accepted('SW-1', 'tesla'));
    story.take(executed('SW-1', 'x'));
    expect([story.unit('D1', 'b'), story.unit('D1', 'c')]).toEqual([
      'x@nvidia ordered PO-1/1',
      'x@dhl in_transit S-1 PO-1/1',
    ]);
  });

  it('serial numbers are needed when a leg takes part of units that have them', () => {
    const story = given(...orders, ...swap({ quantity: 3 }));
    expect(story.refusal(executed('SW-1', 'x'))).toMatchObject({ code: 'serial-count' });
    const all = given(...orders, ...swap({ quantity: 10 }));
    all.take(executed('SW-1', 'x'));
    expect(all.unit('D1', 'D-04')).toBe('x@tesla held PO-1/1');
  });
});

describe('units tracked by quantity', () => {
  it('units tracked by quantity take no serial numbers, whatever happens to them', () => {
    const story = given(placed('PO-2', 'tesla', 10));
    const two = { ...of('PO-2', '1'), quantity: 1, serials: ['a'] };
    for (const named of [
      placed('PO-3', 'tesla', { quantity: 1, serials: ['a'] }),
      dispatched('S-1', [two]),
      tell('order.line_cancelled', { ...two, initiator: 'buyer' }),
      tell('reallocation.made', { reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', lines: [two] }),
    ]) {
      expect(story.refusal(named)).toMatchObject({ code: 'wrong-tracking', facts: { item: 'H100' } });
    }
    story.take(dispatched('S-1', [{ ...two, serials: undefined }]));
    expect(
      story.refusal(received('S-1', 'x', [{ ...of('PO-2', '1'), received: 0, serials: ['a'] }], true)),
    ).toMatchObject({
      code: 'wrong-tracking',
    });
  });
});
