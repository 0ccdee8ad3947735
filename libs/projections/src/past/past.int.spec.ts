import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { FlagRow } from '#contracts/flagRows';
import type { ExchangeHistoryRow } from '#contracts/changeRows';
import { AvailableRow } from '#contracts/holdRows';
import { SupplyRow } from '#contracts/supplyRows';
import { ItemRow, OrderRow, PartyRow, QueueRow, ShipmentRow, type SwapRow } from '#contracts/rows';
import { microseconds, utcOf } from '#contracts/scalars';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { fromTheJournal, record } from '#test/projections/recorded';
import { accepted, dispatched, executed, of, placed, proposed, received, tell } from '#test/ledger/facts';
import { given } from '#test/ledger/story';
import { submitVoid } from '#test/ledger/takenBack';
import { History } from '#test/ledger/history';
import { Dice } from '#test/ledger/happenings';
import { LedgerState } from '../engine/ledgerState.ts';
import { flags } from '../flags/queries.ts';
import { available, hold, holds } from '../holds/queries.ts';
import { item, items } from '../items/queries.ts';
import { order, orders } from '../orders/queries.ts';
import { parties, party } from '../parties/queries.ts';
import { queue } from '../queue/queries.ts';
import type { Page, PageQuery } from '../reading/page.ts';
import type { Moment, ReadModel } from '../reading/readModel.ts';
import { applyEvents } from '../readModels.ts';
import { shipment, shipments } from '../shipments/queries.ts';
import { supply } from '../supply/queries.ts';
import { swap, swaps } from '../swaps/queries.ts';
import { units } from '../units/queries.ts';
import { schemaOfVersion } from '../versions/versions.ts';
import { askPast, type PastKind, type PastQuestion } from './askPast.ts';
import { flagPast, flagsPast } from './flagsPast.ts';
import { type ExchangeQuery, exchangePast } from './exchange.ts';
import { Scratch } from './scratch.ts';

type List = (model: ReadModel, query: PageQuery) => Promise<Page<object>>;
type One = (model: ReadModel, id: string) => Promise<object | undefined>;

const LISTS: readonly (readonly [PastKind, List, One, ...object[]])[] = [
  ['order', orders, order, { buyer: 'tesla' }, { owner: 'x', item: 'H100' }, { late: true }, { party: 'xai' }],
  ['shipment', shipments, shipment, { owner: 'tesla' }, { late: false }, { eta: '../2024-01-31' }],
  ['swap', swaps, swap, { party: 'x' }, { status: 'executed' }],
  ['hold', holds, hold, { status: 'expired' }],
  ['party', parties, party, { role: 'customer' }],
  ['item', items, item],
];

const WHOLE: readonly [PastKind, string | undefined, (model: ReadModel, asked: object) => Promise<unknown>, object?][] =
  [
    ['queue', 'H100', async (m) => [(await item(m, 'H100')) !== undefined, await queue(m, 'H100', {})]],
    ['queue', 'D1', async (m) => [(await item(m, 'D1')) !== undefined, await queue(m, 'D1', {})]],
    ['queue', 'D1', (m) => queue(m, 'D1', { owner: 'tesla' })],
    ['supply', 'H100', (m) => supply(m, 'H100', {})],
    ['supply', 'D1', (m) => supply(m, 'D1', {})],
    ['available', undefined, (m) => available(m, {})],
    ['available', undefined, (m, asked) => available(m, asked), { owner: 'x' }],
    ['available', undefined, (m, asked) => available(m, asked), { item: 'H100' }],
    ['unit', undefined, (m) => units(m, { limit: 1_000 })],
  ];

/** The rows of all pages. */
async function walk(pageAt: (cursor: string | undefined) => Promise<unknown>): Promise<object[]> {
  const found: object[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data, next } = (await pageAt(cursor)) as Page<object>;
    found.push(...data);
    if (next === null) return found;
    cursor = next;
  }
}

type Asking = Pick<ReadModel, 'ledger' | 'party' | 'asOf'>;

const PARTIES = [undefined, 'tesla'];

describe('what was, at any moment, as it was known at any moment', () => {
  let db: FreshReadModels;
  let scratch: Scratch;
  let n = 0;
  beforeAll(async () => {
    db = await freshReadModels();
    scratch = new Scratch(db.url, fromTheJournal);
  });
  afterAll(async () => {
    await scratch.close();
    await db.drop();
  });

  /** The same events of a ledger of its own. */
  const inLedger = (events: readonly LedgerEvent[], ledger: string) =>
    events.map((event): LedgerEvent => ({ ...event, ledger }));

  /** A ledger that was told these events only. */
  async function told(events: readonly LedgerEvent[]): Promise<string> {
    const ledger = `told-${++n}`;
    const client = await db.pool.connect();
    await client.query(`SET search_path TO ${schemaOfVersion(1)}`);
    await applyEvents(client, ledger, inLedger(events, ledger), new LedgerState(0, 0, {}), Infinity);
    await client.query('RESET search_path');
    client.release();
    return ledger;
  }

  const askThen = <Q extends PageQuery, R>(asking: Asking, kind: PastKind, question: PastQuestion<Q, R>) =>
    scratch.during(asking, (model) => askPast(scratch, model, kind, question));
  const exchange = (asking: Asking, id: string, query: ExchangeQuery) =>
    scratch.during(asking, (model) => exchangePast(scratch, model, id, query));
  const oneFlag = (asking: Asking, id: string) => scratch.during(asking, (model) => flagPast(scratch, model, id));

  /** What a swap answers at a moment. */
  const balanceAt = async (asking: Asking, id: string, asOf: Partial<Moment>) => {
    const read = (model: ReadModel): Promise<object | undefined> => swap(model, id);
    const found = await askThen({ ...asking, asOf: { ...asking.asOf, ...asOf } }, 'swap', {
      id,
      asked: {},
      read,
    });
    return (found as SwapRow | undefined)?.balance ?? [];
  };
  const executedSwaps = async (asking: Asking) => {
    const read = (model: ReadModel, query: PageQuery): Promise<Page<object>> =>
      swaps(model, { ...query, status: 'executed' });
    const found = await askThen(asking, 'swap', { id: '', asked: { limit: 3 }, read });
    return (found as Page<SwapRow>).data;
  };
  const timeless = (balance: SwapRow['balance']) => balance.map(({ unitDays: _, ...rest }) => rest);

  /** Each step is what the swap answers at its moment, and nothing changed in between. */
  async function expectSeries(all: readonly LedgerEvent[], asking: Asking, id: string, axis: 'at' | 'known') {
    const series = async (query: ExchangeQuery) =>
      (await walk((cursor) => exchange(asking, id, { ...query, axis, cursor }))) as ExchangeHistoryRow[];
    const steps = await series({});
    expect([id, axis, await series({ limit: 2 })]).toEqual([id, axis, steps]);
    for (const by of ['day', 'week', 'month'] as const) {
      const periods = await series({ by, limit: 40 });
      expect(periods.length).toBeGreaterThan(0);
      for (const { moment, sequence, balance } of [...periods.slice(0, 3), ...periods.slice(-2)]) {
        if (axis === 'known' && sequence === null) continue;
        const asOf = axis === 'at' ? { at: moment } : { known: sequence! };
        expect([id, by, moment, balance]).toEqual([id, by, moment, await balanceAt(asking, id, asOf)]);
      }
    }
    for (const [n, { moment, sequence, balance }] of steps.entries()) {
      const asOf = axis === 'at' ? { at: moment } : { known: sequence! };
      expect([id, moment, balance]).toEqual([id, moment, await balanceAt(asking, id, asOf)]);
      const next = steps[n + 1];
      const between = all.filter((event) =>
        axis === 'known'
          ? event.sequence > sequence! && event.sequence < (next?.sequence ?? asking.asOf.known + 1)
          : event.sequence <= asking.asOf.known &&
            microseconds(event.time) > microseconds(moment) &&
            microseconds(event.time) < microseconds(next?.moment ?? asking.asOf.at!),
      );
      for (const event of between.slice(0, 8)) {
        const then = axis === 'at' ? { at: utcOf(event.time) } : { known: event.sequence };
        expect([id, axis, then, timeless(await balanceAt(asking, id, then))]).toEqual([
          id,
          axis,
          then,
          timeless(balance),
        ]);
      }
    }
    return steps;
  }

  it('tells of a shipment whose order was placed, taken back and placed again', async () => {
    const history = new History();
    history.happens(placed('PO-1', 'x', 5));
    history.takesBack(history.ledger.events.length);
    history.happens(placed('PO-1', 'tesla', 7));
    history.happens(dispatched('S-1', [{ ...of('PO-1', '1'), quantity: 7 }]));
    const all = inLedger(history.ledger.events, `past-${++n}`);
    await record(db.pool, all);
    await db.apply(all, 40);
    const known = all.length;
    const asking = { ledger: all[0]!.ledger, asOf: { at: undefined, known, occurred: new Date() }, party: undefined };
    const ask = (id: string) =>
      askThen(asking, 'shipment', {
        ...{ id, asked: {} },
        read: (model, query): Promise<object | undefined> =>
          id === '' ? shipments(model, query) : shipment(model, id),
      });
    expect(await ask('S-1')).toMatchObject({ shipment: 'S-1', lines: [{ order: 'PO-1', advised: 7 }] });
    expect(await ask('')).toMatchObject({ data: [{ shipment: 'S-1' }], next: null });
  });

  it('has what arrived for an owner before it was told whose it is, below zero as in holdings, and as the contract says', async () => {
    const history = new History();
    const some = (quantity: number) => ({ ...of('PO-1', '1'), quantity });
    const sent = (shipment: string, quantity: number) => dispatched(shipment, [some(quantity)]);
    history.happens(placed('PO-1', 'tesla', 12));
    history.happens(sent('S-1', 4));
    history.happens(sent('S-2', 2));
    history.happens(sent('S-2', 3));
    const lines = [{ ...some(4), shipment: 'S-1' }];
    history.happens(
      tell('reallocation.made', { reallocation: 'RA', kind: 'reconsigned', from: 'tesla', to: 'x', lines }),
    );
    history.happens(received('S-1', 'x', [{ ...of('PO-1', '1', 'x'), received: 3 }]), 3);
    history.happens(received('S-2', 'tesla', [{ ...of('PO-1', '1'), received: 5 }]), 4);
    history.happens(placed('PO-2', 'xai', 3));
    const away = [{ ...of('PO-2', '1'), quantity: 3 }];
    history.happens(
      tell('reallocation.made', { reallocation: 'RB', kind: 'reassigned', from: 'xai', to: 'x', lines: away }),
      6,
    );
    expect(history.refused).toEqual([]);
    const all = inLedger(history.ledger.events, `past-${++n}`);
    await record(db.pool, all);
    await db.apply(all, 40);
    const at = all.at(-1)!.time;
    const asOf = { at, known: all.length, occurred: new Date(at) };
    const asking = { ledger: all[0]!.ledger, asOf, party: undefined };
    const ask = (kind: PastKind, id: string, one: One) =>
      askThen(asking, kind, { ...{ id, asked: {} }, read: (model) => one(model, id) });
    const first = ShipmentRow.parse(await ask('shipment', 'S-1', shipment));
    expect(first.status).toBe('partly_received');
    expect(first.lines).toMatchObject([
      { owner: 'tesla', advised: 4, received: 0, inTransit: 4 },
      { owner: 'x', advised: 0, received: 3, inTransit: -3 },
    ]);
    const second = ShipmentRow.parse(await ask('shipment', 'S-2', shipment));
    expect(second.lines).toMatchObject([{ owner: 'tesla', advised: 2, received: 5, inTransit: -3 }]);
    for (const [kind, id, read, row] of [
      ['order', 'PO-1', order, OrderRow],
      ['party', 'tesla', party, PartyRow],
      ['party', 'x', party, PartyRow],
      ['item', 'H100', item, ItemRow],
    ] as const)
      expect(row.parse(await ask(kind, id, read))).toBeDefined();
    for (const row of ((await ask('queue', 'H100', (m, id) => queue(m, id, {}))) as Page<object>).data)
      expect(QueueRow.parse(row)).toBeDefined();
    const there = (await askThen(asking, 'available', {
      id: '',
      asked: {},
      read: (m) => available(m, {}),
    })) as Page<object>;
    expect(there.data.map((row) => AvailableRow.parse(row))).toContainEqual({
      ...{ owner: 'xai', item: 'H100', there: -3, onHold: 0, available: -3 },
    });
    for (const row of ((await ask('supply', 'H100', (m, id) => supply(m, id, {}))) as Page<object>).data)
      expect(SupplyRow.parse(row)).toBeDefined();
  });

  it('tells what is owed under a swap, step by step, as the swap itself does at each of them: late receipts and such as were taken back among them', async () => {
    const history = new History();
    const sent = (shipment: string, order: string, owner: string, quantity: number) =>
      dispatched(shipment, [{ ...of(order, '1', owner), quantity }], { consignee: owner });
    const arrived = (shipment: string, order: string, owner: string, quantity: number) =>
      received(shipment, owner, [{ ...of(order, '1', owner), received: quantity }]);
    const legs = [
      { from: 'tesla', to: 'x', order: 'PO-T', line: '1', quantity: 100 },
      { from: 'x', to: 'tesla', order: 'PO-X', line: '1', quantity: 90 },
    ];
    for (const told of [
      ...[placed('PO-T', 'tesla', 100), placed('PO-X', 'x', 100)],
      ...[proposed('SW-1', 'tesla', legs), accepted('SW-1', 'x'), executed('SW-1', 'x')],
      ...[sent('S-1', 'PO-T', 'x', 100), sent('S-2', 'PO-X', 'tesla', 90), arrived('S-1', 'PO-T', 'x', 40)],
    ])
      history.happens(told);
    history.happens(arrived('S-2', 'PO-X', 'tesla', 70));
    history.happens(arrived('S-1', 'PO-T', 'x', 20), 2);
    history.takesBack(history.ledger.events.length);
    history.happens(arrived('S-1', 'PO-T', 'x', 25), 5);
    history.happens(arrived('S-2', 'PO-X', 'tesla', 20));
    expect(history.refused).toEqual([]);
    const all = inLedger(history.ledger.events, `past-${++n}`);
    await record(db.pool, all);
    await db.apply(all, 40);
    const clock = new Date('2024-03-01T00:00:00Z');
    const asOf = { at: utcOf(clock.toISOString()), known: all.length, occurred: clock };
    const asking = { ledger: all[0]!.ledger, asOf, party: undefined };
    const counts = { at: 5, known: 7 };
    for (const axis of ['at', 'known'] as const)
      expect(await expectSeries(all, asking, 'SW-1', axis)).toHaveLength(counts[axis]);
    expect(await exchange({ ...asking, party: 'xai' }, 'SW-1', {})).toBeUndefined();
  });

  it('names who was known to have said a thing first, also when that was taken back since', async () => {
    const ledger = 'said-again';
    const line = of('PO-1', '1');
    const story = given(
      placed('PO-1', 'tesla', 100),
      dispatched('S-1', [{ ...line, quantity: 50 }]),
      received('S-1', 'x', [{ ...line, received: 20 }]),
    );
    const scrapped = tell('units.scrapped', { custodian: 'x', lines: [{ ...line, quantity: 2 }] });
    story.until('2024-01-02T09:00:00Z');
    for (let n = 0; n < 3; n++) story.take(scrapped);
    const last = story.ledger.events.length;
    expect(submitVoid(story.ledger, last - 2, new Date('2024-01-02T09:00:00Z'))).toMatchObject({ ok: true });
    const events = inLedger(story.ledger.events, ledger);
    await record(db.pool, events);
    await db.apply(events);
    const first = async (known: number) => {
      const asking = { ledger, asOf: { at: undefined, known, occurred: new Date('2024-02-01T00:00:00Z') } };
      return (await oneFlag(asking, `possible-duplicate:${last}:1`))?.events;
    };
    expect(await first(last)).toEqual([last - 2, last]);
    expect(await first(last + 1)).toEqual([last - 1, last]);
  });

  it('is what a ledger answers now that was told exactly the events that had occurred and were recorded by then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(999), { minLength: 12, maxLength: 12 }), { minLength: 60, maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { minLength: 2, maxLength: 2 }),
        async (steps, moments) => {
          const history = new History();
          for (const [at, rolls] of steps.entries()) {
            const dice = new Dice(rolls);
            history.goesOn(dice, at % 3 === 0 ? dice.roll(8) : 0);
          }
          const all = inLedger(history.ledger.events, `past-${++n}`);
          const { ledger } = all[0]!;
          await record(db.pool, all);
          await db.apply(all, 40);
          for (const [a, k] of moments) {
            const known = Math.max(12, Math.ceil((all.length * (k + 1)) / 100));
            const at = all[Math.floor((all.length * a) / 100)]!.time;
            const then = all.filter(
              ({ time, sequence }) => sequence <= known && microseconds(time) <= microseconds(at),
            );
            const clock = new Date(at);
            const same = await told(then);
            const asking = { ledger, asOf: { at, known, occurred: clock } };
            const now = (read: (model: ReadModel) => Promise<unknown>) =>
              db.read(async (model) =>
                read({ ...model, ledger: same, asOf: { occurred: clock, at: undefined, known } }),
              );
            for (const party of PARTIES)
              for (const [kind, id, read, asked = {}] of WHOLE) {
                const expected = await now((m) => read({ ...m, party }, asked));
                const answer = await askThen({ ...asking, party }, kind, { id: id ?? '', asked, read });
                expect([kind, id, party, answer]).toEqual([kind, id, party, expected]);
              }
            for (const party of PARTIES) {
              const expected = (await now((m) => flags({ ...m, party }, { limit: 1_000 }))) as Page<FlagRow>;
              const found = await walk((cursor) =>
                scratch.during({ ...asking, party }, (model) => flagsPast(scratch, model, { cursor, limit: 7 })),
              );
              expect([party, found]).toEqual([party, expected.data]);
              for (const row of expected.data.slice(0, 5))
                expect(await oneFlag({ ...asking, party }, row.flag)).toEqual(row);
            }
            for (const { swap: id } of await executedSwaps(asking)) {
              for (const axis of ['at', 'known'] as const) await expectSeries(all, asking, id, axis);
            }
            for (const party of PARTIES)
              for (const [kind, list, one, ...filters] of LISTS)
                for (const filter of [{}, ...filters]) {
                  const expected = (await now((model) => list({ ...model, party }, filter))) as Page<object>;
                  const ask = (asked: PageQuery, id = '') =>
                    askThen({ ...asking, party }, kind, {
                      ...{ id, asked },
                      read: (model, query) => (id === '' ? list(model, query) : one(model, id)),
                    });
                  expect([kind, filter, party, await ask(filter)]).toEqual([kind, filter, party, expected]);
                  expect([kind, filter, party, await walk((cursor) => ask({ ...filter, cursor, limit: 3 }))]).toEqual([
                    ...[kind, filter, party, expected.data],
                  ]);
                  for (const row of expected.data.slice(0, 2))
                    expect(await ask({}, (row as Record<string, string>)[kind])).toEqual(row);
                }
          }
        },
      ),
      { numRuns: 1, endOnFailure: true },
    );
  });
});
