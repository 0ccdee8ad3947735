import { afterEach, describe, expect, it } from '@jest/globals';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { order } from '../orders/queries.ts';
import { shipment } from '../shipments/queries.ts';
import { flags } from './queries.ts';

const one = of('PO-1', '1');
const two = of('PO-1', '2');

describe('what is sent otherwise than it was ordered', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const raised = async (rule: 'over-shipped') => (await db.read((m) => flags(m, { rule }))).data;
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
});
