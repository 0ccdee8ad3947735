import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEventStream } from '#test/setup/readEventStream';
import { rivals } from '#test/ledger/entitled';
import { cast, dispatched, january, of, proposed, received, tell, type Told } from '#test/ledger/facts';
import { type QueryService, startQuery } from '#test/setup/startQuery';

const amds = { ...of('PO-A', '1'), owner: 'xai' };
/** What else happens between amd and its customers, so that there is something of theirs on every route. */
const more: readonly Told[] = [
  tell('party.registered', { party: 'zed', name: 'Zed', roles: ['customer'], controlledBy: ['xai'] }),
  tell('item.registered', { item: 'TILE', name: 'A tile', maker: 'amd', tracking: 'serial' }),
  tell('order.placed', {
    order: 'PO-Z',
    buyer: 'zed',
    supplier: 'amd',
    lines: [
      { line: '1', item: 'MI300', quantity: 5, window: january },
      { line: '2', item: 'H100', quantity: 7, window: january },
      { line: '3', item: 'TILE', quantity: 2, window: january, serials: ['ZZ-1', 'ZZ-2'] },
    ],
  }),
  tell('order.placed', {
    order: 'PO-T',
    buyer: 'tesla',
    supplier: 'nvidia',
    lines: [{ line: '1', item: 'D1', quantity: 2, window: january, serials: ['TT-1', 'TT-2'] }],
  }),
  dispatched('S-B', [{ ...amds, quantity: 3 }], { consignee: 'xai', carrier: 'ups' }),
  received('S-B', 'xai', [{ ...amds, received: 1, damaged: 1 }], true),
  received('S-2', 'tesla', [{ ...of('PO-1', '1', 'tesla'), received: 1, damaged: 1 }], true),
  dispatched('S-C', [{ ...amds, quantity: 3 }], { consignee: 'xai', carrier: 'ups', eta: '2024-01-10' }),
  dispatched('S-3', [{ ...of('PO-1', '1', 'tesla'), quantity: 1 }], { eta: '2024-01-10' }),
  proposed('SW-A', 'xai', [
    { from: 'xai', to: 'zed', ...of('PO-A', '1'), quantity: 1 },
    { from: 'zed', to: 'xai', ...of('PO-Z', '1'), quantity: 1 },
  ]),
  ...['H100', 'MI300'].map((item) =>
    tell('supply.committed', { supplier: 'amd', item, period: january, quantity: 3, document: `PO-A ${item}` }),
  ),
  tell('supply.committed', { supplier: 'nvidia', item: 'H100', period: january, quantity: 3 }),
  tell('order.confirmed', { order: 'PO-A', lines: [{ line: '1', code: 'changed', quantity: 90 }], note: 'xai' }),
  tell('order.confirmed', { order: 'PO-1', lines: [{ line: '1', code: 'accepted' }], note: 'tesla' }),
  tell('swap.accepted', { swap: 'SW-A', by: 'zed' }),
  tell('swap.executed', { swap: 'SW-A', by: 'amd' }),
];

/** Two worlds in one ledger, which have nothing to do with each other: who is in each, and what it is known by. */
const worlds = {
  nvidias: {
    parties: ['nvidia', 'tesla', 'x', 'dhl'],
    // not `nvidia`, which the ledger is called, too
    names: /\b(tesla|x|dhl|PO-[12T]|S-[123]|SW-[123]|D1|TT-\d|H-T)\b/,
  },
  amds: {
    parties: ['amd', 'xai', 'zed', 'ups'],
    names: /\b(amd|xai|zed|ups|PO-[AZ]|S-[ABC]|SW-A|MI300|TILE|ZZ-\d|H-A)\b/,
  },
};
/** One of each world, and in each role: CSV is made of the same rows. */
const readsCsv = new Set(['tesla', 'dhl', 'amd', 'zed']);
const everybody = [...worlds.nvidias.parties, ...worlds.amds.parties];
const foreignTo = (party: string) => (worlds.nvidias.parties.includes(party) ? worlds.amds : worlds.nvidias).names;

const L = '/v1/ledgers/nvidia';
const LISTS = [
  ...[
    'holdings',
    'holdings?accounts=all',
    'holdings?groupBy=item',
    'holdings?groupBy=item,order',
    'holdings?order=PO-A',
  ],
  ...['holdings?owner=xai', 'holdings?order=PO-1', 'holdings/postings', 'holdings/postings?accounts=all'],
  ...[
    'holdings/postings?owner=xai',
    'holdings/postings?owner=tesla',
    'holdings/lineage',
    'holdings/lineage?accounts=all',
    'holdings/lineage?serial=TT-1',
    'holdings/lineage?serial=ZZ-1',
    'parties',
    'items',
    'items/H100/queue',
    'items/H100/supply',
    'orders',
  ],
  ...['holds', 'holds?order=PO-A', 'available', 'available?item=H100'],
  ...['orders?owner=xai', 'orders?item=H100', 'shipments', 'shipments?order=PO-1', 'swaps', 'units', 'units?item=TILE'],
  ...[
    'flags',
    'flags?rule=overdue-leg',
    'activity',
    'activity?party=xai',
    'activity?every=5',
    'activity?occurred=2023-01-01/..',
    'activity/reasons',
    'events',
    'events?entity=order/PO-1',
  ],
  ...['events?subject=order/PO-A', 'events?type=lading.order.placed.v1'],
];
/** What has an id, and whose it is. */
const ONES: readonly (readonly [path: string, parties: readonly string[]])[] = [
  ['orders/PO-1', ['nvidia', 'tesla']],
  ['orders/PO-2', ['nvidia', 'x']],
  ['orders/PO-A', ['amd', 'xai']],
  ['shipments/S-1', ['nvidia', 'tesla', 'dhl']],
  ['shipments/S-B', ['amd', 'xai', 'ups']],
  ['swaps/SW-1', ['nvidia', 'tesla', 'x']],
  ['swaps/SW-A', ['amd', 'xai', 'zed']],
  ['swaps/SW-1/history', ['nvidia', 'tesla', 'x']],
  ['swaps/SW-A/history?axis=known', ['amd', 'xai', 'zed']],
  ['units/TT-1', ['nvidia', 'tesla']],
  ['units/ZZ-1', ['amd', 'zed']],
  ['units/D1/TT-1/history', ['nvidia', 'tesla']],
  ['units/TILE/ZZ-1/history', ['amd', 'zed']],
  ['parties/tesla/tenure', ['tesla']],
  ['parties/zed/tenure', ['zed']],
  ['holds/H-T', ['tesla']],
  ['holds/H-A', ['xai']],
  ['items/TILE', ['amd', 'zed']],
  ['items/MI300', ['amd', 'xai', 'zed', 'ups']],
  ['parties/tesla', ['tesla']],
  ['parties/xai', ['xai']],
];

let query: QueryService;
let keys: ReadonlyMap<string, string>;
let head: number;

beforeAll(async () => {
  query = await startQuery();
  for (const { type, data } of [...cast.slice(1), ...rivals, ...more]) head = await query.submit(type, data);
  keys = new Map(
    await Promise.all(
      everybody.map(
        async (party) => [party, await query.key({ name: `of-${party}`, roles: ['read'], party })] as const,
      ),
    ),
  );
  while ((await query.get(`${L}/items?min-sequence=${head}`)).status !== 200) await sleep(50);
});
afterAll(() => query.stop());

const ask = (party: string, path: string, headers: Record<string, string> = {}) =>
  query.get(`${L}/${path}`, { key: keys.get(party)!, headers });
const text = ({ bytes }: { bytes: Buffer }) => bytes.toString();

describe('a key that speaks for a party reads', () => {
  it.each(LISTS)('in %s nothing of others, on any page, nor in CSV', async (path) => {
    for (const party of everybody) {
      const pages: string[] = [];
      for (let cursor = ''; ; ) {
        const answer = await ask(party, `${path}${path.includes('?') ? '&' : '?'}limit=8${cursor}`);
        // Who has nothing to do with an item has no queue to look at.
        if (answer.status === 404 && /^items\/H100\/(queue|supply)/.test(path)) break;
        expect([party, answer.status]).toEqual([party, 200]);
        pages.push(text(answer));
        if (answer.body.next === null) break;
        cursor = `&cursor=${answer.body.next}`;
      }
      if (readsCsv.has(party)) pages.push(text(await ask(party, path, { accept: 'text/csv' })));
      // What the question itself names is in no row, so the path does not count.
      const found = pages.map((page) => foreignTo(party).exec(page)?.[0]).filter((name) => name !== undefined);
      expect([party, found]).toEqual([party, []]);
    }
  });

  it.each(['holdings', 'holdings/postings', 'items', 'parties', 'orders', 'events', 'activity'])(
    'in %s what is its own',
    async (path) => {
      for (const party of ['nvidia', 'tesla', 'amd', 'xai', 'zed', 'x']) {
        const { body } = await ask(party, path);
        expect([party, path, body.data.length > 0]).toEqual([party, path, true]);
      }
    },
  );

  it.each(ONES)('%s only as one of %j: for others it is not there', async (path, parties) => {
    for (const party of everybody) {
      const { status, body } = await ask(party, path);
      expect([party, status]).toEqual([party, parties.includes(party) ? 200 : 404]);
      // The answer says of it nothing but what was asked for.
      if (status === 404)
        expect(Object.keys(body).toSorted()).toEqual(
          ['code', 'detail', 'instance', 'ledger', 'status', 'title', 'type'].filter((name) => name in body),
        );
    }
  });

  it('events by their sequence exactly as in the list, and the stream sends the same', async () => {
    for (const party of ['x', 'ups']) {
      const { body } = await ask(party, 'events?limit=1000');
      const own = body.data.map(({ sequence }) => Number(sequence));
      for (let sequence = 1; sequence <= head; sequence++) {
        const { status } = await ask(party, `events/${sequence}`);
        expect([party, sequence, status]).toEqual([party, sequence, own.includes(sequence) ? 200 : 404]);
      }
      expect((await ask(party, 'activity?limit=1000')).body.data.map(({ sequence }) => sequence).toReversed()).toEqual(
        own,
      );
      const named = Array.from({ length: Math.min(head, 200) }, (_, n) => n + 1);
      const told = (await ask(party, `activity?limit=1000&sequence=${named.join()}`)).body.data;
      expect(told.map(({ sequence }) => sequence).toReversed()).toEqual(
        own.filter((sequence) => sequence <= named.length),
      );
      const stream = await readEventStream(`${query.url}${L}/events/stream`, keys.get(party)!);
      const sent = (await stream.until(own.length)).map(({ id }) => id);
      stream.hangUp();
      expect(sent).toEqual(own);
    }
  });

  it.each(['overdue-line', 'overdue-shipment'])(
    'the %s flags of what it sells, buys, owns, carries or is to get, and of nothing else',
    async (rule) => {
      const all = (await query.get(`${L}/flags?limit=1000&rule=${rule}`)).body.data;
      expect(all.length).toBeGreaterThan(1);
      for (const party of everybody) {
        const own = all.filter(({ parties }) => (parties as string[]).includes(party)).map(({ flag }) => flag);
        expect([party, (await ask(party, `flags?rule=${rule}`)).body.data.map(({ flag }) => flag)]).toEqual([
          party,
          own,
        ]);
        for (const { flag } of all) {
          const { status } = await ask(party, `flags/${encodeURIComponent(String(flag))}`);
          expect([party, flag, status]).toEqual([party, flag, own.includes(flag) ? 200 : 404]);
        }
      }
    },
  );

  it('counts of its own units alone: of an item, of its place in a queue, and of a shipment that others have units on', async () => {
    const ofItem = async (party: string) => (await ask(party, 'items/H100')).body as unknown as { holdings: object };
    expect((await ofItem('zed')).holdings).toEqual({ ordered: 7, in_transit: 0, held: 0, damaged: 0 });
    const places = (await ask('x', 'items/H100/queue')).body.data;
    expect(places.map(({ position, owner }) => [position, owner])).toEqual([[1, 'x']]);
    const { lines } = (await ask('x', 'orders/PO-2')).body as unknown as { lines: unknown[] };
    expect(lines).toHaveLength(1);
    expect((await ask('x', 'holdings')).body.data).toEqual(
      (await query.get(`${L}/holdings?limit=1000`)).body.data.filter(
        ({ owner, custodian }) => owner === 'x' || custodian === 'x',
      ),
    );
  });
});

describe('everything is read by', () => {
  it.each([
    ['an admin', { roles: ['read', 'admin'] as const, party: 'x' }],
    ['an auditor', { roles: ['read', 'audit'] as const, party: 'x' }],
    ['a key that speaks for nobody', { roles: ['read'] as const }],
  ])('%s', async (name, rest) => {
    const key = await query.key({ name: name.replaceAll(' ', '-'), ...rest, roles: [...rest.roles] });
    for (const path of LISTS) {
      expect((await query.get(`${L}/${path}`, { key })).body).toEqual((await query.get(`${L}/${path}`)).body);
    }
  });
});
