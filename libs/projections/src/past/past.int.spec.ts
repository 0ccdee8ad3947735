import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { FlagRow } from '#contracts/flagRows';
import { microseconds } from '#contracts/scalars';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { fromTheJournal, record } from '#test/projections/recorded';
import { dispatched, of, placed } from '#test/ledger/facts';
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
import type { ReadModel } from '../reading/readModel.ts';
import { applyEvents } from '../readModels.ts';
import { shipment, shipments } from '../shipments/queries.ts';
import { supply } from '../supply/queries.ts';
import { swap, swaps } from '../swaps/queries.ts';
import { units } from '../units/queries.ts';
import { schemaOfVersion } from '../versions/versions.ts';
import { askPast, type PastKind } from './askPast.ts';
import { flagPast, flagsPast } from './flagsPast.ts';
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
      askPast(scratch, asking, 'shipment', {
        ...{ id, asked: {} },
        read: (model, query): Promise<object | undefined> =>
          id === '' ? shipments(model, query) : shipment(model, id),
      });
    expect(await ask('S-1')).toMatchObject({ shipment: 'S-1', lines: [{ order: 'PO-1', advised: 7 }] });
    expect(await ask('')).toMatchObject({ data: [{ shipment: 'S-1' }], next: null });
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
                const answer = await askPast(scratch, { ...asking, party }, kind, { id: id ?? '', asked, read });
                expect([kind, id, party, answer]).toEqual([kind, id, party, expected]);
              }
            for (const party of PARTIES) {
              const expected = (await now((m) => flags({ ...m, party }, { limit: 1_000 }))) as Page<FlagRow>;
              const found = await walk((cursor) => flagsPast(scratch, { ...asking, party }, { cursor, limit: 7 }));
              expect([party, found]).toEqual([party, expected.data]);
              for (const row of expected.data.slice(0, 5))
                expect(await flagPast(scratch, { ...asking, party }, row.flag)).toEqual(row);
            }
            for (const party of PARTIES)
              for (const [kind, list, one, ...filters] of LISTS)
                for (const filter of [{}, ...filters]) {
                  const expected = (await now((model) => list({ ...model, party }, filter))) as Page<object>;
                  const ask = (asked: PageQuery, id = '') =>
                    askPast(scratch, { ...asking, party }, kind, {
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
  }, 120_000);
});
