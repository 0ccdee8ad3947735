import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type QueryService, startQuery } from '#test/setup/startQuery';

let door: QueryService;
beforeAll(async () => {
  door = await startQuery();
  for (const file of ['memo/1-up-to-the-memo', 'memo/2-the-memo']) await door.play(file);
});
afterAll(() => door.stop());

const L = '/v1/ledgers/nvidia';
const csv = (path: string) => door.get(path, { headers: { accept: 'text/csv' } });
const LISTS = [
  'holdings',
  'holdings/postings',
  'parties',
  'items',
  'orders',
  'shipments',
  'swaps',
  'flags',
  'activity',
  'activity/reasons',
  'events',
];

describe('lists as CSV', () => {
  it.each([
    '/v1/ledgers',
    '/v1/status',
    `${L}/items/H100/queue`,
    `${L}/items/H100/supply`,
    ...LISTS.map((list) => `${L}/${list}`),
  ])('%s has a line for each row of the JSON answer, page by page over Link', async (path) => {
    const { body } = await door.get(`${path}?limit=1000`);
    const lines: string[] = [];
    let next: string | undefined = `${path}?limit=2`;
    while (next !== undefined) {
      const { status, headers, bytes } = await csv(next);
      expect([next, status, headers.get('content-type')]).toEqual([
        next,
        200,
        'text/csv; charset=utf-8; header=present',
      ]);
      expect(headers.get('vary')).toBe('accept');
      const [header = '', ...rows] = bytes.toString().split('\r\n');
      expect(rows.pop()).toBe('');
      lines.push(...(lines.length === 0 ? [header] : []), ...rows);
      expect(header).toBe(lines[0]);
      next = /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    }
    expect(lines).toHaveLength(body.data.length + 1);
    expect(body.data.length).toBeGreaterThan(0);
  });

  it('holdings by group have the columns of the group, also when nothing is found', async () => {
    expect((await csv(`${L}/holdings?groupBy=item,owner&owner=x`)).bytes.toString()).toMatch(
      /^owner,item,quantity\r\nx,H100,\d+\r\n$/,
    );
    expect((await csv(`${L}/holdings?groupBy=item,owner&owner=nobody`)).bytes.toString()).toBe(
      'owner,item,quantity\r\n',
    );
  });

  it('an answer that is no list cannot be had as CSV, and an event can be had as JSON', async () => {
    expect((await csv(`${L}/orders/PO-X-1`)).status).toBe(406);
    const { status, headers, bytes } = await door.get(`${L}/events/2`, { headers: { accept: 'application/json' } });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(bytes).toEqual((await door.get(`${L}/events/2`)).bytes);
  });

  it('JSON pages lead on over Link, too', async () => {
    const { headers, body } = await door.get(`${L}/events?limit=3&type=lading.party.registered.v1`);
    expect(headers.get('link')).toBe(
      `<${L}/events?limit=3&type=lading.party.registered.v1&cursor=${String(body.next)}>; rel="next"`,
    );
  });

  it('a page with many rows says the same as short pages, as JSON does', async () => {
    let sequence = 0;
    for (let n = 0; n < 60; n++) {
      const data = { party: `customer-${n}`, name: `Customer "${n}"`, roles: ['customer' as const] };
      sequence = await door.submit('lading.party.registered.v1', data);
    }
    const list = `${L}/parties`;
    const { status, headers, body, bytes } = await door.get(`${list}?limit=1000&min-sequence=${sequence}`);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(body.data.length).toBeGreaterThan(50);
    expect(bytes.toString()).toBe(JSON.stringify(body));
    // Only the ids: what parties owe each other grows with the time between two questions.
    const idsOf = (page: typeof body) => page.data.map(({ party }) => party);
    const ids: unknown[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: { body: typeof body } = await door.get(`${list}?limit=20${next && `&cursor=${next}`}`);
      ids.push(...idsOf(page.body));
      expect(Object.keys(page.body)).toEqual(Object.keys(body));
      next = page.body.next;
    }
    expect(ids).toEqual(idsOf(body));
  });
});
