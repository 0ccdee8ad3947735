import { afterEach, describe, expect, it } from 'vitest';
import type { Submitted } from '#contracts/catalog';
import { december, dispatched, january, june, of, placed, received, tell } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { countFlags } from '../flags/counts.ts';
import { flags } from '../flags/queries.ts';
import { queue } from '../queue/queries.ts';
import { order, orders } from './queries.ts';

type Line = Submitted<'lading.order.confirmed.v1'>['lines'][number];
const confirmed = (order: string, ...lines: (Partial<Line> & Pick<Line, 'code'>)[]) =>
  tell('order.confirmed', { order, lines: lines.map((line, at) => ({ line: String(at + 1), ...line })) });

const IN_JANUARY = new Date('2024-01-10T00:00:00Z');
const IN_FEBRUARY = new Date('2024-02-01T00:00:00Z');

describe('what a supplier promised', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const lineOf = async (id: string, line = 0) => (await db.read((m) => order(m, id)))?.lines[line];
  const late = async (at: Date) => ({
    flags: (await db.read((m) => flags(m, { rule: 'overdue-line' }), at)).data,
    orders: (await db.read((m) => orders(m, { late: true }), at)).data.map((row) => row.order),
    counted: (await db.read((m) => countFlags(m), at)).get('overdue-line'),
  });

  it('an order shows beside each ordered window the promised one, how it was confirmed, of what, and by which event', async () => {
    db = await projected(placed('PO-1', 'tesla', 100, 50));
    expect(await lineOf('PO-1')).toMatchObject({ window: december, due: '2023-12-31', promised: null });
    await db.happens([
      confirmed(
        'PO-1',
        { code: 'changed', quantity: 80, window: january, reason: 'Packaging is short' },
        { code: 'rejected' },
      ),
    ]);
    const sequence = db.story.ledger.events.length;
    const ordered = { quantity: 100, window: december };
    expect(await lineOf('PO-1')).toMatchObject({
      ...{ quantity: 100, window: december, due: '2024-01-31' },
      promised: {
        ...{ code: 'changed', quantity: 80, window: january, reason: 'Packaging is short', ordered, sequence },
        ...{ confirmed: '2023-12-01T12:00:00.000Z', stands: true },
      },
    });
    expect(await lineOf('PO-1', 1)).toMatchObject({
      ...{ quantity: 50, window: december, due: '2023-12-31' },
      promised: { code: 'rejected', quantity: 0, window: null, reason: null, stands: true },
    });
  });

  it('a confirmation of 150 lines is taken back, and what was promised of each before stands again', async () => {
    const many = (count: number, window: typeof january, rest: Partial<Line> = {}) =>
      confirmed('PO-1', ...Array.from({ length: count }, () => ({ code: 'changed' as const, window, ...rest })));
    db = await projected(placed('PO-1', 'tesla', ...Array<number>(150).fill(100)));
    await db.happens([
      many(100, january, { reason: 'Packaging is short' }),
      many(50, june),
      tell('order.line_changed', { order: 'PO-1', line: '1', initiator: 'buyer', window: june }),
      tell('order.line_changed', { order: 'PO-1', line: '2', initiator: 'buyer', quantity: 120 }),
    ]);
    const before = (await db.read((m) => order(m, 'PO-1')))!;
    await db.happens([many(150, june, { quantity: 90 })]);
    const { sequence } = db.story.ledger.events.at(-1)!;
    expect(await lineOf('PO-1', 149)).toMatchObject({ promised: { sequence, quantity: 90, window: june } });
    await db.happens([tell('event.voided', { sequence, reason: 'did_not_occur' })]);
    expect(before.lines.map(({ promised }) => promised?.sequence).filter((one) => one !== undefined)).toHaveLength(100);
    expect(await db.read((m) => order(m, 'PO-1'))).toEqual(before);
    expect(db.story.ledger.events.at(-1)!.data).toHaveProperty('restored.confirmed');
  });

  it('the queue, the late orders and the flags hold the supplier to the promised window, to the ordered one without', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), placed('PO-2', 'x', { quantity: 10, window: january }));
    const turns = async () =>
      (await db.read((m) => queue(m, 'H100', {}))).data.map((row) => [row.position, row.order, row.window, row.due]);
    expect(await turns()).toEqual([
      [1, 'PO-1', december, '2023-12-31'],
      [2, 'PO-2', january, '2024-01-31'],
    ]);
    expect(await late(IN_JANUARY)).toMatchObject({
      flags: [{ facts: { order: 'PO-1', due: '2023-12-31' } }],
      counted: 1,
    });
    await db.happens([confirmed('PO-1', { code: 'backordered', window: june })]);
    const confirming = db.story.ledger.events.length;
    expect(await turns()).toEqual([
      [1, 'PO-2', january, '2024-01-31'],
      [2, 'PO-1', december, '2024-06-30'],
    ]);
    expect(await late(IN_FEBRUARY)).toMatchObject({
      flags: [{ facts: { order: 'PO-2' } }],
      orders: ['PO-2'],
      counted: 1,
    });
    expect((await late(new Date('2024-07-01T00:00:00Z'))).flags[0]).toMatchObject({
      facts: { order: 'PO-1', due: '2024-06-30', window: december, promised: { code: 'backordered', window: june } },
      events: [expect.any(Number), confirming],
    });
    await db.happens([
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 100 }]),
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 100 }]),
    ]);
    expect(await late(new Date('2024-07-01T00:00:00Z'))).toMatchObject({ orders: ['PO-2'], counted: 1 });
  });

  it('a line that was rejected, or has no date yet, is awaited by its ordered window until it is cancelled', async () => {
    db = await projected(placed('PO-1', 'tesla', 100, 50));
    await db.happens([confirmed('PO-1', { code: 'rejected', reason: 'Sold out' }, { code: 'backordered' })]);
    expect(await late(IN_JANUARY)).toMatchObject({ orders: ['PO-1'], counted: 2 });
    await db.happens([tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'seller' })]);
    expect(await late(IN_JANUARY)).toMatchObject({ flags: [{ facts: { line: '2' } }], counted: 1 });
  });

  it('a window that is ordered later ends the promise, which stays to be seen; another total or owner does not', async () => {
    db = await projected(placed('PO-1', 'tesla', 100));
    const change = (rest: object) => tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', ...rest });
    await db.happens([confirmed('PO-1', { code: 'changed', window: june })]);
    await db.happens([
      change({ quantity: 90 }),
      tell('reallocation.made', {
        ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x' },
        lines: [{ ...of('PO-1', '1'), quantity: 40 }],
      }),
    ]);
    expect(await lineOf('PO-1')).toMatchObject({
      quantity: 90,
      due: '2024-06-30',
      promised: { quantity: 100, stands: true },
    });
    const owners = (await db.read((m) => queue(m, 'H100', {}))).data.map(({ owner, due }) => [owner, due]);
    expect(owners).toEqual([
      ['tesla', '2024-06-30'],
      ['x', '2024-06-30'],
    ]);
    await db.happens([change({ window: january })]);
    expect(await lineOf('PO-1')).toMatchObject({
      ...{ window: january, due: '2024-01-31' },
      promised: { window: june, stands: false, ordered: { quantity: 100, window: december } },
    });
    await db.happens([confirmed('PO-1', { code: 'accepted' })]);
    expect(await lineOf('PO-1')).toMatchObject({ due: '2024-01-31', promised: { code: 'accepted', stands: true } });
  });

  it('a change that is told late, of before the confirmation, does not end the promise', async () => {
    db = await projected(placed('PO-1', 'tesla', 100));
    db.story.until('2023-12-05T00:00:00Z');
    db.story.take(confirmed('PO-1', { code: 'changed', window: june }), '2023-12-04T00:00:00Z');
    const change = { ...of('PO-1', '1'), initiator: 'buyer' as const };
    db.story.take(tell('order.line_changed', { ...change, window: january }), '2023-12-03T00:00:00Z');
    await db.happens([]);
    expect(await lineOf('PO-1')).toMatchObject({ window: january, due: '2024-06-30', promised: { stands: true } });
    db.story.take(tell('order.line_changed', { ...change, window: december }), '2023-12-04T00:00:00Z');
    await db.happens([]);
    expect(await lineOf('PO-1')).toMatchObject({ due: '2023-12-31', promised: { stands: false } });
  });
});
