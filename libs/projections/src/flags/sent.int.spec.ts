import { afterEach, describe, expect, it } from 'vitest';
import { dispatched, january, of, placed, received, tell } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { HoldingRow } from '#contracts/rows';
import { holdings } from '../holdings/queries.ts';
import { order } from '../orders/queries.ts';
import { shipment } from '../shipments/queries.ts';
import { flags } from './queries.ts';

const one = of('PO-1', '1');
const two = of('PO-1', '2');

describe('what is sent otherwise than it was ordered', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const raised = async (rule: 'over-shipped' | 'substituted') => (await db.read((m) => flags(m, { rule }))).data;
  const last = () => db.story.ledger.events.length;

  it('over-shipped: more than ordered, by item and owner, with the lines and how many; not what was ordered, nor surplus of a receipt', async () => {
    db = await projected(placed('PO-1', 'tesla', 100, 50), placed('PO-2', 'x', { quantity: 5, item: 'D1' }));
    await db.happens([dispatched('S-1', [{ ...one, quantity: 40, over: true }])]);
    expect(await raised('over-shipped')).toEqual([]);
    await db.happens([
      dispatched('S-1', [
        { ...one, quantity: 63, over: true },
        { ...two, quantity: 51, over: true },
        { ...of('PO-2', '1'), quantity: 6, serials: { prefix: 'd', from: 1, to: 6, digits: 1 }, over: true },
      ]),
    ]);
    const sequence = last();
    await db.happens([received('S-1', 'tesla', [{ ...one, received: 103, surplus: 2 }])]);
    const about = { raised: sequence, rule: 'over-shipped', events: [sequence] };
    expect(await raised('over-shipped')).toEqual([
      {
        ...about,
        flag: `over-shipped:${sequence}:1`,
        parties: ['nvidia', 'tesla'],
        item: 'H100',
        facts: {
          ...{ shipment: 'S-1', supplier: 'nvidia', owner: 'tesla' },
          lines: [
            { ...one, quantity: 3 },
            { ...two, quantity: 1 },
          ],
        },
      },
      {
        ...about,
        flag: `over-shipped:${sequence}:2`,
        parties: ['nvidia', 'x'],
        item: 'D1',
        facts: {
          ...{ shipment: 'S-1', supplier: 'nvidia', owner: 'x' },
          lines: [{ ...of('PO-2', '1'), quantity: 1 }],
        },
      },
    ]);
  });

  it('an order keeps its quantity when more was sent, and the shipment counts all of it', async () => {
    db = await projected(placed('PO-1', 'tesla', 10));
    await db.happens([
      dispatched('S-1', [{ ...one, quantity: 12, over: true }]),
      received('S-1', 'tesla', [{ ...one, received: 11 }], true),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...one, quantity: 1 }] }),
    ]);
    expect((await db.read((m) => order(m, 'PO-1')))?.lines).toMatchObject([
      { quantity: 10, cancelled: 0, units: [{ owner: 'tesla', stage: 'held', quantity: 11 }] },
    ]);
    expect((await db.read((m) => shipment(m, 'S-1')))?.lines).toMatchObject([
      { advised: 12, received: 11, lost: 1, surplus: 0, inTransit: 0 },
    ]);
  });

  const dojo = of('PO-1', '1-D1');
  const dojos = [
    tell('item.registered', { item: 'DOJO', name: 'Dojo tile', tracking: 'quantity' }),
    tell('order.lines_added', {
      order: 'PO-1',
      lines: [{ line: '1-D1', item: 'DOJO', quantity: 5, window: january }],
    }),
  ];
  const instead = { order: 'PO-1', line: '1-D1', item: 'DOJO' };
  const ordered = { order: 'PO-1', line: '1', item: 'H100' };

  it('substituted: what was sent or found instead of what was ordered, by owner and both items; more than its own line has is not over-shipped', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), ...dojos);
    await db.happens([
      dispatched('S-1', [
        { ...one, quantity: 20 },
        { ...dojo, quantity: 10, substitutes: one },
      ]),
    ]);
    const sequence = last();
    await db.happens([
      received(
        'S-1',
        'x',
        [
          { ...dojo, received: 10 },
          { ...dojo, received: 3, damaged: 1, substitutes: one },
          { ...one, received: 16 },
        ],
        true,
      ),
    ]);
    expect(await raised('substituted')).toEqual([
      {
        ...{ flag: `substituted:${sequence}:1`, rule: 'substituted', raised: sequence, events: [sequence] },
        ...{ parties: ['tesla', 'nvidia'], item: 'H100' },
        facts: {
          ...{ shipment: 'S-1', owner: 'tesla', ordered: 'H100', sent: 'DOJO' },
          lines: [{ ...dojo, quantity: 10, substitutes: one }],
        },
      },
      {
        ...{ flag: `substituted:${last()}:1`, rule: 'substituted', raised: last(), events: [last()] },
        ...{ parties: ['tesla', 'nvidia', 'x'], item: 'H100' },
        facts: {
          ...{ shipment: 'S-1', owner: 'tesla', ordered: 'H100', sent: 'DOJO', by: 'x' },
          lines: [{ ...dojo, quantity: 4, substitutes: one }],
        },
      },
    ]);
    expect(await raised('over-shipped')).toEqual([]);
    const all = (await db.read((m) => flags(m, {}))).data;
    // One was damaged, nothing is missing; all of it went to somebody else.
    expect(all.filter(({ rule }) => rule === 'receipt-discrepancy')).toMatchObject([{ item: 'DOJO' }]);
    expect(all.filter(({ rule }) => rule === 'diversion')).toMatchObject([
      { item: 'DOJO', facts: { lines: [{ ...dojo, quantity: 14 }] } },
      { item: 'H100', facts: { lines: [{ ...one, quantity: 16 }] } },
    ]);
  });

  it('substitutes are shown in the order, on both lines, in the holdings, and on the shipment as what came', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), ...dojos);
    await db.happens([
      dispatched('S-1', [
        { ...one, quantity: 20 },
        { ...dojo, quantity: 10, substitutes: one },
      ]),
    ]);
    await db.happens([received('S-1', 'tesla', [{ ...dojo, received: 3, substitutes: one }])]);
    const { lines } = (await db.read((m) => order(m, 'PO-1')))!;
    expect(lines).toMatchObject([
      { line: '1', quantity: 100, cancelled: 0, substitutedBy: [{ ...instead, quantity: 13 }] },
      { line: '1-D1', quantity: 5, substitutes: [{ ...ordered, quantity: 13 }] },
    ]);
    expect(lines.map((line) => ['substitutes' in line, 'substitutedBy' in line])).toEqual([
      [false, true],
      [true, false],
    ]);
    const { data } = await db.read((m) => holdings(m, {}));
    expect(data.map(({ line, stage, quantity, substitutes }) => [line, stage, quantity, substitutes])).toEqual([
      ['1-D1', 'in_transit', 10, [ordered]],
      ['1-D1', 'held', 3, [ordered]],
      ['1', 'ordered', 70, undefined],
      ['1', 'in_transit', 17, undefined],
    ]);
    for (const row of data) HoldingRow.strict().parse(row);
    const { data: onOneOrder } = await db.read((m) => holdings({ ...m, party: 'dhl' }, { item: 'DOJO' }));
    expect(onOneOrder).toMatchObject([{ substitutes: [ordered] }]);
    expect((await db.read((m) => shipment(m, 'S-1')))?.lines).toMatchObject([
      { line: '1', advised: 17, received: 0, inTransit: 17 },
      { line: '1-D1', advised: 13, received: 3, inTransit: 10 },
    ]);
  });

  it('who only has units that came instead is not told of another order that it has nothing to do with', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), placed('PO-2', 'tesla', 1), ...dojos);
    await db.happens([
      tell('order.lines_added', { order: 'PO-2', lines: [{ line: '2', item: 'DOJO', quantity: 5, window: january }] }),
      dispatched('S-1', [{ ...of('PO-2', '2'), quantity: 4, substitutes: one }]),
    ]);
    const told = async (party: string) =>
      (await db.read((m) => holdings({ ...m, party }, { order: 'PO-2', line: '2', stage: 'in_transit' }))).data;
    expect(await told('tesla')).toMatchObject([{ quantity: 4, substitutes: [ordered] }]);
    const [row] = await told('dhl');
    expect(row).toMatchObject({ quantity: 4 });
    expect(row).not.toHaveProperty('substitutes');
  });
});
