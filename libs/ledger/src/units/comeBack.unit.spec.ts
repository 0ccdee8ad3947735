import { describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { dispatched, of, placed, received, tell, type Told } from '#test/ledger/facts';
import { given } from '#test/ledger/story';

const first = of('PO-1', '1');
const second = of('PO-2', '1');
const tiles = (quantity: number) => ({ quantity, item: 'D1' });
const sent = [
  placed('PO-1', 'tesla', tiles(3)),
  dispatched('S-1', [{ ...first, quantity: 3, serials: ['A1', 'A2', 'A3'] }]),
];
const arrived = [...sent, received('S-1', 'tesla', [{ ...first, received: 3 }], true)];

/** Ways for A1 to leave everybody's hands. */
const gone: Record<string, Told[]> = {
  returned: [
    ...arrived,
    tell('units.returned', {
      return: 'R-1',
      from: 'tesla',
      to: 'nvidia',
      lines: [{ ...first, quantity: 1, serials: ['A1'] }],
    }),
  ],
  lost: [...sent, tell('shipment.lost', { shipment: 'S-1', lines: [{ ...first, quantity: 1, serials: ['A1'] }] })],
  scrapped: [
    ...arrived,
    tell('units.scrapped', { custodian: 'tesla', lines: [{ ...first, quantity: 1, serials: ['A1'] }] }),
  ],
  count: [
    ...arrived,
    tell('count.adjusted', { custodian: 'tesla', lines: [{ ...first, observed: 2, serials: ['A1'] }] }),
  ],
  cancelled: [
    placed('PO-1', 'tesla', { ...tiles(3), serials: ['A1', 'A2', 'A3'] }),
    tell('order.line_cancelled', { ...first, initiator: 'seller', quantity: 1, serials: ['A1'] }),
  ],
};
const ways = Object.keys(gone);
const made = ways.filter((way) => way !== 'cancelled');

describe('a unit that is out of everybody’s hands comes back by its serial number', () => {
  it.each(ways)('%s, it is sold again: it leaves its old line, and is on the new one', (stage) => {
    const story = given(...gone[stage]!, placed('PO-2', 'x', tiles(1)));
    const { moves } = story.take(
      dispatched('S-2', [{ ...second, quantity: 1, serials: ['A1'] }], { consignee: 'x' }),
    ) as { moves: object[] };
    expect(moves).toMatchObject([
      { order: 'PO-1', serials: ['A1'], from: { stage }, to: { owner: 'nvidia', stage: 'supply' } },
      { order: 'PO-2', serials: ['A1'], from: { stage: 'ordered' }, to: { owner: 'x', stage: 'in_transit' } },
    ]);
    expect(story.unit('D1', 'A1')).toBe('x@dhl in_transit S-2 PO-2/1');
    expect(story.books('PO-1').filter((account) => account.includes(` ${stage} `))).toEqual([]);
  });

  it.each(ways)('%s, it is named when it is ordered, or only by whoever receives it', (stage) => {
    const ordered = given(...gone[stage]!, placed('PO-2', 'x', { ...tiles(1), serials: ['A1'] }));
    expect(ordered.unit('D1', 'A1')).toBe('x@nvidia ordered PO-2/1');
    const read = given(
      ...gone[stage]!,
      placed('PO-2', 'x', tiles(2)),
      dispatched('S-2', [{ ...second, quantity: 2 }], { consignee: 'x' }),
      received('S-2', 'x', [{ ...second, received: 1, serials: ['A1'], surplus: 1, surplusSerials: ['B1'] }]),
    );
    expect(read.unit('D1', 'A1')).toBe('x@x held PO-2/1');
  });

  it.each(ways)('%s, it is received as surplus', (stage) => {
    const story = given(
      ...gone[stage]!,
      placed('PO-2', 'x', tiles(1)),
      dispatched('S-2', [{ ...second, quantity: 1, serials: ['B1'] }], { consignee: 'x' }),
      received('S-2', 'x', [{ ...second, received: 1, surplus: 1, surplusSerials: ['A1'] }]),
    );
    expect(story.unit('D1', 'A1')).toBe('nvidia@x held PO-2/1');
  });

  it.each(made)('%s, it is found by a count, straight from there on its own line', (stage) => {
    const story = given(...gone[stage]!);
    const counted = tell('count.adjusted', {
      custodian: 'dhl',
      lines: [{ ...first, owner: 'tesla', observed: 1, serials: ['A1'] }],
    });
    expect(story.take(counted)).toMatchObject({
      moves: [{ order: 'PO-1', from: { stage }, to: { owner: 'tesla', custodian: 'dhl', stage: 'held' } }],
    });
  });

  it.each(made)('%s, it is found by a count of another line by way of supply', (stage) => {
    const story = given(...gone[stage]!, placed('PO-2', 'x', tiles(1)));
    story.take(
      tell('count.adjusted', { custodian: 'dhl', lines: [{ ...second, owner: 'x', observed: 1, serials: ['A1'] }] }),
    );
    expect(story.unit('D1', 'A1')).toBe('x@dhl held PO-2/1');
    expect(story.accounts(undefined, ({ owner }) => owner === 'dhl')).toEqual([
      'dhl@dhl supply PO-1/1: 1',
      'dhl@dhl supply PO-2/1: -1',
    ]);
  });

  it('cancelled, it was never made: a count that finds it has a difference, and makes no unit out of the promise', () => {
    const story = given(...gone.cancelled!);
    const counted = tell('count.adjusted', {
      custodian: 'dhl',
      lines: [{ ...first, owner: 'tesla', observed: 1, serials: ['A1'] }],
    });
    expect(story.take(counted)).toMatchObject({
      moves: [
        { from: { stage: 'cancelled' }, to: { owner: 'dhl', stage: 'supply' } },
        { from: { stage: 'count' }, to: { owner: 'tesla', custodian: 'dhl', stage: 'held' } },
      ],
    });
    expect(story.unit('D1', 'A1')).toBe('tesla@dhl held PO-1/1');
  });

  it('a unit in somebody’s hands does not come back, nor one twice in an event, nor by an event that takes units away', () => {
    const story = given(...gone.returned!, placed('PO-2', 'x', tiles(2)));
    const send = (...serials: string[]) => dispatched('S-2', [{ ...second, quantity: serials.length, serials }]);
    expect(story.refusal(send('A2'))).toMatchObject({
      code: 'serial-elsewhere',
      facts: { serial: 'A2', account: { owner: 'tesla', stage: 'held' } },
    });
    const one = { ...second, quantity: 1, serials: ['A1'] };
    expect(story.refusal(dispatched('S-2', [one, one]))).toMatchObject({ code: 'serial-elsewhere' });
    const scrapped = tell('units.scrapped', {
      custodian: 'tesla',
      lines: [{ ...first, quantity: 1, serials: ['A1'] }],
    });
    expect(story.refusal(scrapped)).toMatchObject({ code: 'serial-elsewhere', facts: { serial: 'A1' } });
  });

  it('a lost unit that arrives after all is received from where it was lost', () => {
    const story = given(...gone.lost!, received('S-1', 'tesla', [{ ...first, received: 3 }]));
    expect(story.books('PO-1')).toEqual(['tesla@tesla held PO-1/1: 3']);
  });
});

describe('a supplier delivers what it owns and holds first', () => {
  const house = tell('party.registered', { party: 'xai', name: 'House', roles: ['customer', 'supplier'] });
  const bought = (order: string, quantity: number, item = 'H100'): Told[] => [
    placed(order, 'xai', { quantity, item }),
    dispatched(`S-${order}`, [{ ...of(order, '1'), quantity }], { consignee: 'xai' }),
    received(`S-${order}`, 'xai', [{ ...of(order, '1'), received: quantity }], true),
  ];
  const sold = (order: string, quantity: number, item = 'H100'): Told =>
    tell('order.placed', {
      order,
      buyer: 'tesla',
      supplier: 'xai',
      lines: [{ line: '1', item, quantity, window: { from: '2024-01-01', to: '2024-01-31' } }],
    });
  type Line = Submitted<'lading.shipment.dispatched.v1'>['lines'][number];
  const send = (quantity: number, rest: Partial<Line> = {}) =>
    dispatched('S-9', [{ ...of('SO-1', '1'), quantity, ...rest }]);
  const madeBy = (story: ReturnType<typeof given>, party: string) =>
    story.ledger.events.length > 0
      ? story
          .accounts(undefined, ({ owner, stage }) => owner === party && stage === 'supply')
          .reduce((sum, account) => sum + Number(account.split(': ')[1]), 0)
      : 0;

  it('ten that are sold on are ten, the customer’s: the house made none', () => {
    const story = given(house, ...bought('PO-1', 10), sold('SO-1', 10), send(10));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-9 SO-1/1: 10']);
    expect([madeBy(story, 'xai'), madeBy(story, 'nvidia')]).toEqual([0, -10]);
  });

  it('those that came first leave first, and what is left over is new', () => {
    const story = given(house, ...bought('PO-2', 4), ...bought('PO-1', 5), sold('SO-1', 12), send(6));
    expect(story.units()).toEqual([
      'tesla@dhl in_transit S-9 SO-1/1: 6',
      'tesla@xai ordered SO-1/1: 6',
      'xai@xai held PO-1/1: 3',
    ]);
    story.take(send(6));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-9 SO-1/1: 12']);
    expect(madeBy(story, 'xai')).toBe(-3);
  });

  it('a line may say that its units are new, or of which order line they are', () => {
    const story = given(house, ...bought('PO-1', 4), ...bought('PO-2', 5), sold('SO-1', 20));
    story.take(send(2, { from: 'new' }));
    story.take(send(3, { from: [{ ...second, quantity: 3 }] }));
    story.take(send(4, { from: [second] }));
    expect(story.units().filter((account) => account.includes('held'))).toEqual(['xai@xai held PO-1/1: 4']);
    expect(story.refusal(send(4, { from: [{ ...first, quantity: 5 }] }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { asked: 5, available: 4 },
    });
    expect(story.refusal(send(5, { from: [{ ...first, quantity: 5 }] }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { order: 'PO-1', asked: 5, available: 4 },
    });
  });

  it('returned units are sold again by quantity where the line says so', () => {
    const story = given(
      ...[placed('PO-1', 'tesla', 10), dispatched('S-1', [{ ...first, quantity: 10 }])],
      received('S-1', 'tesla', [{ ...first, received: 10 }]),
      tell('units.returned', { return: 'R-1', from: 'tesla', to: 'nvidia', lines: [{ ...first, quantity: 4 }] }),
      placed('PO-2', 'x', 5),
      dispatched('S-2', [{ ...second, quantity: 5, from: [{ ...first, stage: 'returned', quantity: 3 }] }]),
    );
    expect(story.books()).toEqual([
      'nvidia@nvidia returned PO-1/1: 1',
      'tesla@tesla held PO-1/1: 6',
      'x@dhl in_transit S-2 PO-2/1: 5',
    ]);
  });

  it('serial numbers that cannot be units of the line that it says they are of are refused, not made', () => {
    const story = given(...gone.returned!, placed('PO-2', 'x', tiles(3)));
    const resold = (serials: string[], quantity: number) =>
      dispatched('S-2', [
        { ...second, quantity: serials.length, serials, from: [{ ...first, stage: 'returned', quantity }] },
      ]);
    // A1 is what was returned: B1 is another unit.
    for (const [serials, quantity, available] of [
      [['B1'], 1, 0],
      [['A1', 'B1'], 2, 1],
    ] as const) {
      expect(story.refusal(resold([...serials], quantity))).toMatchObject({
        code: 'insufficient-quantity',
        detail: expect.stringContaining('serial numbers'),
        facts: { ...first, stage: 'returned', asked: quantity, available },
      });
    }
    story.take(resold(['A1', 'B1'], 1));
    expect(story.unit('D1', 'A1')).toBe('x@dhl in_transit S-2 PO-2/1');
  });

  it('lines of one dispatch do not take the same units, and those that say which are served first', () => {
    const story = given(house, ...bought('PO-1', 4), ...bought('PO-2', 5), sold('SO-1', 20));
    story.take(
      dispatched('S-9', [
        { ...of('SO-1', '1'), quantity: 3 },
        { ...of('SO-1', '1'), quantity: 3, from: [first] },
      ]),
    );
    expect(story.units().filter((account) => account.includes('held'))).toEqual(['xai@xai held PO-2/1: 3']);
  });

  it('by serial number they are the ones that were named; units without numbers get theirs as they leave', () => {
    const story = given(house, ...bought('PO-1', 2, 'D1'), sold('SO-1', 3, 'D1'));
    story.take(
      tell('custody.transferred', { from: 'xai', to: 'dhl', lines: [{ ...first, quantity: 1, serials: ['C1'] }] }),
    );
    story.take(tell('custody.transferred', { from: 'dhl', to: 'xai', lines: [{ ...first, quantity: 1 }] }));
    story.take(send(3, { serials: ['C1', 'C2', 'C3'] }));
    expect(story.units()).toEqual(['tesla@dhl in_transit S-9 SO-1/1: 3']);
    expect(madeBy(story, 'xai')).toBe(-1);
    expect(story.unit('D1', 'C1')).toBe('tesla@dhl in_transit S-9 SO-1/1');
  });

  const kept = (order: string, quantity: number, serials?: string[]): Told =>
    tell('units.held', {
      hold: `H-${order}`,
      owner: 'xai',
      purpose: 'Kept',
      until: '2030-01-01T00:00:00Z',
      lines: [{ ...of(order, '1'), quantity, ...(serials && { serials }) }],
    });

  it('but for what is held of it: others leave first, and nothing new is made in the place of what stays', () => {
    const story = given(house, ...bought('PO-1', 4), ...bought('PO-2', 5), sold('SO-1', 12), kept('PO-1', 3), send(4));
    expect(story.units().filter((account) => account.includes('held'))).toEqual([
      'xai@xai held PO-1/1: 3',
      'xai@xai held PO-2/1: 2',
    ]);
    expect(story.refusal(send(3))).toMatchObject({
      code: 'held-for',
      facts: { order: 'PO-1', owner: 'xai', asked: 3, available: 2, held: [{ hold: 'H-PO-1', quantity: 3 }] },
    });
    expect(story.refusal(send(3, { from: [{ ...first, quantity: 1 }] }))).toMatchObject({
      code: 'held-for',
      facts: { asked: 1, available: 0 },
    });
    story.take(send(3, { from: 'new' }));
    story.take(send(2));
    story.take(tell('units.released', { hold: 'H-PO-1' }));
    story.take(send(3));
    expect(madeBy(story, 'xai')).toBe(-3);
  });

  it('nor by their serial numbers what is held of it, by number or because too few would be left', () => {
    const story = given(house, ...bought('PO-1', 3, 'D1'), sold('SO-1', 5, 'D1'));
    for (const serials of [['C1'], ['C2']]) {
      const lines = [{ ...first, quantity: 1, serials }];
      story.take(tell('custody.transferred', { from: 'xai', to: 'dhl', lines }));
      story.take(tell('custody.transferred', { from: 'dhl', to: 'xai', lines }));
    }
    story.take(kept('PO-1', 1, ['C1']));
    expect(story.refusal(send(1, { serials: ['C1'] }))).toMatchObject({ code: 'held-for', facts: { available: 2 } });
    expect(story.refusal(send(2, { serials: ['C2', 'C1'] }))).toMatchObject({ code: 'held-for' });
    story.take(send(2, { serials: ['C2', 'C3'] }));
    expect(story.units('PO-1')).toEqual(['xai@xai held PO-1/1: 1']);
  });

  it('what a customer reads from the crate may be what the house still has in the books', () => {
    const story = given(
      house,
      sold('SO-1', 2, 'D1'),
      send(2),
      placed('PO-1', 'xai', { quantity: 2, item: 'D1' }),
      dispatched('S-1', [{ ...first, quantity: 2, serials: ['C1', 'C2'] }], { consignee: 'xai' }),
      received('S-1', 'xai', [{ ...first, received: 2 }], true),
      received('S-9', 'tesla', [{ ...of('SO-1', '1'), received: 2, serials: ['C1', 'C2'] }], true),
    );
    expect(story.units()).toEqual(['tesla@tesla held SO-1/1: 2']);
    expect(madeBy(story, 'xai')).toBe(0);
  });
});

describe('a count finds units by quantity where it says from where they came back', () => {
  const third = of('PO-3', '1');
  /** Of PO-1: ten that are gone in this way, and ten of Tesla's that are held. */
  const stock = (item: string): Record<string, Told[]> => {
    const [all, part] = [
      { ...first, quantity: 20 },
      { ...first, quantity: 10 },
    ];
    const begun = [placed('PO-1', 'tesla', { quantity: 20, item }), placed('PO-3', 'tesla', { quantity: 5, item })];
    const onTheWay = [...begun, dispatched('S-1', [all])];
    const there = [...onTheWay, received('S-1', 'tesla', [{ ...first, received: 20 }])];
    return {
      returned: [...there, tell('units.returned', { return: 'R-1', from: 'tesla', to: 'nvidia', lines: [part] })],
      lost: [...onTheWay, tell('shipment.lost', { shipment: 'S-1', lines: [part] })],
      scrapped: [...there, tell('units.scrapped', { custodian: 'tesla', lines: [part] })],
      count: [...there, tell('count.adjusted', { custodian: 'tesla', lines: [{ ...first, observed: 10 }] })],
      cancelled: [...begun, tell('order.line_cancelled', { ...first, initiator: 'seller', quantity: 10 })],
    };
  };
  const H = stock('H100');
  type From = NonNullable<Submitted<'lading.count.adjusted.v1'>['lines'][number]['from']>;
  const count = (observed: number, from: From, line = first, more: { serials?: string[]; owner?: string } = {}) =>
    tell('count.adjusted', { custodian: 'x', lines: [{ ...line, owner: 'tesla', observed, from, ...more }] });
  const gone = (story: ReturnType<typeof given>, stage: string) =>
    story.books('PO-1').filter((account) => account.includes(` ${stage} `));

  it.each(made)(
    '%s, straight from there on its own line; what `from` does not cover is a difference of the count',
    (stage) => {
      const story = given(...H[stage]!);
      const from = [{ ...first, stage: stage as 'lost', quantity: 4 }];
      expect(story.take(count(6, from))).toMatchObject({
        lines: [{ expected: 0, difference: 6, from }],
        moves: [
          { quantity: 4, from: { stage }, to: { owner: 'tesla', custodian: 'x', stage: 'held' } },
          { quantity: 2, from: { owner: 'tesla', custodian: 'x', stage: 'count' }, to: { stage: 'held' } },
        ],
      });
      expect(gone(story, stage).some((account) => account.endsWith(': 6'))).toBe(true);
    },
  );

  it.each(made)('%s, by way of supply on another line', (stage) => {
    const story = given(...H[stage]!);
    expect(story.take(count(4, [{ ...first, stage: stage as 'lost' }], third))).toMatchObject({
      moves: [
        { order: 'PO-1', quantity: 4, from: { stage }, to: { owner: 'x', custodian: 'x', stage: 'supply' } },
        { order: 'PO-3', quantity: 4, from: { owner: 'x', stage: 'supply' }, to: { owner: 'tesla', custodian: 'x' } },
      ],
    });
    expect(gone(story, stage).some((account) => account.endsWith(': 6'))).toBe(true);
  });

  it('cancelled, they were never made: the promise goes back, and finding them is a difference of the count', () => {
    const story = given(...H.cancelled!);
    expect(story.take(count(4, [{ ...first, stage: 'cancelled' }]))).toMatchObject({
      moves: [
        { quantity: 4, from: { stage: 'cancelled' }, to: { owner: 'x', stage: 'supply' } },
        { quantity: 4, from: { stage: 'count' }, to: { owner: 'tesla', custodian: 'x', stage: 'held' } },
      ],
    });
  });

  it('from one custodian’s count or of one owner’s only, where it says so; else those of the counted owner come first', () => {
    const missing = [
      ...H.returned!.slice(0, 4),
      tell('reallocation.made', {
        ...{ reallocation: 'RA-1', kind: 'transferred', from: 'tesla', to: 'xai' },
        lines: [{ ...first, quantity: 5 }],
      }),
      tell('custody.transferred', { from: 'tesla', to: 'dhl', lines: [{ ...first, owner: 'tesla', quantity: 5 }] }),
      tell('count.adjusted', { custodian: 'dhl', lines: [{ ...first, owner: 'tesla', observed: 2 }] }),
      tell('count.adjusted', {
        custodian: 'tesla',
        lines: [
          { ...first, owner: 'tesla', observed: 6 },
          { ...first, owner: 'xai', observed: 1 },
        ],
      }),
    ];
    const places = (from: From, owner = 'tesla') => {
      const { moves } = given(...missing).take(count(3, from, first, { owner })) as {
        moves: { quantity: number; from: { owner: string; custodian: string } }[];
      };
      return moves.map(({ quantity, from: place }) => `${place.owner}@${place.custodian} ${quantity}`);
    };
    expect(places([{ ...first, stage: 'count', custodian: 'dhl' }])).toEqual(['tesla@dhl 3']);
    expect(places([{ ...first, stage: 'count', owner: 'xai' }])).toEqual(['xai@tesla 3']);
    expect(places([{ ...first, stage: 'count', custodian: 'tesla' }])).toEqual(['tesla@tesla 3']);
    expect(places([{ ...first, stage: 'count', custodian: 'tesla' }], 'xai')).toEqual(['xai@tesla 3']);
    expect(
      places([
        { ...first, stage: 'count', custodian: 'dhl', quantity: 1 },
        { ...first, stage: 'count' },
      ]),
    ).toEqual(['tesla@dhl 3']);
  });

  it('no more than are there, or than were found, lines together; a count that finds nothing says nothing of where from', () => {
    const story = given(...H.lost!);
    const lost = (quantity?: number) => [
      { ...first, stage: 'lost' as const, ...(quantity !== undefined && { quantity }) },
    ];
    expect(story.refusal(count(12, lost(11)))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...first, stage: 'lost', asked: 11, available: 10 },
    });
    expect(story.refusal(count(4, lost(5)))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...first, asked: 5, available: 4 },
    });
    expect(story.refusal(count(0, lost()))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...first, asked: 1, available: 0 },
    });
    expect(story.refusal(count(4, [{ ...first, stage: 'scrapped' }]))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { stage: 'scrapped', asked: 4, available: 0 },
    });
    const twice = tell('count.adjusted', {
      custodian: 'x',
      lines: [first, third].map((line) => ({ ...line, owner: 'tesla', observed: 6, from: lost(6) })),
    });
    expect(story.refusal(twice)).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...first, stage: 'lost', asked: 6, available: 4 },
    });
  });

  it('a line that is not there, and one of another item, have no units to come back', () => {
    const story = given(...H.lost!, placed('PO-4', 'tesla', { quantity: 5, item: 'D1' }));
    expect(story.refusal(count(1, [{ ...of('PO-1', '9'), stage: 'lost' }]))).toMatchObject({
      code: 'unknown-order-line',
      facts: { order: 'PO-1', line: '9' },
    });
    const d1 = tell('count.adjusted', {
      custodian: 'x',
      lines: [
        { ...of('PO-4', '1'), owner: 'tesla', observed: 1, serials: ['C1'], from: [{ ...first, stage: 'lost' }] },
      ],
    });
    // Its number says which it is, and none of the H100 is.
    expect(story.take(d1)).toMatchObject({ moves: [{ order: 'PO-4', from: { stage: 'count' }, serials: ['C1'] }] });
  });

  it('nor is a count believed whose serial numbers cannot be units of the line that it says they are of', () => {
    const story = given(
      placed('PO-1', 'tesla', { quantity: 3, item: 'D1' }),
      dispatched('S-1', [{ ...first, quantity: 3, serials: ['C1', 'C2', 'C3'] }]),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...first, quantity: 1, serials: ['C1'] }] }),
    );
    const from = [{ ...first, stage: 'lost' as const, quantity: 1 }];
    expect(story.refusal(count(1, from, first, { serials: ['C9'] }))).toMatchObject({
      code: 'insufficient-quantity',
      facts: { ...first, stage: 'lost', asked: 1, available: 0 },
    });
    story.take(count(1, from, first, { serials: ['C1'] }));
    expect(gone(story, 'lost')).toEqual([]);
  });

  it('units without serial numbers get those that are read on them', () => {
    for (const line of [first, third]) {
      const story = given(
        placed('PO-1', 'tesla', { quantity: 3, item: 'D1' }),
        placed('PO-3', 'tesla', { quantity: 5, item: 'D1' }),
        dispatched('S-1', [{ ...first, quantity: 3 }]),
        tell('shipment.lost', { shipment: 'S-1', lines: [{ ...first, quantity: 3 }] }),
      );
      story.take(count(2, [{ ...first, stage: 'lost' }], line, { serials: ['C1', 'C2'] }));
      expect(story.unit('D1', 'C2')).toBe(`tesla@x held ${line.order}/1`);
      expect(gone(story, 'lost')).toEqual(['tesla@dhl lost PO-1/1: 1']);
    }
  });
});
