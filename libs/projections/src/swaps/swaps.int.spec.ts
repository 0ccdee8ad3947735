import { afterEach, describe, expect, it } from 'vitest';
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
  type Told,
} from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { flag, flags } from '../flags/queries.ts';
import { party } from '../parties/queries.ts';
import { swap, swaps } from './queries.ts';

/** Tesla's 100 against X's 60 and 40. */
const legs = [
  { from: 'tesla', to: 'x', order: 'PO-T', line: '1', quantity: 100 },
  { from: 'x', to: 'tesla', order: 'PO-X', line: '1', quantity: 60 },
  { from: 'x', to: 'tesla', order: 'PO-X', line: '2', quantity: 40 },
];
const orders = [
  placed('PO-T', 'tesla', 100),
  placed('PO-X', 'x', { quantity: 60, window: january }, { quantity: 40, window: june }),
];
const agreed = (id = 'SW-1', terms = legs): Told[] => [
  proposed(id, 'tesla', terms),
  accepted(id, 'x'),
  executed(id, 'x'),
];
const sent = (shipment: string, order: string, line: string, owner: string, quantity: number) =>
  dispatched(shipment, [{ ...of(order, line, owner), quantity }], { consignee: owner });
const arrived = (shipment: string, order: string, line: string, owner: string, quantity: number, by = owner) =>
  received(shipment, by, [{ ...of(order, line, owner), received: quantity }]);

describe('swaps and their exchange balances', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const at = (moment: string) => new Date(moment);
  const legsOf = async (moment: string, id = 'SW-1') =>
    (await db.read((m) => swap(m, id), at(moment)))?.legs.map((leg) => [
      leg.received,
      leg.missing,
      leg.lost,
      leg.cancelled,
      leg.overdue,
    ]);
  const owed = async (moment: string, who = 'tesla') =>
    (await db.read((m) => party(m, who), at(moment)))?.balances.map((b) => [b.swap, b.with, b.units, b.unitDays]);

  it('a swap goes from proposed to accepted to executed, and expires by the clock it is asked at', async () => {
    db = await projected(...orders, proposed('SW-1', 'tesla', legs, { expires: '2023-12-10T00:00:00Z' }));
    const status = async (moment: string) => (await db.read((m) => swap(m, 'SW-1'), at(moment)))?.status;
    expect(await status('2023-12-02T00:00:00Z')).toBe('proposed');
    await db.happens([accepted('SW-1', 'x')]);
    expect(await status('2023-12-09T23:59:59Z')).toBe('accepted');
    expect(await status('2023-12-10T00:00:00Z')).toBe('expired');
    expect((await db.read((m) => swaps(m, { status: 'expired' }), at('2024-01-01T00:00:00Z'))).data).toHaveLength(1);
    expect(
      (await db.read((m) => swaps(m, { status: 'accepted', party: 'x' }), at('2023-12-02T00:00:00Z'))).data,
    ).toHaveLength(1);
    await db.happens([executed('SW-1', 'tesla')]);
    expect(await status('2024-01-01T00:00:00Z')).toBe('executed');
    expect((await db.read((m) => swaps(m, { party: 'xai' }), at('2024-01-01T00:00:00Z'))).data).toEqual([]);
  });

  it('a swap that is rejected or withdrawn stays so, and nothing is missing of it', async () => {
    db = await projected(...orders, proposed('SW-1', 'tesla', legs), tell('swap.rejected', { swap: 'SW-1', by: 'x' }));
    await db.happens([proposed('SW-2', 'x', legs), tell('swap.withdrawn', { swap: 'SW-2', by: 'x' })]);
    const { data } = await db.read((m) => swaps(m, {}), at('2025-01-01T00:00:00Z'));
    expect(data.map(({ status, accepted }) => [status, accepted])).toEqual([
      ['rejected', ['tesla']],
      ['withdrawn', ['x']],
    ]);
    expect(await legsOf('2025-01-01T00:00:00Z')).toEqual([
      [0, 0, 0, 0, false],
      [0, 0, 0, 0, false],
      [0, 0, 0, 0, false],
    ]);
    expect(await owed('2025-01-01T00:00:00Z')).toEqual([]);
  });

  it('units count when they reach their new owner, whoever has custody, and what is owed is integrated over time', async () => {
    db = await projected(...orders, ...agreed(), sent('S-1', 'PO-T', '1', 'x', 100));
    await db.happens([arrived('S-1', 'PO-T', '1', 'x', 30)], '2024-01-01T00:00:00Z');
    await db.happens([arrived('S-1', 'PO-T', '1', 'x', 70, 'xai')], '2024-01-11T00:00:00Z');
    await db.happens(
      [sent('S-2', 'PO-X', '1', 'tesla', 60), arrived('S-2', 'PO-X', '1', 'tesla', 60)],
      '2024-01-21T00:00:00Z',
    );
    expect(await owed('2023-12-31T00:00:00Z')).toEqual([['SW-1', 'x', 0, 0]]);
    expect(await owed('2024-01-02T12:00:00Z')).toEqual([['SW-1', 'x', 30, 45]]);
    // 30 for 20 days, 70 for 10.
    expect(await owed('2024-01-21T00:00:00Z')).toEqual([['SW-1', 'x', 40, 1300]]);
    // and 40 for another ten.
    expect(await owed('2024-01-31T00:00:00Z')).toEqual([['SW-1', 'x', 40, 1700]]);
    expect(await owed('2024-01-31T00:00:00Z', 'x')).toEqual([['SW-1', 'tesla', -40, -1700]]);
    expect(await legsOf('2024-01-31T00:00:00Z')).toEqual([
      [100, 0, 0, 0, false],
      [60, 0, 0, 0, false],
      [0, 40, 0, 0, false],
    ]);
  });

  it('nothing is owed before a swap is executed: a receipt from before it, told afterwards, counts from the execution on', async () => {
    db = await projected(...orders, sent('S-1', 'PO-T', '1', 'tesla', 100));
    await db.happens(agreed(), '2023-12-20T00:00:00Z');
    await db.happens([arrived('S-1', 'PO-T', '1', 'x', 100)], '2023-12-18T00:00:00Z');
    expect(await owed('2023-12-19T00:00:00Z')).toEqual([['SW-1', 'x', 0, 0]]);
    expect(await legsOf('2023-12-19T00:00:00Z')).toEqual([
      [0, 0, 0, 0, false],
      [0, 0, 0, 0, false],
      [0, 0, 0, 0, false],
    ]);
    expect(await owed('2023-12-20T00:00:00Z')).toEqual([['SW-1', 'x', 100, 0]]);
    expect(await owed('2023-12-23T00:00:00Z')).toEqual([['SW-1', 'x', 100, 300]]);
  });

  it('units that are held already count at execution', async () => {
    db = await projected(
      ...orders,
      sent('S-1', 'PO-T', '1', 'tesla', 100),
      arrived('S-1', 'PO-T', '1', 'tesla', 100),
      ...agreed(),
    );
    expect(await legsOf('2023-12-02T00:00:00Z')).toEqual([
      [100, 0, 0, 0, false],
      [0, 60, 0, 0, false],
      [0, 40, 0, 0, false],
    ]);
  });

  it('units that were lost or cancelled on the way stay owed, and are shown as that', async () => {
    db = await projected(...orders, ...agreed(), sent('S-1', 'PO-T', '1', 'x', 100));
    await db.happens([tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-T', '1', 'x'), quantity: 15 }] })]);
    await db.happens([
      tell('order.line_cancelled', { ...of('PO-X', '1'), owner: 'tesla', initiator: 'seller', quantity: 20 }),
    ]);
    await db.happens([arrived('S-1', 'PO-T', '1', 'x', 85)]);
    expect(await legsOf('2023-12-02T00:00:00Z')).toEqual([
      [85, 15, 15, 0, false],
      [0, 60, 0, 20, false],
      [0, 40, 0, 0, false],
    ]);
  });

  it('units of one line go to the leg that came first, whatever happens on the way', async () => {
    const first = [
      { ...legs[0]!, quantity: 40 },
      { ...legs[2]!, quantity: 10 },
    ];
    const second = [
      { ...legs[0]!, quantity: 60 },
      { ...legs[2]!, quantity: 10 },
    ];
    db = await projected(...orders, ...agreed('SW-1', first), ...agreed('SW-2', second));
    await db.happens([sent('S-1', 'PO-T', '1', 'x', 50), arrived('S-1', 'PO-T', '1', 'x', 50)]);
    expect((await legsOf('2023-12-02T00:00:00Z', 'SW-1'))?.[0]).toEqual([40, 0, 0, 0, false]);
    expect((await legsOf('2023-12-02T00:00:00Z', 'SW-2'))?.[0]).toEqual([10, 50, 0, 0, false]);
    await db.happens([sent('S-2', 'PO-T', '1', 'x', 50), arrived('S-2', 'PO-T', '1', 'x', 50)]);
    expect((await legsOf('2023-12-02T00:00:00Z', 'SW-2'))?.[0]).toEqual([60, 0, 0, 0, false]);
    expect((await db.pool.query(`SELECT "order" FROM rm_1.swap_lots ORDER BY 1`)).rows).toEqual([{ order: 'PO-X' }]);
  });

  it('units that are passed on to a third party count as received then', async () => {
    db = await projected(...orders, ...agreed());
    await db.happens([
      tell('reallocation.made', {
        reallocation: 'RA-1',
        kind: 'reassigned',
        from: 'tesla',
        to: 'xai',
        lines: [{ ...of('PO-X', '1'), quantity: 25 }],
      }),
    ]);
    expect((await legsOf('2023-12-02T00:00:00Z'))?.[1]).toEqual([25, 35, 0, 0, false]);
  });

  it('a leg keeps the window that its line had at execution: moving the window later makes no leg less overdue', async () => {
    db = await projected(
      ...orders,
      ...agreed(),
      sent('S-1', 'PO-T', '1', 'x', 100),
      arrived('S-1', 'PO-T', '1', 'x', 100),
    );
    const later = { from: '2024-09-01', to: '2024-09-30' };
    await db.happens([
      tell('order.line_changed', { ...of('PO-X', '1'), owner: 'tesla', initiator: 'seller', window: later }),
    ]);
    expect((await legsOf('2024-01-31T23:59:59Z'))?.[1]).toEqual([0, 60, 0, 0, false]);
    expect((await legsOf('2024-02-01T00:00:00Z'))?.[1]).toEqual([0, 60, 0, 0, true]);
    const raised = async (moment: string) =>
      (await db.read((m) => flags(m, {}), at(moment))).data.map((row) => row.flag);
    expect(await raised('2024-01-31T23:59:59Z')).toEqual([expect.stringMatching(/^redirected:/)]);
    expect(await raised('2024-02-01T00:00:00Z')).toEqual([
      'one-sided-swap:SW-1:tesla:H100',
      'overdue-leg:SW-1:2',
      expect.stringMatching(/^redirected:/),
    ]);
  });

  it('a swap is one-sided only when one party gave all of its own', async () => {
    db = await projected(
      ...orders,
      ...agreed(),
      sent('S-1', 'PO-T', '1', 'x', 100),
      arrived('S-1', 'PO-T', '1', 'x', 99),
    );
    const { data } = await db.read((m) => flags(m, {}), at('2025-01-01T00:00:00Z'));
    // The lines of the legs are late, too, each by itself.
    const rules = data.map(({ rule }) => rule).filter((rule) => rule !== 'overdue-line');
    expect(rules).toEqual(['overdue-leg', 'overdue-leg', 'overdue-leg', 'redirected']);
  });

  it('a late leg and a one-sided swap whose id has colons have flags of their own, which are found by their ids', async () => {
    db = await projected(
      ...orders,
      ...agreed('SW:1%'),
      sent('S-1', 'PO-T', '1', 'x', 100),
      arrived('S-1', 'PO-T', '1', 'x', 100),
    );
    const late = at('2024-02-01T00:00:00Z');
    const found = (await db.read((m) => flags(m, {}), late)).data.map((row) => row.flag);
    const ids = ['one-sided-swap:SW%3A1%25:tesla:H100', 'overdue-leg:SW%3A1%25:2'];
    expect(found).toEqual(expect.arrayContaining(ids));
    for (const id of ids) expect((await db.read((m) => flag(m, id), late))?.flag).toBe(id);
  });
});
