import { afterEach, describe, expect, it } from 'vitest';
import { dispatched, of, placed, received, tell } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { orders } from '../orders/queries.ts';
import { shipments } from '../shipments/queries.ts';
import { flagsSince, type SeenFlags, seeFlags } from './changes.ts';
import { flagId } from './flagId.ts';
import { flag, flags, type FlagsQuery } from './queries.ts';

const LAST_MOMENT = new Date('2023-12-31T23:59:59.999Z');
const OVER = new Date('2024-01-01T00:00:00Z');

describe('what is late', () => {
  let db: Projected;
  afterEach(() => db.drop());

  const raised = async (at = OVER, query: FlagsQuery = {}) => (await db.read((m) => flags(m, query), at)).data;
  const ids = async (at = OVER, query: FlagsQuery = {}) => (await raised(at, query)).map((row) => row.flag);

  it('overdue-line: its window is over, and its owner still waits for units that are ordered or in transit', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10, { quantity: 3, window: { from: '2024-01-01', to: '2024-01-01' } }),
    );
    const placing = db.story.ledger.events.length;
    await db.happens([
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 6 }]),
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 4 }]),
    ]);
    expect(await raised(LAST_MOMENT)).toEqual([]);
    expect(await raised()).toEqual([
      {
        flag: 'overdue-line:PO-1:1:tesla',
        rule: 'overdue-line',
        raised: placing,
        parties: ['tesla', 'nvidia'],
        item: 'H100',
        facts: {
          ...{ order: 'PO-1', line: '1', owner: 'tesla', buyer: 'tesla', supplier: 'nvidia', due: '2023-12-31' },
          ...{ ordered: 4, inTransit: 2, missing: 6 },
        },
        events: [placing],
      },
    ]);
    expect(await db.read((m) => flag(m, 'overdue-line:PO-1:1:tesla'), OVER)).toEqual((await raised())[0]);
    expect(await db.read((m) => flag(m, 'overdue-line:PO-1:1:tesla'), LAST_MOMENT)).toBeUndefined();
    expect(await ids(new Date('2024-01-02T00:00:00Z'))).toEqual([
      'overdue-line:PO-1:1:tesla',
      'overdue-line:PO-1:2:tesla',
    ]);
    await db.happens([
      tell('order.line_changed', {
        ...of('PO-1', '1', 'tesla'),
        initiator: 'buyer',
        window: { from: '2023-12-01', to: '2024-02-01' },
        reason: 'later',
      }),
    ]);
    expect(await ids()).toEqual([]);
  });

  it('overdue-line: every owner of units of a line has a flag of its own, until the units came, were lost or cancelled', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10),
      tell('reallocation.made', {
        ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x' },
        lines: [{ ...of('PO-1', '1'), quantity: 4 }],
      }),
    );
    expect(await ids()).toEqual(['overdue-line:PO-1:1:tesla', 'overdue-line:PO-1:1:x']);
    expect((await raised(OVER, { party: 'x' })).map(({ parties }) => parties)).toEqual([['x', 'tesla', 'nvidia']]);
    await db.happens([
      dispatched('S-1', [{ ...of('PO-1', '1', 'tesla'), quantity: 6 }]),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-1', '1', 'tesla'), quantity: 6 }], reason: 'sunk' }),
    ]);
    expect(await ids()).toEqual(['overdue-line:PO-1:1:x']);
    await db.happens([
      tell('order.line_cancelled', { ...of('PO-1', '1', 'x'), initiator: 'seller', reason: 'none left' }),
    ]);
    expect(await ids()).toEqual([]);
  });

  it('overdue-shipment: its eta is over and units are in transit, until they came, or a receipt says that no more come', async () => {
    const eta = '2023-12-31';
    const january = { quantity: 10, window: { from: '2024-01-01', to: '2024-01-31' } };
    db = await projected(placed('PO-1', 'tesla', january, { ...january, item: 'D1', quantity: 1 }));
    const lines = [{ ...of('PO-1', '1'), quantity: 5 }];
    await db.happens([dispatched('S-1', lines, { eta }), dispatched('S-2', lines)]);
    const sent = db.story.ledger.events.length - 1;
    await db.happens([received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 2 }])]);
    expect(await raised(LAST_MOMENT)).toEqual([]);
    expect(await raised()).toEqual([
      {
        flag: 'overdue-shipment:S-1:H100',
        rule: 'overdue-shipment',
        raised: sent,
        parties: ['tesla', 'dhl', 'nvidia'],
        item: 'H100',
        facts: {
          ...{ shipment: 'S-1', carrier: 'dhl', consignee: 'tesla', due: eta, missing: 3 },
          lines: [{ order: 'PO-1', line: '1', owner: 'tesla', quantity: 3 }],
        },
        events: [sent],
      },
    ]);
    expect(await db.read((m) => flag(m, 'overdue-shipment:S-1:H100'), OVER)).toEqual((await raised())[0]);
    expect(await ids(OVER, { party: 'dhl' })).toEqual(['overdue-shipment:S-1:H100']);
    expect(await ids(OVER, { party: 'x' })).toEqual([]);
    expect(await ids(OVER, { item: 'D1' })).toEqual([]);
    const late = (yes: boolean) => db.read(async (m) => (await shipments(m, { late: yes })).data, OVER);
    expect((await late(true)).map(({ shipment }) => shipment)).toEqual(['S-1']);
    expect((await late(false)).map(({ shipment }) => shipment)).toEqual(['S-2']);
    await db.happens([received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 1 }], true)]);
    expect(await ids(OVER, { rule: 'overdue-shipment' })).toEqual([]);
    expect(await late(true)).toEqual([]);
  });

  it('a late line whose ids have colons and blanks has a flag of its own, which is found by its id', async () => {
    db = await projected(placed('PO:1', 'tesla', 10), placed('PO 2 | 50%', 'tesla', 1));
    const found = await ids();
    expect(found).toEqual(['overdue-line:PO%3A1:1:tesla', 'overdue-line:PO 2 | 50%25:1:tesla']);
    for (const id of found) expect((await db.read((m) => flag(m, id), OVER))?.flag).toBe(id);
    expect(found).toEqual([
      flagId('overdue-line', 'PO:1', '1', 'tesla'),
      flagId('overdue-line', 'PO 2 | 50%', '1', 'tesla'),
    ]);
  });

  it('of more flags than are followed, only those are told of that lists show first, and nothing else seems to come or go', async () => {
    db = await projected(...[1, 2, 3, 4].map((n) => placed(`PO-${n}`, 'tesla', 10)));
    const cancelled = (order: string) =>
      tell('order.line_cancelled', { ...of(order, '1', 'tesla'), initiator: 'seller', reason: 'none left' });
    const look = async (before: SeenFlags, most?: number) => {
      const { seen, changes } = await db.read((m) => flagsSince(m, before, most), OVER);
      return { seen, changes: changes.map(({ change, facts }) => `${change} ${String(facts.order)}`) };
    };
    const [few, all] = [await db.read((m) => seeFlags(m, 2), OVER), await db.read((m) => seeFlags(m), OVER)];
    await db.happens([cancelled('PO-1'), cancelled('PO-4'), placed('PO-5', 'tesla', 1)]);
    const next = await look(few, 2);
    expect(next.changes).toEqual(['cleared PO-1']);
    expect((await look(all)).changes).toEqual(['cleared PO-1', 'cleared PO-4', 'raised PO-5']);
    await db.happens([cancelled('PO-3'), cancelled('PO-2')]);
    const last = await look(next.seen, 2);
    expect(last.changes).toEqual(['cleared PO-2', 'cleared PO-3']);
    expect((await look(last.seen, 2)).changes).toEqual([]);
  });

  it('a list of flags has late lines and shipments in its order and pages, beside what events raised', async () => {
    db = await projected(
      placed('PO-2', 'tesla', 10, 3),
      placed('PO-1', 'x', 5),
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 5 }], { consignee: 'x', eta: '2023-12-30' }),
      received('S-1', 'x', [{ ...of('PO-1', '1'), received: 1, damaged: 1 }]),
    );
    const receipt = db.story.ledger.events.length;
    const all = [
      ...['overdue-line:PO-2:1:tesla', 'overdue-line:PO-2:2:tesla', 'overdue-line:PO-1:1:x'],
      ...['overdue-shipment:S-1:H100', `receipt-discrepancy:${receipt}:1`],
    ];
    expect(await ids()).toEqual(all);
    const paged: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const query = { limit: 1, ...(cursor !== undefined && { cursor }) };
      const page = await db.read((m) => flags(m, query), OVER);
      paged.push(...page.data.map((row) => row.flag));
      cursor = page.next;
    }
    expect(paged).toEqual(all);
  });

  it('orders and shipments are found by a party in any role, by what is late, and shipments by the days of their eta', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 10),
      placed('PO-2', 'x', { quantity: 1, window: { from: '2024-01-01', to: '2024-01-31' } }),
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 5 }], { eta: '2023-12-28' }),
      dispatched('S-2', [{ ...of('PO-2', '1'), quantity: 1 }], { consignee: 'x', eta: '2024-01-05' }),
    );
    const found = (query: Parameters<typeof orders>[1]) =>
      db.read(async (m) => (await orders(m, query)).data.map(({ order }) => order), OVER);
    expect(await found({ party: 'nvidia' })).toEqual(['PO-1', 'PO-2']);
    expect(await found({ party: 'x' })).toEqual(['PO-2']);
    expect(await found({ party: 'dhl' })).toEqual([]);
    expect(await found({ late: true })).toEqual(['PO-1']);
    expect(await found({ late: false })).toEqual(['PO-2']);
    expect(await found({ late: true, party: 'x' })).toEqual([]);
    const sent = (query: Parameters<typeof shipments>[1]) =>
      db.read(async (m) => (await shipments(m, query)).data.map(({ shipment }) => shipment), OVER);
    expect(await sent({ party: 'x' })).toEqual(['S-2']);
    expect(await sent({ party: 'dhl' })).toEqual(['S-1', 'S-2']);
    expect(await sent({ party: 'nvidia', late: true })).toEqual(['S-1']);
    expect(await sent({ eta: '2023-12-28' })).toEqual(['S-1']);
    expect(await sent({ eta: '2023-12-29/..' })).toEqual(['S-2']);
    expect(await sent({ eta: '../2024-01-05' })).toEqual(['S-1', 'S-2']);
  });
});
