import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { parseEvent } from '#contracts/cloudEvent';
import { Id } from '#contracts/scalars';
import { expandRange, Serial } from '#contracts/serials';
import { readEvents } from '#journal/reader';
import { accountKey } from '#ledger/account';
import { Fold } from '#ledger/fold';
import { askLading } from '#test/cli/runLading';
import { type Told, december, tell } from '#test/ledger/facts';
import { type Lading, startLading } from '#test/setup/startLading';

const WORLDS = 4;

const TRICKY = [
  ...[
    'PO/2026/0007',
    'SO 1234',
    '№ 7',
    'WH/OUT/00042',
    'A  B',
    'a|b',
    '|',
    '||',
    '/',
    '//',
    '...',
    '../x',
    '.a',
    '%2F',
    '50%',
    '%',
  ],
  ...[
    '?a=b&c',
    '#1',
    '=1+1',
    '+1',
    '-1',
    '@a',
    "'=1",
    "''",
    '"',
    '\\',
    'a\\|b',
    ';',
    ',',
    '{}',
    '<b>',
    '$1',
    ':id',
    '*',
    'null',
    '0',
    '__proto__',
  ],
  ...['constructor', 'x'.repeat(128), '注'.repeat(128), '🚚'.repeat(128), '𝒜'.repeat(127) + '"', '|'.repeat(128)],
];
const scripts = [
  'ÄéßŁ',
  'ΑβγΩ',
  'ДжЯё',
  'אבג',
  'عربي',
  'कखग',
  'ก็ด',
  '한글',
  '漢字かな',
  '🚚𝒜',
  '٠١٢',
  'ạ̈q̣̇',
  '|/% "\\-_.:',
  '0129',
];
const drawn = fc
  .oneof(
    { weight: 1, arbitrary: fc.constantFrom(...TRICKY) },
    ...scripts.map((script) => ({
      weight: 1,
      arbitrary: fc.string({ unit: fc.constantFrom(...Array.from(script)), minLength: 1, maxLength: 20 }),
    })),
    { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }) },
  )
  .filter((id) => Id.safeParse(id).success);

/** The ids of one small world. Parties, items and so on have names of their own; an order, a shipment and a swap may share one. */
interface World {
  readonly parties: readonly string[];
  readonly items: readonly string[];
  readonly orders: readonly string[];
  readonly lines: readonly string[];
  readonly [once: string]: readonly string[];
  readonly serials: readonly string[];
}
const some = (length: number) => fc.uniqueArray(drawn, { minLength: length, maxLength: length });
const serialNumbers = fc.uniqueArray(
  fc.oneof(
    fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 })
      .filter((serial) => Serial.safeParse(serial).success),
    fc.constantFrom('...', '.x', '%2E%2E', 'a/b', 'SN 1', '|', '"', '\\', '007', '7', 'x'.repeat(128)),
  ),
  { minLength: 3 * WORLDS, maxLength: 3 * WORLDS },
);
const worlds = fc.record({
  ...{ parties: some(4 * WORLDS), items: some(2 * WORLDS), orders: some(2 * WORLDS), lines: some(2 * WORLDS) },
  ...{
    shipment: some(2 * WORLDS),
    swap: some(WORLDS),
    reallocation: some(WORLDS),
    return: some(WORLDS),
    serials: serialNumbers,
  },
}) as fc.Arbitrary<World>;

/** What happens in a world: an order for each item, the second with serial numbers, and something of every kind that has an id. */
function happenings(
  { parties, items, orders, lines, shipment, swap, reallocation, ...rest }: World,
  w: number,
): Told[] {
  const [maker, acme, bolt, haul] = parties.slice(4 * w) as [string, string, string, string];
  const [byCount, byNumber] = items.slice(2 * w) as [string, string];
  const [counted, numbered] = orders.slice(2 * w) as [string, string];
  const [line, other] = lines.slice(2 * w) as [string, string];
  const [sent, second] = shipment!.slice(2 * w) as [string, string];
  const at = (kind: World[string]) => kind[w]!;
  const serials = rest.serials.slice(3 * w, 3 * w + 3);
  const one = { order: counted, line };
  const unit = { order: numbered, line: other };
  return [
    ...[maker, acme, bolt, haul].map((party) => tell('party.registered', { party, name: 'P', roles: ['supplier'] })),
    tell('item.registered', { item: byCount, name: 'I', tracking: 'quantity' }),
    tell('item.registered', { item: byNumber, name: 'I', tracking: 'serial' }),
    ...[[counted, acme] as const, [numbered, bolt] as const].map(([order, buyer]) =>
      tell('order.placed', {
        ...{ order, buyer, supplier: maker },
        lines: [
          { line, item: byCount, quantity: 10, window: december },
          { line: other, item: byNumber, quantity: 6, window: december },
        ],
      }),
    ),
    tell('shipment.dispatched', { shipment: sent, consignee: acme, carrier: haul, lines: [{ ...one, quantity: 4 }] }),
    tell('shipment.dispatched', {
      ...{ shipment: second, consignee: bolt, carrier: haul },
      lines: [
        {
          ...unit,
          quantity: 6,
          serials: [...serials, { prefix: `${serials[0]}-`.slice(-9).trimStart(), from: 7, to: 9, digits: 3 }],
        },
      ],
    }),
    tell('shipment.received', { shipment: sent, by: bolt, lines: [{ ...one, received: 3 }] }),
    tell('shipment.received', {
      shipment: second,
      by: bolt,
      lines: [{ ...unit, received: 1, serials: [serials[0]!] }],
    }),
    tell('units.returned', { return: at(rest.return!), from: bolt, to: maker, lines: [{ ...one, quantity: 1 }] }),
    tell('reallocation.made', {
      ...{ reallocation: at(reallocation!), kind: 'reassigned', from: acme, to: bolt },
      lines: [{ ...one, quantity: 2 }],
    }),
    tell('swap.proposed', {
      ...{ swap: at(swap!), by: acme },
      legs: [
        { from: acme, to: bolt, ...one, quantity: 1 },
        { from: bolt, to: acme, order: numbered, line, quantity: 1 },
      ],
    }),
    tell('swap.accepted', { swap: at(swap!), by: bolt }),
    tell('swap.executed', { swap: at(swap!), by: acme }),
  ];
}

type Row = Readonly<Record<string, unknown>>;
interface Item {
  readonly status: number;
  readonly problem?: unknown;
}

describe('ids as other systems make them', () => {
  let lading: Lading;
  let head = 0;
  const L = '/v1/ledgers/ids';
  const [drawnWorld] = fc.sample(worlds, { numRuns: 1 }) as [World];
  // One world more, whose ids are as long as an id can be and hardly to compress: 512 bytes each, six of them in the key of an account.
  const longest = fc.sample(
    fc.string({
      unit: fc.integer({ min: 0x20000, max: 0x2a6df }).map((code) => String.fromCodePoint(code)),
      minLength: 128,
      maxLength: 128,
    }),
    { numRuns: 40 },
  );
  const world = Object.fromEntries(
    Object.entries(drawnWorld).map(([kind, ids]) => [
      kind,
      [...ids, ...(kind === 'serials' ? ['last 1', 'last 2', 'last 3'] : longest.splice(0, ids.length / WORLDS))],
    ]),
  ) as unknown as World;
  const path = encodeURIComponent;
  const asking = (search: Readonly<Record<string, string>>) =>
    new URLSearchParams({ ...search, 'min-sequence': String(head) }).toString();
  const rowsOf = (list: string, search: Readonly<Record<string, string>> = {}) =>
    lading.client.list<Row>(`${L}/${list}?${asking(search)}`);

  beforeAll(async () => {
    lading = await startLading();
    const opened = { type: 'application/json', body: JSON.stringify({ name: 'Ids', keeper: world.parties[0] }) };
    await lading.client.send('PUT', L, opened);
    const told = Array.from({ length: WORLDS + 1 }, (_, w) => happenings(world, w)).flat();
    const events = told.map(({ type, data }) => ({
      ...{ specversion: '1.0', id: randomUUID(), source: 'urn:test', type, time: '2024-01-02T00:00:00Z', data },
    }));
    const content = { type: 'application/cloudevents-batch+json', body: JSON.stringify(events) };
    const { results } = (await lading.client.send<{ results: Item[] }>('POST', `${L}/events`, content)).body;
    for (const [at, { status, problem }] of results.entries())
      expect([status, problem, events[at]?.data]).toEqual([201, undefined, events[at]?.data]);
    head = results.length + 1;
  });
  afterAll(() => lading.stop());

  const kinds: readonly (readonly [kind: string, list: string, name: string])[] = [
    ['parties', 'parties', 'party'],
    ['items', 'items', 'item'],
    ['orders', 'orders', 'order'],
    ['shipment', 'shipments', 'shipment'],
    ['swap', 'swaps', 'swap'],
    ['serials', 'units', 'serial'],
  ];

  it.each(kinds)('each of the %s is found under exactly its id in the path', async (kind, list, name) => {
    for (const id of world[kind]!) {
      const row = await lading.client.get<Row>(`${L}/${list}/${path(id)}?min-sequence=${head}`);
      expect(row[name]).toBe(id);
    }
    const queues = kind === 'items' ? world.items : [];
    for (const id of queues) expect((await rowsOf(`items/${path(id)}/queue`)).length).toBeGreaterThan(0);
  });

  it.each(kinds)('a list of %s has each of them, page after page of one row', async (kind, list, name) => {
    const found: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { data, next } = await lading.client.get<{ data: Row[]; next: string | null }>(
        `${L}/${list}?${asking({ limit: '1', ...(cursor !== '' && { cursor }) })}`,
      );
      found.push(...data.map((row) => row[name]));
      if (next === null) break;
      cursor = next;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining([...world[kind]!]));
  });

  it('filters find what has the id and nothing else, and holdings by every key are paged through', async () => {
    const holdings = await rowsOf('holdings');
    for (const key of ['owner', 'custodian', 'item', 'order', 'line', 'shipment']) {
      for (const value of new Set(holdings.map((row) => row[key]).filter((one) => typeof one === 'string')))
        expect(await rowsOf('holdings', { [key]: value })).toEqual(holdings.filter((row) => row[key] === value));
    }
    const groupBy = 'owner,custodian,item,order,line,stage,shipment';
    const grouped: Row[] = [];
    for (let cursor = ''; ; ) {
      const page = await lading.client.get<{ data: Row[]; next: string | null }>(
        `${L}/holdings?${asking({ groupBy, limit: '3', ...(cursor !== '' && { cursor }) })}`,
      );
      grouped.push(...page.data);
      if (page.next === null) break;
      cursor = page.next;
    }
    const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
    expect(sorted(grouped)).toEqual(sorted(holdings));
  });

  it('events are found by their subject and by what they changed, and each says what it is about as it is', async () => {
    const events = await rowsOf('events');
    for (const order of world.orders) {
      const own = events.filter(({ subject }) => subject === `order/${order}`);
      expect(own).toHaveLength(1);
      expect(await rowsOf('events', { subject: `order/${order}` })).toEqual(own);
      const changed = await rowsOf('events', { entity: `order/${order}` });
      expect(changed[0]).toEqual(own[0]);
      expect(changed.every(({ data }) => JSON.stringify(data).includes(JSON.stringify(order)))).toBe(true);
    }
    const [order] = world.orders;
    const { body } = await lading.client.request('GET', `${L}/events/stream?subject=${path(`order/${order}`)}`);
    let streamed = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      streamed += chunk;
      if (/^data: .*\n\n/m.test(streamed)) break;
    }
    expect(JSON.parse(/^data: (.*)$/m.exec(streamed)![1]!)).toEqual(
      events.find(({ subject }) => subject === `order/${order}`),
    );
    const activity = await rowsOf('activity');
    for (const party of world.parties)
      expect(await rowsOf('activity', { party })).toEqual(
        activity.filter(({ parties }) => (parties as string[]).includes(party)),
      );
    expect(new Set(activity.flatMap(({ items }) => items as string[]))).toEqual(new Set(world.items));
  });

  it('a replay of the bytes gives the accounts and units that the read models have', async () => {
    const fold = new Fold();
    for (const { bytes } of await readEvents(lading.pool, 'ids', 0, head)) fold.apply(parseEvent(bytes));
    const keyed = (rows: readonly Row[]) =>
      rows.map((row) => `${accountKey(row as never)} ${String(row.quantity)}`).sort();
    expect(keyed(await rowsOf('holdings', { accounts: 'all' }))).toEqual(keyed(fold.holdings() as never));
    const units = [...fold.units()].flatMap((range) =>
      expandRange(range).map((serial) => `${range.item} ${serial} ${range.account}`),
    );
    const rows = await rowsOf('units');
    expect(rows.map((row) => `${String(row.item)} ${String(row.serial)} ${accountKey(row as never)}`).sort()).toEqual(
      units.sort(),
    );
  });

  it('CSV has each id, and the apostrophe before what a spreadsheet would run is all that is added', async () => {
    const { text } = await lading.client.firstAsCsv(`${L}/parties?${asking({})}`, 1000);
    const cells = [...text.matchAll(/^(?:"((?:[^"]|"")*)"|([^",\r\n]*)),/gm)].map(([, quoted, plain]) =>
      quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
    );
    const read = cells.slice(1).map((cell) => (/^'+[=+\-@＝＋－＠]/.test(cell) ? cell.slice(1) : cell));
    expect(read.sort()).toEqual([...world.parties].sort());
  });

  it('the command line finds an order and its units by id, and prints the id as it is', async () => {
    const order = world.orders.find((id) => /[^\w-]/.test(id))!;
    const { code, output } = await askLading(['holdings', '-l', 'ids', '--order', order, '--json'], lading.environment);
    expect(code).toBe(0);
    const printed = JSON.parse(output) as Row[];
    expect(printed.length).toBeGreaterThan(0);
    expect(printed.every((row) => row.order === order)).toBe(true);
  });
});
