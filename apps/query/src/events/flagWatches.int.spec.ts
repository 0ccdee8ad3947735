import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { Signal } from '#platform/database/signal';
import { type EventStream, readEventStream } from '#test/setup/readEventStream';
import { ADMIN_KEY, LEDGER, type QueryService, startQuery } from '#test/setup/startQuery';
import type { Signals } from '../asking/signals.ts';
import { type FlagsFollowed, FlagWatches } from './flagWatches.ts';

const ROUTE = `/v1/ledgers/${LEDGER}/events/stream`;
const LONG_AGO = { from: '2020-01-01', to: '2020-01-31' };

let query: QueryService;
const open: EventStream[] = [];
beforeAll(async () => {
  query = await startQuery();
  for (const party of ['nvidia', 'amd', 'tesla', 'x'])
    await query.submit('lading.party.registered.v1', { party, name: party, roles: ['supplier', 'customer'] });
  await query.submit('lading.party.registered.v1', { party: 'dhl', name: 'DHL', roles: ['carrier'] });
  await query.submit('lading.item.registered.v1', { item: 'H100', name: 'H100', tracking: 'quantity' });
});
afterEach(() => {
  for (const each of open.splice(0)) each.hangUp();
});
afterAll(() => query.stop());

async function stream(search: string, key = ADMIN_KEY): Promise<EventStream> {
  const opened = await readEventStream(`${query.url}${ROUTE}${search}`, key);
  open.push(opened);
  return opened;
}
let orders = 0;
async function order(buyer: string, window = LONG_AGO, supplier = 'nvidia'): Promise<string> {
  const id = `PO:${++orders}`;
  const lines = [{ line: '1', item: 'H100', quantity: 10, window }];
  await query.submit('lading.order.placed.v1', { order: id, buyer, supplier, lines });
  return id;
}
/** Also waits until the read models have applied it. */
async function cancel(id: string): Promise<number> {
  const data = { order: id, line: '1', initiator: 'seller', reason: 'none left' } as const;
  const sequence = await query.submit('lading.order.line_cancelled.v1', data);
  await query.get(`/v1/ledgers/${LEDGER}/flags?min-sequence=${sequence}`);
  return sequence;
}
const told = ({ flags }: EventStream) => flags.map(({ change, flag }) => `${change} ${flag}`);
const late = (id: string, owner: string) => `overdue-line:${id.replace(':', '%3A')}:1:${owner}`;

describe('flags on the event stream', () => {
  it('are told when they are raised and when they are cleared, as rows of the list; those that were up before are not', async () => {
    const before = await order('tesla');
    while (!(await query.get(`/v1/ledgers/${LEDGER}/flags`)).body.data.length);
    const watched = await stream('?flags=true');
    const id = await order('tesla');
    await watched.untilFlags(1);
    const { body } = await query.get(`/v1/ledgers/${LEDGER}/flags`);
    const row = body.data.find(({ flag }) => flag === late(id, 'tesla'));
    expect(watched.flags).toEqual([{ change: 'raised', sequence: body.sequence, ...row }]);
    await cancel(id);
    await watched.untilFlags(2);
    await cancel(before);
    await watched.untilFlags(3);
    expect(told(watched)).toEqual([
      `raised ${late(id, 'tesla')}`,
      `cleared ${late(id, 'tesla')}`,
      `cleared ${late(before, 'tesla')}`,
    ]);
  });

  it('are told of what an event raised for ever, too, with the event', async () => {
    const id = await order('tesla', { from: '2999-01-01', to: '2999-01-31' });
    const watched = await stream('?flags=true&subject=nothing/of-this');
    const line = { order: id, line: '1' };
    await query.submit('lading.shipment.dispatched.v1', {
      ...{ shipment: 'S-1', consignee: 'tesla', carrier: 'dhl' },
      lines: [{ ...line, quantity: 10 }],
    });
    const lines = [{ ...line, received: 9, damaged: 1 }];
    const sequence = await query.submit('lading.shipment.received.v1', { shipment: 'S-1', by: 'tesla', lines });
    await watched.untilFlags(1);
    expect(watched.flags).toMatchObject([{ change: 'raised', flag: `receipt-discrepancy:${sequence}:1`, sequence }]);
    expect(watched.events).toEqual([]);
  });

  it('are told to a party’s key when they are its party’s, and to no stream that does not ask for them', async () => {
    const of = (party: string) => query.key({ name: party, roles: ['read'], party });
    const tesla = await stream('?flags=true', await of('tesla'));
    const amd = await stream('?flags=true', await of('amd'));
    const silent = await stream('');
    const ids = [await order('x'), await order('x', LONG_AGO, 'amd'), await order('tesla')];
    await Promise.all([tesla.untilFlags(1), amd.untilFlags(1)]);
    await cancel(ids[0]!);
    await cancel(ids[1]!);
    const last = await cancel(ids[2]!);
    await Promise.all([tesla.untilFlags(2), amd.untilFlags(2), silent.until(last)]);
    expect(told(tesla)).toEqual([`raised ${late(ids[2]!, 'tesla')}`, `cleared ${late(ids[2]!, 'tesla')}`]);
    expect(told(amd)).toEqual([`raised ${late(ids[1]!, 'x')}`, `cleared ${late(ids[1]!, 'x')}`]);
    expect(silent.flags).toEqual([]);
  });

  it('are refused to a key that may read events and not flags, also when it becomes one', async () => {
    const key = await query.key({ name: 'auditor', roles: ['audit'] });
    expect((await query.get(`${ROUTE}?flags=true`, { key })).body).toMatchObject({ status: 403, code: 'forbidden' });
    const reader = await stream(
      '?flags=true&after=1000000',
      await query.key({ name: 'reader', roles: ['read', 'audit'] }),
    );
    await query.pool.query(`UPDATE platform.api_keys SET roles = '{audit}' WHERE name = 'reader'`);
    await reader.ended;
    expect(reader).toMatchObject({ flags: [], problems: [{ status: 403, code: 'forbidden' }] });
  });
});

describe('the watch over the flags of a ledger', () => {
  /** Counts the looks, and the watches. Nothing is applied but when `applied` is set, and the clock shows what it is told. */
  function watches() {
    const applied = new Signal();
    const counts = { looks: 0, watching: 0 };
    const pool = {
      query: query.pool.query.bind(query.pool),
      connect: () => {
        counts.looks++;
        return query.pool.connect();
      },
    } as unknown as pg.Pool;
    const signals = {
      during: async (_: string, __: string, work: (signal: Signal) => Promise<void>) => {
        counts.watching++;
        await work(applied).finally(() => counts.watching--);
      },
    } as unknown as Signals;
    const clock = { now: new Date() };
    return { applied, counts, clock, flags: new FlagWatches(pool, signals, () => clock.now) };
  }
  const next = async (flags: FlagsFollowed) => {
    const given = await flags.messages(new AbortController().signal).next();
    return String(given.value);
  };

  it('is one for all streams that see the same, and ends with the last of them', async () => {
    const { applied, counts, flags } = watches();
    const all = await Promise.all(Array.from({ length: 20 }, () => flags.follow(LEDGER, undefined)));
    expect(counts.looks).toBeLessThan(3); // one, and one for what was applied meanwhile
    const first = all.map(next);
    const id = await order('x');
    const isTold = first[0]?.then(() => true);
    while (!(await Promise.race([isTold, setTimeout(5, false)]))) applied.set();
    const messages = await Promise.all(first);
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toContain(late(id, 'x'));
    for (const each of all.slice(1)) each.end();
    expect(counts.watching).toBe(1);
    all[0]?.end();
    while (counts.watching > 0) await setImmediate();
    await cancel(id);
  });

  it('tells of what is late as soon as the day is over, without an event, and looks at nothing before', async () => {
    const id = await order('tesla', { from: '2999-01-01', to: '2999-12-31' });
    const { counts, clock, flags } = watches();
    clock.now = new Date('2999-12-31T23:59:59.999Z');
    const followed = await flags.follow(LEDGER, 'tesla');
    const message = next(followed);
    // What was applied meanwhile is looked for once.
    while (counts.looks < 2) await setImmediate();
    for (let turns = 0; turns < 50; turns++) await setTimeout(2);
    expect(counts.looks).toBe(2);
    clock.now = new Date('3000-01-01T00:00:00Z');
    expect(await message).toContain(`"change":"raised","sequence":`);
    expect(await message).toContain(late(id, 'tesla'));
    followed.end();
    await cancel(id);
  });
});
