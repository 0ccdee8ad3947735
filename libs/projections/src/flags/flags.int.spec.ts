import { afterEach, describe, expect, it } from 'vitest';
import { accepted, dispatched, executed, of, placed, proposed, received, tell, type Told } from '#test/ledger/facts';
import { submitVoid } from '#test/ledger/takenBack';
import { projected, type Projected } from '#test/projections/projected';
import { flag, flags, type FlagsQuery } from './queries.ts';

const controlled = (party: string, ...controlledBy: string[]) =>
  tell('party.registered', { party, name: party, roles: ['customer'], controlledBy });
const reassigned = (reallocation: string, order: string, from: string, to: string, quantity: number) =>
  tell('reallocation.made', { reallocation, kind: 'reassigned', from, to, lines: [{ ...of(order, '1'), quantity }] });
const sent = (shipment: string, order: string, quantity: number, consignee: string, owner?: string) =>
  dispatched(shipment, [{ ...of(order, '1', owner), quantity }], { consignee });

describe('flags', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const NOW = new Date('2023-12-20T00:00:00Z');
  const raised = async (query: FlagsQuery = {}) => (await db.read((m) => flags(m, query), NOW)).data;
  const last = () => db.story.ledger.events.length;

  it('related-party: both have a controller in common, as known at the event', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10),
      controlled('tesla', 'elon-musk'),
      reassigned('RA-1', 'PO-1', 'tesla', 'x', 3),
    );
    expect(await raised()).toEqual([]);
    await db.happens([controlled('x', 'jack', 'elon-musk'), reassigned('RA-2', 'PO-1', 'tesla', 'x', 2)]);
    const sequence = last();
    await db.happens([controlled('x', 'jack'), reassigned('RA-3', 'PO-1', 'tesla', 'x', 1)]);
    expect(await raised()).toEqual([
      {
        flag: `related-party:${sequence}:1`,
        rule: 'related-party',
        raised: sequence,
        parties: ['tesla', 'x'],
        item: 'H100',
        facts: {
          reallocation: 'RA-2',
          kind: 'reassigned',
          controllers: ['elon-musk'],
          lines: [{ order: 'PO-1', line: '1', quantity: 2 }],
        },
        events: [sequence],
      },
    ]);
    expect(await db.read((m) => flag(m, `related-party:${sequence}:1`))).toMatchObject({ raised: sequence });
    expect(await db.read((m) => flag(m, `related-party:${sequence}:2`))).toBeUndefined();
    expect(await db.read((m) => flag(m, 'nonsense'))).toBeUndefined();
  });

  it('related-party: one controls the other, directly or through others', async () => {
    db = await projected(placed('PO-1', 'tesla', 10), controlled('xai', 'x'), controlled('x', 'tesla'));
    await db.happens([reassigned('RA-1', 'PO-1', 'tesla', 'xai', 1)]);
    expect((await raised()).map(({ rule, facts }) => [rule, facts.controllers])).toEqual([
      ['related-party', ['tesla']],
    ]);
  });

  it('related-party: a swap that was only proposed moves nothing and raises nothing', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10),
      placed('PO-2', 'x', 10),
      controlled('tesla', 'm'),
      controlled('x', 'm'),
    );
    const legs = [
      { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 4 },
      { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 5 },
    ];
    await db.happens([proposed('SW-1', 'x', legs), accepted('SW-1', 'tesla')]);
    expect(await raised()).toEqual([]);
    await db.happens([executed('SW-1', 'nvidia')]);
    expect((await raised()).map(({ events, facts }) => [events, facts.swap])).toEqual([[[last() - 2, last()], 'SW-1']]);
  });

  it('redirected: received for another owner than the buyer, with the events that made it the owner', async () => {
    db = await projected(placed('PO-1', 'tesla', 10), reassigned('RA-1', 'PO-1', 'tesla', 'x', 4));
    const reassigning = last();
    await db.happens([sent('S-1', 'PO-1', 4, 'x', 'x'), sent('S-2', 'PO-1', 6, 'tesla', 'tesla')]);
    await db.happens([received('S-1', 'x', [{ ...of('PO-1', '1'), received: 4 }])]);
    const receipt = last();
    await db.happens([received('S-2', 'tesla', [{ ...of('PO-1', '1'), received: 6 }])]);
    expect(await raised()).toEqual([
      {
        flag: `redirected:${receipt}:1`,
        rule: 'redirected',
        raised: receipt,
        parties: ['tesla', 'x'],
        item: 'H100',
        facts: {
          shipment: 'S-1',
          buyer: 'tesla',
          owner: 'x',
          by: 'x',
          lines: [{ order: 'PO-1', line: '1', quantity: 4 }],
        },
        events: [reassigning, receipt],
      },
    ]);
  });

  it('diversion: received by someone who is neither consignee nor owner', async () => {
    db = await projected(placed('PO-1', 'tesla', 10), sent('S-1', 'PO-1', 10, 'x'));
    await db.happens([
      received('S-1', 'x', [{ ...of('PO-1', '1'), received: 3 }]),
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 3 }]),
    ]);
    expect(await raised()).toEqual([]);
    await db.happens([received('S-1', 'xai', [{ ...of('PO-1', '1'), received: 4 }])]);
    expect(await raised()).toMatchObject([
      {
        rule: 'diversion',
        parties: ['tesla', 'xai', 'x'],
        facts: { by: 'xai', consignee: 'x', owner: 'tesla', lines: [{ quantity: 4 }] },
      },
    ]);
  });

  it('diversion: a consignee that a reallocation put there is no stranger', async () => {
    db = await projected(placed('PO-1', 'tesla', 10), sent('S-1', 'PO-1', 10, 'tesla'));
    await db.happens([
      tell('reallocation.made', {
        reallocation: 'RA-1',
        kind: 'reconsigned',
        from: 'tesla',
        to: 'x',
        lines: [{ ...of('PO-1', '1'), quantity: 10, shipment: 'S-1' }],
      }),
      received('S-1', 'x', [{ ...of('PO-1', '1'), received: 10 }]),
    ]);
    expect((await raised()).map(({ rule }) => rule)).toEqual(['redirected']);
  });

  it('receipt-discrepancy: damaged, surplus, and what a final receipt is short of; what may still come is none', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10, 20),
      dispatched('S-1', [
        { ...of('PO-1', '1'), quantity: 10 },
        { ...of('PO-1', '2'), quantity: 20 },
      ]),
    );
    await db.happens([received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 3 }])]);
    expect(await raised()).toEqual([]);
    await db.happens([
      received(
        'S-1',
        'tesla',
        [
          { ...of('PO-1', '1'), received: 4, damaged: 1, surplus: 2 },
          { ...of('PO-1', '2'), received: 20 },
        ],
        true,
      ),
    ]);
    expect(await raised()).toEqual([
      {
        flag: `receipt-discrepancy:${last()}:1`,
        rule: 'receipt-discrepancy',
        raised: last(),
        parties: ['tesla'],
        item: 'H100',
        facts: {
          shipment: 'S-1',
          by: 'tesla',
          final: true,
          lines: [
            { order: 'PO-1', line: '1', owner: 'tesla', advised: 7, received: 4, damaged: 1, surplus: 2, missing: 2 },
          ],
        },
        events: [last()],
      },
    ]);
  });

  it('receipt-discrepancy: a line that a receipt names twice is counted once', async () => {
    db = await projected(placed('PO-1', 'tesla', 50), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 50 }]));
    const twice = (first: number, second: number) => [
      { ...of('PO-1', '1'), received: first },
      { ...of('PO-1', '1'), received: second },
    ];
    await db.happens([received('S-1', 'tesla', twice(30, 20), true)]);
    expect(await raised()).toEqual([]);
    await db.happens([placed('PO-2', 'tesla', 50), dispatched('S-2', [{ ...of('PO-2', '1'), quantity: 50 }])]);
    const two = twice(30, 15).map((line) => ({ ...line, order: 'PO-2' }));
    await db.happens([received('S-2', 'tesla', two, true)]);
    expect((await raised()).map(({ facts }) => facts.lines)).toEqual([
      [{ order: 'PO-2', line: '1', owner: 'tesla', advised: 50, received: 45, damaged: 0, surplus: 0, missing: 5 }],
    ]);
  });

  it('receipt-discrepancy: a line that a final receipt does not name is missing as far as it was still on the way', async () => {
    db = await projected(placed('PO-1', 'tesla', 10, 20), placed('PO-2', 'x', 30));
    const sending = dispatched('S-1', [
      { ...of('PO-1', '1'), quantity: 10 },
      { ...of('PO-1', '2'), quantity: 20 },
      { ...of('PO-2', '1'), quantity: 30 },
    ]);
    const named = [{ ...of('PO-1', '1'), received: 10 }];
    const final = received('S-1', 'tesla', named, true);
    const before = [
      received('S-1', 'tesla', [{ ...of('PO-1', '2'), received: 20 }]),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-2', '1'), quantity: 4 }] }),
    ];
    // What is on the way is known from before the batch and from within it.
    await db.happens([sending, ...before.slice(0, 1)]);
    await db.happens([...before.slice(1), final]);
    expect(await raised()).toMatchObject([
      {
        raised: last(),
        parties: ['x', 'tesla'],
        facts: {
          final: true,
          lines: [
            { order: 'PO-2', line: '1', owner: 'x', advised: 26, received: 0, damaged: 0, surplus: 0, missing: 26 },
          ],
        },
      },
    ]);
  });

  it('negative-past-balance: reported late, for a moment when the units were not there yet', async () => {
    db = await projected();
    await db.happens([placed('PO-1', 'tesla', 10)], '2023-12-10T00:00:00Z');
    // Dispatched on the 12th, reported in time: nothing to say. On the 8th the order was not placed yet.
    await db.happens([sent('S-1', 'PO-1', 4, 'tesla')], '2023-12-12T00:00:00Z');
    expect(await raised()).toEqual([]);
    await db.happens([sent('S-2', 'PO-1', 3, 'tesla')], '2023-12-11T00:00:00Z');
    expect(await raised()).toEqual([]);
    await db.happens([sent('S-3', 'PO-1', 3, 'tesla')], '2023-12-08T00:00:00Z');
    expect(await raised()).toEqual([
      {
        flag: `negative-past-balance:${last()}:1`,
        rule: 'negative-past-balance',
        raised: last(),
        parties: ['tesla', 'nvidia'],
        item: 'H100',
        facts: {
          ...{ owner: 'tesla', custodian: 'nvidia', order: 'PO-1', line: '1', stage: 'ordered', shipment: null },
          at: '2023-12-08T00:00:00.000Z',
          balance: -3,
        },
        events: [last()],
      },
    ]);
  });

  it('negative-past-balance: what was told late is looked at in one go through what occurred since, however much that is', async () => {
    db = await projected();
    await db.happens([placed('PO-1', 'tesla', 10)], '2023-12-10T00:00:00Z');
    // 20,000 postings more on the account, which add up to nothing. For each of them, all others were added up.
    await db.pool.query(
      `INSERT INTO rm_1.postings (ledger, sequence, n, account, total, quantity, balance, occurred)
       SELECT ledger, sequence, 1000 + s, account, total, CASE WHEN s % 2 = 0 THEN 1 ELSE -1 END, balance, occurred + interval '1 second' * s
       FROM rm_1.postings CROSS JOIN generate_series(1, 20000) s WHERE n < 1000 AND sequence = $1 AND quantity = 10`,
      [last()],
    );
    await db.happens([sent('S-1', 'PO-1', 3, 'tesla')], '2023-12-08T00:00:00Z');
    expect(await raised()).toMatchObject([
      { rule: 'negative-past-balance', facts: { at: '2023-12-08T00:00:00.000Z', balance: -3 } },
    ]);
  });

  describe('possible-duplicate: an event says again what an earlier one said, at the same moment', () => {
    const MOMENT = '2023-12-03T09:00:00Z';
    const begun = () =>
      projected(
        placed('PO-1', 'tesla', 100),
        sent('S-1', 'PO-1', 50, 'tesla'),
        received('S-1', 'x', [{ ...of('PO-1', '1'), received: 20 }]),
      );
    const lines = [{ ...of('PO-1', '1'), quantity: 2 }];

    it.each<[string, Told]>([
      ['a dispatch', sent('S-1', 'PO-1', 2, 'tesla')],
      ['a receipt', received('S-1', 'x', [{ ...of('PO-1', '1'), received: 2 }])],
      ['a loss', tell('shipment.lost', { shipment: 'S-1', lines })],
      ['scrapped units', tell('units.scrapped', { custodian: 'x', lines })],
      ['units handed on', tell('custody.transferred', { from: 'x', to: 'xai', lines })],
      [
        'a changed condition',
        tell('units.condition_changed', {
          custodian: 'x',
          lines: [{ ...of('PO-1', '1'), quantity: 2, to: 'damaged' }],
        }),
      ],
      ['a cancellation', tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'seller', quantity: 2 })],
    ])('%s', async (_, told) => {
      // A dispatch adds to a shipment until something of it was received.
      db =
        told.type === 'lading.shipment.dispatched.v1' ? await projected(placed('PO-1', 'tesla', 100)) : await begun();
      await db.happens([told], MOMENT);
      const first = last();
      // In one batch and in another; the same moment is the same, however it is written.
      await db.happens([told]);
      const again = { source: 'urn:test', id: `e-${last()}`, sequence: last() };
      const found = await raised({ rule: 'possible-duplicate' });
      expect(found).toMatchObject([
        {
          flag: `possible-duplicate:${last()}:1`,
          raised: last(),
          item: 'H100',
          facts: { type: told.type, first: { source: 'urn:test', id: `e-${first}`, sequence: first }, again },
          events: [first, last()],
        },
      ]);
      expect(found[0]?.parties).toContain('tesla');
      await db.happens([told]);
      expect((await raised({ rule: 'possible-duplicate' })).map(({ events }) => events)).toEqual([
        [first, first + 1],
        [first, first + 2],
      ]);
    });

    it('also in one batch, from another source, and with its owner left out once', async () => {
      db = await begun();
      const scrapped = (owner?: string) =>
        tell('units.scrapped', { custodian: 'x', lines: [{ ...of('PO-1', '1', owner), quantity: 2 }] });
      db.story.until(MOMENT).take(scrapped());
      db.story.source = 'urn:gateway';
      await db.happens([scrapped('tesla')]);
      expect(await raised({ rule: 'possible-duplicate' })).toMatchObject([
        { facts: { first: { source: 'urn:test' }, again: { source: 'urn:gateway' } }, events: [last() - 1, last()] },
      ]);
    });

    it('when the first of them is taken back, the next one is named as the first', async () => {
      db = await begun();
      const scrapped = tell('units.scrapped', { custodian: 'x', lines });
      await db.happens([scrapped, scrapped, scrapped], MOMENT);
      const [one, two, three] = [last() - 2, last() - 1, last()];
      const pairs = async () => (await raised({ rule: 'possible-duplicate' })).map(({ events }) => events);
      expect(await pairs()).toEqual([
        [one, two],
        [one, three],
      ]);
      expect(submitVoid(db.story.ledger, one, new Date(MOMENT))).toMatchObject({ ok: true });
      await db.happens([]);
      expect(await raised({ rule: 'possible-duplicate' })).toMatchObject([
        {
          flag: `possible-duplicate:${three}:1`,
          facts: { first: { id: `e-${two}`, sequence: two }, again: { id: `e-${three}`, sequence: three } },
          events: [two, three],
        },
      ]);
      await db.happens([scrapped], MOMENT);
      expect(await pairs()).toEqual([
        [two, three],
        [two, last()],
      ]);
    });

    it('not where the moment, the quantity, the type or the document is another, nor where a fact has an id of its own', async () => {
      db = await begun();
      const handed = (quantity: number, document?: string) =>
        tell('custody.transferred', {
          ...{ from: 'x', to: 'xai', lines: [{ ...of('PO-1', '1'), quantity }] },
          ...(document === undefined ? {} : { document }),
        });
      await db.happens([handed(1), handed(2), handed(1, 'P-1'), handed(1, 'P-2')], MOMENT);
      await db.happens([handed(1)], '2023-12-03T09:00:00.001Z');
      await db.happens([
        reassigned('RA-1', 'PO-1', 'tesla', 'x', 1),
        reassigned('RA-2', 'PO-1', 'tesla', 'x', 1),
        tell('units.scrapped', { custodian: 'x', lines }),
      ]);
      expect(await raised({ rule: 'possible-duplicate' })).toEqual([]);
    });
  });

  it('flags are found by rule, party and item, page by page in the order in which they were raised', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), controlled('tesla', 'm'), controlled('x', 'm'));
    for (let n = 1; n <= 5; n++) await db.happens([reassigned(`RA-${n}`, 'PO-1', 'tesla', 'x', 1)]);
    await db.happens([
      sent('S-1', 'PO-1', 5, 'xai', 'x'),
      received('S-1', 'tesla', [{ ...of('PO-1', '1', 'x'), received: 5 }]),
    ]);
    const whole = await raised();
    expect(whole.map(({ rule }) => rule)).toEqual([
      ...Array<string>(5).fill('related-party'),
      'diversion',
      'redirected',
    ]);
    const seen: unknown[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await db.read((m) => flags(m, { limit: 2, cursor }), NOW);
      seen.push(...page.data);
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(seen).toEqual(whole);
    expect(await raised({ rule: 'diversion' })).toHaveLength(1);
    expect(await raised({ party: 'xai' })).toHaveLength(1);
    expect(await raised({ party: 'nobody' })).toEqual([]);
    expect(await raised({ item: 'D1' })).toEqual([]);
  });
});
