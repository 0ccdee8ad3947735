import { eachUnit } from '#test/ledger/eachUnit';
import { afterEach, describe, expect, it } from 'vitest';
import { ActivityRow, ReasonRow } from '#contracts/activityRows';
import type { ReasonCode } from '#contracts/reasonCodes';
import { ItemRow, PartyRow, PostingRow, UnitRow } from '#contracts/rows';
import { dispatched, january, june, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { projected, type Projected } from '#test/projections/projected';
import { activity, reasons } from './activity/queries.ts';
import { item, items } from './items/queries.ts';
import { order, orders } from './orders/queries.ts';
import { parties, party } from './parties/queries.ts';
import { postings } from './postings/queries.ts';
import { queue } from './queue/queries.ts';
import { BadCursor, type Page } from './reading/page.ts';
import { shipment, shipments } from './shipments/queries.ts';
import { unit, units } from './units/queries.ts';

const moved = (reallocation: string, from: string, to: string, quantity: number) =>
  tell('reallocation.made', { reallocation, kind: 'reassigned', from, to, lines: [{ ...of('PO-1', '1'), quantity }] });

describe('the rows of each read model', () => {
  let db: Projected;
  afterEach(() => db.drop());

  it('an order says of each line its total, what was cancelled, its window, and where its units are', async () => {
    db = await projected(placed('PO-1', 'tesla', 100, { quantity: 50, window: june }), placed('PO-2', 'x', 1));
    await db.happens([
      tell('order.line_changed', { ...of('PO-1', '1'), initiator: 'buyer', quantity: 120, window: january }),
      tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'buyer', quantity: 20 }),
      moved('RA-1', 'tesla', 'x', 30),
      dispatched('S-1', [{ ...of('PO-1', '1', 'x'), quantity: 10 }]),
    ]);
    expect(await db.read((m) => order(m, 'PO-1'))).toEqual({
      order: 'PO-1',
      buyer: 'tesla',
      supplier: 'nvidia',
      placed: '2023-12-01T12:00:00.000Z',
      lines: [
        {
          ...{
            line: '1',
            item: 'H100',
            quantity: 100,
            cancelled: 20,
            window: january,
            due: '2024-01-31',
            dueFirst: '2023-12-31',
            promised: null,
          },
          units: [
            { owner: 'tesla', custodian: 'nvidia', stage: 'ordered', shipment: null, quantity: 70 },
            { owner: 'x', custodian: 'nvidia', stage: 'ordered', shipment: null, quantity: 20 },
            { owner: 'x', custodian: 'dhl', stage: 'in_transit', shipment: 'S-1', quantity: 10 },
          ],
          ...{ onHold: 0, available: 100, holds: [] },
        },
        {
          ...{ line: '2', item: 'H100', quantity: 50, cancelled: 0, window: june, due: '2024-06-30', promised: null },
          units: [{ owner: 'tesla', custodian: 'nvidia', stage: 'ordered', shipment: null, quantity: 50 }],
          ...{ onHold: 0, available: 50, holds: [] },
        },
      ],
    });
    expect(await db.read((m) => order(m, 'PO-9'))).toBeUndefined();
    const found = async (query: object) => (await db.read((m) => orders(m, query))).data.map((row) => row.order);
    expect(await found({ buyer: 'x' })).toEqual(['PO-2']);
    expect(await found({ owner: 'x' })).toEqual(['PO-1', 'PO-2']);
    expect(await found({ item: 'D1' })).toEqual([]);
    const first = await db.read((m) => orders(m, { limit: 1 }));
    expect((await db.read((m) => orders(m, { cursor: first.next! }))).data.map((row) => row.order)).toEqual(['PO-2']);
  });

  it('a page of large orders or shipments ends early, and the pages together have each of them once and whole', async () => {
    const quantities = Array<number>(200).fill(1);
    const ids = Array.from({ length: 30 }, (_, n) => `PO-${String(n).padStart(2, '0')}`);
    db = await projected(
      ...ids.map((order) => placed(order, 'tesla', ...quantities)),
      ...ids.map((order, n) =>
        dispatched(
          `S-${String(n).padStart(2, '0')}`,
          quantities.map((quantity, line) => ({ ...of(order, String(line + 1)), quantity })),
        ),
      ),
    );
    const sizes: number[] = [];
    const all = async <R>(read: (query: { limit: number; cursor?: string }) => Promise<Page<R>>) => {
      const rows: R[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page: Page<R> = await read({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
        rows.push(...page.data);
        sizes.push(page.data.length);
        cursor = page.next;
      }
      return rows;
    };
    const found = await all((query) => db.read((m) => orders(m, query)));
    expect(found.map((row) => row.order)).toEqual(ids);
    expect(new Set(found.map((row) => row.lines.flatMap(({ units }) => units).length))).toEqual(new Set([200]));
    const sent = await all((query) => db.read((m) => shipments(m, query)));
    expect(sent.map((row) => row.lines.length)).toEqual(Array(30).fill(200));
    expect(sizes).toEqual([25, 5, 25, 5]);
  });

  it('a shipment says per owner what was sent, arrived, was damaged, lost or beyond, and what is still coming', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 100 }], { destination: 'Austin', eta: '2023-12-28' }),
    );
    const status = async () => (await db.read((m) => shipment(m, 'S-1')))?.status;
    expect(await status()).toBe('in_transit');
    await db.happens([
      tell('reallocation.made', {
        reallocation: 'RA-1',
        kind: 'reconsigned',
        from: 'tesla',
        to: 'x',
        lines: [{ ...of('PO-1', '1'), quantity: 40, shipment: 'S-1' }],
      }),
      received('S-1', 'tesla', [{ ...of('PO-1', '1', 'tesla'), received: 50, damaged: 4, surplus: 2 }]),
      tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-1', '1', 'tesla'), quantity: 5 }] }),
    ]);
    expect(await db.read((m) => shipment(m, 'S-1'))).toEqual({
      ...{ shipment: 'S-1', consignee: 'tesla', carrier: 'dhl', destination: 'Austin', eta: '2023-12-28' },
      ...{ dispatched: '2023-12-01T12:00:00.000Z', status: 'partly_received' },
      lines: [
        {
          order: 'PO-1',
          line: '1',
          item: 'H100',
          owner: 'tesla',
          advised: 60,
          received: 50,
          damaged: 4,
          surplus: 2,
          lost: 5,
          inTransit: 1,
          arrived: '2023-12-01T12:00:00.000Z',
        },
        {
          order: 'PO-1',
          line: '1',
          item: 'H100',
          owner: 'x',
          advised: 40,
          received: 0,
          damaged: 0,
          surplus: 0,
          lost: 0,
          inTransit: 40,
          arrived: null,
        },
      ],
    });
    await db.happens([received('S-1', 'x', [{ ...of('PO-1', '1', 'x'), received: 30 }], true)]);
    expect(await status()).toBe('received');
    const found = async (query: object) => (await db.read((m) => shipments(m, query))).data.map((row) => row.shipment);
    expect(await found({ owner: 'x', order: 'PO-1', item: 'H100', carrier: 'dhl' })).toEqual(['S-1']);
    expect(await found({ owner: 'xai' })).toEqual([]);
  });

  it('a shipment says when units of a line arrived last, in whatever order it was told, and after a receipt was taken back', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 100 }]));
    const arrived = async () => (await db.read((m) => shipment(m, 'S-1')))?.lines.map((one) => one.arrived);
    const arrive = (count: { received: number; damaged?: number; surplus?: number }) =>
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), ...count }]);
    const [first, last] = ['2023-12-03T09:00:00.000Z', '2023-12-05T09:00:00.000Z'];
    expect(await arrived()).toEqual([null]);
    await db.happens([arrive({ received: 10 })], last);
    await db.happens([arrive({ received: 0, damaged: 2 })], first);
    expect(await arrived()).toEqual([last]);
    const takeBack = (sequence: number) => tell('event.voided', { sequence, reason: 'did_not_occur' });
    const receipt = (await db.read(({ sequence }) => Promise.resolve(sequence))) - 1;
    await db.happens([takeBack(receipt)], last);
    expect(await arrived()).toEqual([first]);
    await db.happens([takeBack(receipt + 1)], first);
    expect(await arrived()).toEqual([null]);
    // What came beyond what was sent is the supplier's.
    await db.happens([arrive({ received: 0, surplus: 1 })], last);
    expect(await arrived()).toEqual([null]);
  });

  it('a shipment that is dispatched again keeps its header, and one that is lost as a whole is ended', async () => {
    db = await projected(placed('PO-1', 'tesla', 10), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 4 }]));
    await db.happens([dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 6 }])], '2023-12-02T00:00:00Z');
    expect(await db.read((m) => shipment(m, 'S-1'))).toMatchObject({
      dispatched: '2023-12-01T12:00:00.000Z',
      lines: [{ advised: 10 }],
    });
    await db.happens([tell('shipment.lost', { shipment: 'S-1', lines: [{ ...of('PO-1', '1'), quantity: 10 }] })]);
    expect(await db.read((m) => shipment(m, 'S-1'))).toMatchObject({
      status: 'ended',
      lines: [{ advised: 10, lost: 10, inTransit: 0 }],
    });
  });

  it('the queue of an item goes by delivery window, then by placing, and whoever took over units stands in their place', async () => {
    db = await projected(
      placed('PO-1', 'tesla', { quantity: 10, window: january }),
      placed('PO-2', 'x', { quantity: 20, window: january }, 5),
    );
    const places = async (query = {}) =>
      (await db.read((m) => queue(m, 'H100', query))).data.map((row) => [
        row.position,
        row.order,
        row.line,
        row.owner,
        row.quantity,
        row.ordered,
        row.in_transit,
        row.held,
      ]);
    expect(await places()).toEqual([
      [1, 'PO-2', '2', 'x', 5, 5, 0, 0],
      [2, 'PO-1', '1', 'tesla', 10, 10, 0, 0],
      [3, 'PO-2', '1', 'x', 20, 20, 0, 0],
    ]);
    await db.happens([
      tell('order.line_changed', { ...of('PO-2', '2'), initiator: 'buyer', window: june }),
      moved('RA-1', 'tesla', 'xai', 4),
      dispatched('S-1', [{ ...of('PO-1', '1', 'tesla'), quantity: 5 }]),
      received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 2, damaged: 1 }]),
    ]);
    expect(await places()).toEqual([
      [1, 'PO-1', '1', 'tesla', 6, 1, 2, 3],
      [2, 'PO-1', '1', 'xai', 4, 4, 0, 0],
      [3, 'PO-2', '1', 'x', 20, 20, 0, 0],
      [4, 'PO-2', '2', 'x', 5, 5, 0, 0],
    ]);
    expect(await places({ owner: 'x' })).toEqual([
      [3, 'PO-2', '1', 'x', 20, 20, 0, 0],
      [4, 'PO-2', '2', 'x', 5, 5, 0, 0],
    ]);
    expect(await places({ buyer: 'tesla' })).toHaveLength(2);
    const first = await db.read((m) => queue(m, 'H100', { limit: 3 }));
    expect((await places({ cursor: first.next! })).map(([position]) => position)).toEqual([4]);
    const forged = Buffer.from('[1,"x","y",1,1,"z"]').toString('base64url');
    await expect(db.read((m) => queue(m, 'H100', { cursor: forged }))).rejects.toThrow(BadCursor);
    await db.happens([
      dispatched('S-2', [{ ...of('PO-2', '1'), quantity: 20 }]),
      received('S-2', 'x', [{ ...of('PO-2', '1'), received: 20 }]),
    ]);
    expect((await places()).map(([, order, line]) => [order, line])).toEqual([
      ['PO-1', '1'],
      ['PO-1', '1'],
      ['PO-2', '2'],
    ]);
  });

  it('units that a large fact gave their serial numbers have none when it is taken back', async () => {
    const serials = Array.from({ length: 900 }, (_, n) => `GPU-${n}-${'x'.repeat(20)}${n % 7}`);
    db = await projected(placed('PO-1', 'tesla', { item: 'D1', quantity: 900 }));
    await db.happens([dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 900, serials }])]);
    const { sequence } = db.story.ledger.events.at(-1)!;
    expect(await db.read((m) => unit(m, serials[7]!))).toMatchObject({ units: [{ item: 'D1' }] });
    await db.happens([tell('event.voided', { sequence, reason: 'did_not_occur' })]);
    expect(db.story.ledger.events.at(-1)!.data).toMatchObject({ unnamed: [{ item: 'D1' }] });
    expect(await db.read((m) => unit(m, serials[7]!))).toEqual({ units: [], count: 0 });
    expect((await db.pool.query('SELECT FROM rm_1.units')).rowCount).toBe(0);
  });

  it('each serial number is in the account that the last event put it in', async () => {
    db = await projected(
      tell('order.placed', {
        order: 'PO-1',
        buyer: 'tesla',
        supplier: 'nvidia',
        lines: [{ line: '1', item: 'D1', quantity: 4, window: january }],
      }),
    );
    await db.happens([dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 3, serials: ['D-1', 'D-2', 'D-3'] }])]);
    await db.happens([received('S-1', 'tesla', [{ ...of('PO-1', '1'), received: 1, serials: ['D-2'] }])]);
    // All that is left goes on without being named.
    await db.happens([received('S-1', 'x', [{ ...of('PO-1', '1'), received: 2 }])]);
    const { data } = await db.read((m) => units(m, { item: 'D1' }));
    for (const row of data) UnitRow.strict().parse(row);
    expect(data.map(({ serial, custodian, stage, sequence }) => [serial, custodian, stage, sequence])).toEqual([
      ['D-1', 'x', 'held', 13],
      ['D-2', 'tesla', 'held', 12],
      ['D-3', 'x', 'held', 13],
    ]);
    expect(await db.read((m) => unit(m, 'D-2'))).toMatchObject({ units: [{ item: 'D1', custodian: 'tesla' }] });
    expect(await db.read((m) => unit(m, 'D-2', 'H100'))).toEqual({ units: [], count: 0 });
    expect((await db.read((m) => units(m, { custodian: 'x', limit: 1 }))).next).not.toBeNull();
    for (const { item, serial, account } of eachUnit(db.story.ledger.index.all())) {
      const [own] = (await db.read((m) => unit(m, serial, item))).units;
      expect(
        [own?.owner, own?.custodian, own?.item, own?.order, own?.line, own?.stage, own?.shipment ?? ''].join('|'),
      ).toBe(account);
    }
  });

  it('the postings behind a balance come each with its event and the balance after it', async () => {
    db = await projected(
      placed('PO-1', 'tesla', 100),
      moved('RA-1', 'tesla', 'x', 30),
      dispatched('S-1', [{ ...of('PO-1', '1', 'tesla'), quantity: 20 }]),
    );
    const { data } = await db.read((m) => postings(m, { owner: 'tesla', stage: 'ordered' }));
    for (const row of data) PostingRow.strict().parse(row);
    expect(data.map(({ sequence, type, quantity, balance }) => [sequence, type, quantity, balance])).toEqual([
      [10, 'lading.order.placed.v1', 100, 100],
      [11, 'lading.reallocation.made.v1', -30, 70],
      [12, 'lading.shipment.dispatched.v1', -20, 50],
    ]);
    const all = await db.read((m) => postings(m, { accounts: 'all', limit: 4 }));
    const rest = await db.read((m) => postings(m, { accounts: 'all', cursor: all.next! }));
    expect([...all.data, ...rest.data].reduce((sum, { quantity }) => sum + quantity, 0)).toBe(0);
    expect(rest.data).toHaveLength(2);
  });

  it('parties and items have their newest master data, with what there is of them', async () => {
    db = await projected(placed('PO-1', 'tesla', 100));
    await db.happens([
      tell('party.registered', {
        party: 'tesla',
        name: 'Tesla, Inc. "T" \\',
        roles: ['customer', 'supplier'],
        controlledBy: ['elon-musk'],
      }),
      tell('item.registered', {
        item: 'H100',
        name: 'H100 SXM',
        maker: 'nvidia',
        tracking: 'quantity',
        eccn: '3A090',
        listPrice: { amount: '30000.00', currency: 'USD' },
      }),
    ]);
    expect(PartyRow.strict().parse(await db.read((m) => party(m, 'tesla')))).toEqual({
      ...{
        party: 'tesla',
        name: 'Tesla, Inc. "T" \\',
        roles: ['customer', 'supplier'],
        controlledBy: ['elon-musk'],
        balances: [],
      },
      holdings: [{ item: 'H100', ordered: 100, in_transit: 0, held: 0, damaged: 0 }],
    });
    expect(ItemRow.strict().parse(await db.read((m) => item(m, 'H100')))).toEqual({
      ...{ item: 'H100', name: 'H100 SXM', maker: 'nvidia', tracking: 'quantity', eccn: '3A090' },
      listPrice: { amount: '30000.00', currency: 'USD' },
      holdings: { ordered: 100, in_transit: 0, held: 0, damaged: 0 },
    });
    expect((await db.read((m) => items(m, {}))).data.map((row) => row.item)).toEqual(['D1', 'H100']);
    const found = async (query: object) => (await db.read((m) => parties(m, query))).data.map((row) => row.party);
    expect(await found({ role: 'supplier' })).toEqual(['amd', 'nvidia', 'tesla']);
    expect(await found({ controlledBy: 'elon-musk' })).toEqual(['tesla']);
    expect(await found({ limit: 2 })).toEqual(['amd', 'dhl']);
    expect(await db.read((m) => party(m, 'nobody'))).toBeUndefined();
  });

  it('the activity says what happened, the newest first, and whom it concerns', async () => {
    db = await projected(placed('PO-1', 'tesla', 100), dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 20 }]));
    const { data, next } = await db.read((m) => activity(m, { limit: 2 }));
    for (const row of data) ActivityRow.strict().parse(row);
    expect(
      data.map(({ sequence, type, subject, parties, items, quantity }) => ({
        sequence,
        type,
        subject,
        parties,
        items,
        quantity,
      })),
    ).toEqual([
      {
        sequence: 11,
        type: 'lading.shipment.dispatched.v1',
        subject: 'shipment/S-1',
        parties: ['tesla', 'dhl', 'nvidia'],
        items: ['H100'],
        quantity: 20,
      },
      {
        sequence: 10,
        type: 'lading.order.placed.v1',
        subject: 'order/PO-1',
        parties: ['tesla', 'nvidia'],
        items: ['H100'],
        quantity: 100,
      },
    ]);
    expect((await db.read((m) => activity(m, { cursor: next! }))).data[0]?.sequence).toBe(9);
    expect((await db.read((m) => activity(m, { party: 'dhl', item: 'H100' }))).data).toHaveLength(1);
    expect((await db.read((m) => activity(m, { subject: 'order/PO-1' }))).data).toHaveLength(1);
  });

  it('reasons count the events of each code and type with their units, and say the same as the activity of a code; a party’s those that concern it', async () => {
    const because = (order: string, reasonCode: ReasonCode, quantity: number) =>
      tell('order.line_cancelled', { ...of(order, '1'), initiator: 'seller', quantity, reasonCode });
    db = await projected(placed('PO-1', 'tesla', 100), placed('PO-2', 'x', 50));
    await db.happens([because('PO-1', 'shortage', 3), because('PO-2', 'shortage', 4)]);
    await db.happens([
      because('PO-1', 'shortage', 5),
      because('PO-1', 'pricing', 1),
      tell('order.line_cancelled', { ...of('PO-1', '1'), initiator: 'seller', quantity: 9, reason: 'No code' }),
      tell('reallocation.made', {
        ...{ reallocation: 'RA-1', kind: 'reassigned', from: 'tesla', to: 'x', reasonCode: 'shortage' },
        lines: [{ ...of('PO-1', '1'), quantity: 2 }],
      }),
      proposed('SW-1', 'x', [
        { from: 'x', to: 'tesla', ...of('PO-2', '1'), quantity: 2 },
        { from: 'tesla', to: 'x', ...of('PO-1', '1'), quantity: 2 },
      ]),
      tell('swap.rejected', { swap: 'SW-1', by: 'tesla', reasonCode: 'other' }),
    ]);
    const found = async (query: object, party?: string) => {
      const { data } = await db.read((m) => reasons({ ...m, party }, query));
      return data.map((row) => {
        const { reasonCode, type, events, quantity } = ReasonRow.strict().parse(row);
        return [reasonCode, type.slice(7, -3), events, quantity];
      });
    };
    const all = [
      ['other', 'swap.rejected', 1, 0],
      ['pricing', 'order.line_cancelled', 1, 1],
      ['shortage', 'order.line_cancelled', 3, 12],
      ['shortage', 'reallocation.made', 1, 2],
    ];
    expect(await found({})).toEqual(all);
    expect(await found({}, 'nvidia')).toEqual(all);
    expect(await found({}, 'x')).toEqual([
      ['other', 'swap.rejected', 1, 0],
      ['shortage', 'order.line_cancelled', 1, 4],
      ['shortage', 'reallocation.made', 1, 2],
    ]);
    expect(await found({}, 'dhl')).toEqual([]);
    expect(await found({ reasonCode: 'pricing' })).toEqual([all[1]]);
    expect(await found({ type: 'lading.reallocation.made.v1' })).toEqual([all[3]]);
    const { next } = await db.read((m) => reasons(m, { limit: 3 }));
    expect(await found({ limit: 3, cursor: next! })).toEqual([all[3]]);
    const short = await db.read((m) => activity(m, { reasonCode: 'shortage' }));
    expect(short.data.map(({ quantity, reasonCode }) => [quantity, reasonCode])).toEqual([
      [2, 'shortage'],
      [5, 'shortage'],
      [4, 'shortage'],
      [3, 'shortage'],
    ]);
    const { data } = await db.read((m) => reasons(m, { reasonCode: 'shortage' }));
    expect(Math.max(...data.map(({ last }) => last))).toBe(short.data[0]!.sequence);
  });
});
