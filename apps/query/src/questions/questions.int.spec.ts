import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { ActivityRow, ReasonRow } from '#contracts/activityRows';
import { ExchangeHistoryRow, HoldingDiffRow, HoldingHistoryRow } from '#contracts/changeRows';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import { FlagRow } from '#contracts/flagRows';
import { LineageRow } from '#contracts/lineageRows';
import * as rows from '#contracts/rows';
import { SupplyRow } from '#contracts/supplyRows';
import { PartyTenureRow } from '#contracts/tenureRows';
import { requestHash } from '#intake/parseSubmission';
import type { Page } from '#projections/reading/page';
import { type QueryService, startQuery } from '#test/setup/startQuery';

/** The memo (apps/cli/src/scenarios/memo), asked after its second file: 12,000 went to X, both of X's lines to Tesla, X received. */
let query: QueryService;
let head: number;
/** What was answered after the first file. */
const before = new Map<string, { readonly sequence: number }>();
const L = '/v1/ledgers/nvidia';

beforeAll(async () => {
  query = await startQuery();
  await query.play('memo/1-up-to-the-memo');
  for (const route of [...lists.map(([list]) => list), ...things]) {
    // Before the memo's second file there is no swap.
    if (!route.startsWith('swaps/')) before.set(route, (await query.get(`${L}/${route}`)).body);
  }
  await query.play('memo/2-the-memo');
  head = Number(
    (await query.pool.query<{ sequence: string }>('SELECT sequence FROM journal.ledgers')).rows[0]?.sequence,
  );
});
afterAll(() => query.stop());

const lists: [route: string, row: z.ZodType][] = [
  ['holdings', rows.HoldingRow],
  ['holdings?accounts=all', rows.HoldingRow],
  ['holdings?groupBy=owner,item,stage', rows.HoldingGroupRow],
  ['holdings/postings', rows.PostingRow],
  ['holdings/diff?from-known=3', HoldingDiffRow],
  ['holdings/diff?from-at=2001-01-01&groupBy=owner,item,stage', HoldingDiffRow],
  ['holdings/history', HoldingHistoryRow],
  ['holdings/history?axis=known&by=month', HoldingHistoryRow],
  ['swaps/SW-1/history', ExchangeHistoryRow],
  ['swaps/SW-1/history?axis=known&by=week', ExchangeHistoryRow],
  ['holdings/lineage', LineageRow],
  ['holdings/lineage?accounts=all', LineageRow],
  ['parties', rows.PartyRow],
  ['items', rows.ItemRow],
  ['items/H100/queue', rows.QueueRow],
  ['items/H100/supply', SupplyRow],
  ['parties/x/tenure', PartyTenureRow],
  ['orders', rows.OrderRow],
  ['shipments', rows.ShipmentRow],
  ['swaps', rows.SwapRow],
  ['units', rows.UnitRow],
  ['flags', FlagRow],
  ['activity', ActivityRow],
  ['activity?every=3', ActivityRow],
  ['activity/reasons', ReasonRow],
];

const things = [
  ...[
    'orders/PO-TSLA-1',
    'orders/PO-X-1',
    'shipments/S-1',
    'parties/tesla',
    'parties/x',
    'items/H100',
    'orders?late=true',
  ],
  ...[
    'orders?buyer=tesla',
    'orders?party=x&limit=1',
    'shipments?owner=tesla',
    'available',
    'holds',
    'flags?rule=overdue-line',
  ],
];

const walkOf = (moment: unknown[]) => Buffer.from(JSON.stringify(moment)).toString('base64url');

/** Unit-days go on by themselves, from one request to the next. */
const timeless = (data: unknown): unknown =>
  JSON.parse(JSON.stringify(data, (key, value: unknown) => (key === 'unitDays' ? undefined : value)));

describe('every list', () => {
  it.each(lists)('%s answers rows of the contract, no field more, and says where it stands', async (route, row) => {
    const { status, headers, body } = await query.get(`${L}/${route}`);
    expect(status).toBe(200);
    expect(headers.get('lading-sequence')).toBe(String(head));
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ ledger: 'nvidia', sequence: head, next: null });
    expect(body.data.map((each) => row.parse(each))).toEqual(body.data);
    if (route !== 'units') expect(body.data).not.toHaveLength(0);
  });

  it.each(lists)('%s gives the same rows a page after the other as at once', async (route) => {
    const whole = await query.get(`${L}/${route}`);
    const paged: unknown[] = [];
    const search = route.includes('?') ? '&' : '?';
    for (let next: string | null = ''; next !== null; ) {
      const from: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const { status, body } = await query.get(`${L}/${route}${search}limit=1${from}`);
      expect(status).toBe(200);
      expect(body.data.length).toBeLessThanOrEqual(1);
      paged.push(...body.data);
      next = body.next;
    }
    expect(timeless(paged)).toEqual(timeless(whole.body.data));
  });

  it.each(lists)('%s refuses what it does not know, and cursors that somebody made up', async (route) => {
    const search = route.includes('?') ? '&' : '?';
    const madeUp = Buffer.from(JSON.stringify(['\u0000', 9e15, '\u0000', 1, 1, ''])).toString('base64url');
    for (const [parameter, pointer] of [
      ['surprise=1', '/surprise'],
      ['limit=0', '/limit'],
      ['limit=1&limit=2', '/limit'],
      ['cursor=abc', '/cursor'],
      [`cursor=${madeUp}`, '/cursor'],
      [`cursor=${walkOf([head - 1, 0, '', 0])}.${madeUp}`, '/cursor'],
      [`cursor=${walkOf([1e9, 0, '', 0])}.${madeUp}`, '/cursor'],
      [`cursor=${walkOf([head - 1, 0, 'then', 1])}.${madeUp}`, '/cursor'],
      [`cursor=${walkOf([head - 1, 9e15, '', 1])}.`, '/cursor'],
      [`cursor=${walkOf([head - 1, 0, '', 0, 'then', 1])}.${madeUp}`, '/cursor'],
      [`cursor=${walkOf([head - 1, 0, '', 0, '', 1e9])}.${madeUp}`, '/cursor'],
      [`cursor=${walkOf([head - 1, 0, '', 0, '', 'x'])}.${madeUp}`, '/cursor'],
    ]) {
      const { status, body } = await query.get(`${L}/${route}${search}${parameter ?? ''}`);
      expect({ parameter, status, pointers: body.errors.map((error) => error.pointer) }).toEqual({
        parameter,
        status: 400,
        pointers: [pointer],
      });
    }
  });

  it.each(lists)('%s of a ledger that nobody opened is not there', async (route) => {
    const { status, body } = await query.get(`/v1/ledgers/nobody/${route}`);
    expect(status).toBe(404);
    expect(body.code).toBe('unknown-ledger');
  });
});

describe('one of them', () => {
  it.each([
    ['parties/tesla', rows.PartyRow, 'party/tesla'],
    ['items/H100', rows.ItemRow, 'item/H100'],
    ['orders/PO-TSLA-1', rows.OrderRow, 'order/PO-TSLA-1'],
    ['shipments/S-1', rows.ShipmentRow, 'shipment/S-1'],
    ['swaps/SW-1', rows.SwapRow, 'swap/SW-1'],
  ] as const)('%s is a row of the contract, with the version of its stream as ETag', async (route, row, entity) => {
    const { status, headers, body } = await query.get<object>(`${L}/${route}`);
    expect(status).toBe(200);
    expect(row.parse(body)).toEqual(body);
    const { rows: versions } = await query.pool.query<{ max: string }>(
      'SELECT max(sequence) FROM journal.event_entities WHERE entity = $1',
      [entity],
    );
    expect(headers.get('etag')).toBe(`"${versions[0]?.max ?? ''}"`);
    expect(headers.get('lading-sequence')).toBe(String(head));
  });

  it('a flag is found by its id', async () => {
    const { body } = await query.get(`${L}/flags`);
    for (const flag of body.data) {
      const one = await query.get<object>(`${L}/flags/${encodeURIComponent(String(flag.flag))}`);
      expect(one.body).toEqual(flag);
      expect(one.headers.get('etag')).toBeNull();
    }
  });

  it.each([
    'parties/nobody',
    'items/nothing',
    'items/nothing/queue',
    'items/nothing/supply',
    'orders/none',
    'shipments/none',
    'swaps/none',
    'flags/none',
    'flags/related-party:999999:0',
    'units/none',
    'orders/%00',
    'orders/a%2Fb',
    'units/%00',
    'swaps/%F0%9F%9A%A2',
    'unheard-of',
  ])('there is no %s: 404', async (route) => {
    const { status, body } = await query.get(`${L}/${route}`);
    expect(status).toBe(404);
    expect(body.code).toBe('not-found');
  });
});

describe('holdings', () => {
  const grouped = async (search: string) => (await query.get(`${L}/holdings?${search}`)).body.data;

  it('the memo: X holds 12,000 and is promised none, Tesla is promised twice 6,000', async () => {
    expect(await grouped('item=H100&groupBy=owner,stage')).toEqual([
      { owner: 'tesla', stage: 'ordered', quantity: 12_000 },
      { owner: 'x', stage: 'held', quantity: 12_000 },
    ]);
    expect(await grouped('owner=tesla&stage=ordered&groupBy=order,line')).toEqual([
      { order: 'PO-X-1', line: '1', quantity: 6_000 },
      { order: 'PO-X-1', line: '2', quantity: 6_000 },
    ]);
  });

  it('over all accounts every item sums to zero', async () => {
    for (const { quantity } of await grouped('accounts=all&groupBy=item')) expect(quantity).toBe(0);
  });

  it('the postings of an account sum to its balance, and the last one says it', async () => {
    const [holding] = await grouped('owner=x&stage=held');
    const { body } = await query.get(`${L}/holdings/postings?owner=x&stage=held&item=H100`);
    const sum = body.data.reduce((total, { quantity }) => total + Number(quantity), 0);
    expect(sum).toBe(holding?.quantity);
    expect(body.data.at(-1)?.balance).toBe(sum);
  });

  it.each([
    ['groupBy=owner,owners', '/groupBy/1'],
    ['groupBy=', '/groupBy/0'],
    ['stage=gone', '/stage'],
    ['accounts=some', '/accounts'],
    ['owner=a%20', '/owner'],
    ['owner=Cafe%CC%81', '/owner'],
    ['order=a%E2%80%8Bb', '/order'],
    ['shipment=..', '/shipment'],
    ['owner=%00', '/owner'],
  ])('?%s is a 400 that names the parameter', async (search, pointer) => {
    const { status, body } = await query.get(`${L}/holdings?${search}`);
    expect(status).toBe(400);
    expect(body.errors.map((error) => error.pointer)).toEqual([pointer]);
  });
});

describe('what was answered once', () => {
  it('is answered again, to whoever asks for what was known then, whatever was told since', async () => {
    const known = before.get('orders')?.sequence ?? 0;
    for (const [route, then] of before) {
      const { status, body } = await query.get(`${L}/${route}${route.includes('?') ? '&' : '?'}known=${known}`);
      expect({ route, status }).toEqual({ route, status: 200 });
      const isList = 'data' in then;
      expect([route, timeless(body)]).toEqual([route, timeless(isList ? { ...then, known } : then)]);
    }
  });
});

describe('what is owed under a swap, as a series', () => {
  type Steps = { data: ExchangeHistoryRow[] };
  const owed = ({ data }: Steps) => data.map(({ balance }) => balance.map(({ units }) => units));

  it.each(['', '&by=day', '&by=month'])('is at each moment what the swap says at that moment%s', async (by) => {
    const { body, headers } = await query.get<Steps>(
      `${L}/swaps/SW-1/history?at=2024-02-15&known=${head}${by}&limit=1000`,
    );
    expect(headers.get('cache-control')).toContain('immutable');
    expect(body.data.length).toBeGreaterThan(0);
    for (const { moment, balance } of body.data) {
      const then = await query.get<{ balance: unknown }>(`${L}/swaps/SW-1?at=${moment}&known=${head}`);
      expect([moment, balance]).toEqual([moment, then.body.balance]);
    }
    // While something is owed, unit-days go on, up to the moment that is asked about.
    const isOwed = owed(body)
      .at(-1)
      ?.some((units) => units !== 0);
    if (by !== '' && isOwed === true) expect(body.data.at(-1)?.moment).toBe('2024-02-15T23:59:59.999999Z');
  });

  it('is along what was known what the swap says as of each event', async () => {
    const { body } = await query.get<Steps>(`${L}/swaps/SW-1/history?axis=known&at=2024-02-15`);
    expect(body.data.length).toBeGreaterThan(0);
    for (const { sequence, balance } of body.data) {
      const then = await query.get<{ balance: unknown }>(`${L}/swaps/SW-1?at=2024-02-15&known=${String(sequence)}`);
      expect([sequence, balance]).toEqual([sequence, then.body.balance]);
    }
  });

  it('is of a swap that is there, and takes no account', async () => {
    expect((await query.get(`${L}/swaps/SW-9/history`)).status).toBe(404);
    expect((await query.get(`${L}/swaps/SW-1/history?at=2001-01-01`)).status).toBe(404);
    expect((await query.get(`${L}/swaps/SW-1/history?owner=x`)).body.errors).toMatchObject([{ pointer: '/owner' }]);
  });
});

describe('where units came from', () => {
  const waysOf = async (search: string, options?: { key: string }): Promise<LineageRow[]> => {
    const { body } = await query.get<{ data: LineageRow[] }>(`${L}/holdings/lineage?${search}`, options);
    return body.data;
  };
  const saidOf = ({ branches }: LineageRow) =>
    branches.map(({ quantity, steps }) => [
      quantity,
      ...steps.map(({ id, by, order, line }) => `${id} by ${String(by)} of ${order}/${line}`),
    ]);

  it("X's 12,000 come from Tesla's order over the swap, and Tesla's from X's: the swap says on whose authority and evidence", async () => {
    const held = await waysOf('owner=x&stage=held');
    expect(held.map(saidOf)).toEqual([
      [
        [
          12_000,
          'order-tesla by tesla of PO-TSLA-1/1',
          'dispatch-s-1 by nvidia of PO-TSLA-1/1',
          'swap-executed by nvidia of PO-TSLA-1/1',
          'receipt-s-1 by x of PO-TSLA-1/1',
        ],
      ],
    ]);
    expect(held[0]?.branches[0]?.steps.map(({ agreement }) => agreement)).toEqual([
      null,
      null,
      {
        ...{ swap: 'SW-1', reallocation: null, by: 'x', accepted: ['tesla', 'x'], authorisedBy: 'elon-musk' },
        ...{ reason: "H100 for X's cluster before Tesla's", reasonCode: 'priority' },
        evidence: [{ kind: 'memo', uri: 'urn:lading:evidence:supplier-memo-2023-12' }],
      },
      null,
    ]);
    const promised = await waysOf('owner=tesla&stage=ordered');
    expect(promised.flatMap(saidOf)).toEqual(
      ['1', '2'].map((line) => [6_000, `order-x by x of PO-X-1/${line}`, `swap-executed by nvidia of PO-X-1/${line}`]),
    );
  });

  it('where units came from is answered as of any moment: only by what had occurred and was known then', async () => {
    const before = await waysOf('order=PO-TSLA-1&at=2023-12-18');
    expect(before.map(({ owner, stage }) => [owner, stage])).toEqual([['tesla', 'in_transit']]);
    expect(before.map(saidOf)).toEqual([
      [[12_000, 'order-tesla by tesla of PO-TSLA-1/1', 'dispatch-s-1 by nvidia of PO-TSLA-1/1']],
    ]);
    const unknown = await waysOf(`order=PO-TSLA-1&at=2023-12-31&known=${head - 1}`);
    expect(unknown.map(({ owner, stage, branches }) => [owner, stage, branches[0]?.steps.length])).toEqual([
      ['x', 'in_transit', 3],
    ]);
  });

  it("a party's key is not told of events that do not concern it: only that something is left out", async () => {
    const key = await query.key({ name: 'x-reads', roles: ['read'], party: 'x' });
    const [held] = await waysOf('owner=x&stage=held', { key });
    expect(saidOf(held!)).toEqual([
      [12_000, 'swap-executed by nvidia of PO-TSLA-1/1', 'receipt-s-1 by x of PO-TSLA-1/1'],
    ]);
    expect(held?.branches[0]?.withheld).toBe(true);
    expect(await waysOf('owner=tesla', { key })).toEqual([]);
    const dhl = await query.key({ name: 'dhl-reads', roles: ['read'], party: 'dhl' });
    expect(JSON.stringify(await waysOf('accounts=all', { key: dhl }))).not.toContain('elon-musk');
  });
});

describe('the moment of a question', () => {
  const list = `${L}/activity`;

  it('an answer says which moment it is for, resolved; with both bounds it never changes, and says so', async () => {
    const { body, headers } = await query.get(`${list}?at=2023-12-31&known=5&limit=2`);
    expect(body).toMatchObject({ sequence: 5, known: 5, at: '2023-12-31T23:59:59.999999Z' });
    expect(body.data.map(({ sequence }) => sequence)).toEqual([5, 4]);
    expect(headers.get('lading-sequence')).toBe('5');
    expect(headers.get('lading-known')).toBe('5');
    expect(headers.get('lading-at')).toBe('2023-12-31T23:59:59.999999Z');
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(headers.get('vary')).toBe('accept, authorization');
    expect((await query.get(`${list}?known=5`)).headers.get('cache-control')).toBe('no-store');
    expect((await query.get(`${L}/events?known=5&at=2023-12-31`)).body).toMatchObject({ sequence: 5, known: 5 });
  });

  it('what is not there yet, or is refused, may be there later: no cache keeps that answer', async () => {
    for (const [route, expected] of [
      ['orders/PO-LATER', 404],
      ['orders/PO-LATER?at=2023-12-31&known=5', 404],
      ['activity?known=1000000', 400],
    ] as const) {
      const { status, headers } = await query.get(`${L}/${route}`);
      expect([route, status, headers.get('cache-control')]).toEqual([route, expected, 'no-store']);
    }
  });

  it('a recorded moment is the last sequence recorded by then, and stays it', async () => {
    const { rows } = await query.pool.query<{ sequence: string; recorded: string; before: string }>(
      `SELECT sequence, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded,
         to_char((recorded - interval '1 microsecond') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS before
       FROM journal.events ORDER BY sequence`,
    );
    for (const { sequence, recorded, before } of rows) {
      const last = rows.filter((row) => row.recorded === recorded).at(-1);
      expect((await query.get(`${list}?known=${recorded}`)).body.sequence).toBe(Number(last?.sequence));
      if (rows.every((row) => row.recorded !== before))
        expect((await query.get(`${list}?known=${before}`)).body.sequence).toBe(
          Number(rows.find((row) => row.recorded === recorded)?.sequence ?? sequence) - 1,
        );
    }
    expect((await query.get(`${list}?known=2001-01-01`)).body).toMatchObject({ sequence: 0, data: [] });
    // The ledger's lock is held: what is under way may have got its moment already.
    const writer = await query.pool.connect();
    await writer.query('BEGIN; SELECT FROM journal.ledgers FOR UPDATE');
    const asked = query.get(`${list}?known=${new Date(Date.now() - 1).toISOString()}`);
    await writer.query('ROLLBACK');
    writer.release();
    expect((await asked).body.sequence).toBe(head);
  });

  it.each([
    ['at=2023-12-31T10:00:00', 'at', /offset, too: 2023-12-31T10:00:00Z, or a day/],
    ['at=2023-12-31T10:00', 'at', /offset, too: 2023-12-31T10:00:00Z, or a day/],
    ['at=2023-12-31T10:00Z', 'at', /seconds .*: 2023-12-31T10:00:00Z, or a day/],
    ['at=2023-12-31T10:00:00%2B02', 'at', /offset: 2023-12-31T10:00:00\+02:00, or a day/],
    ['at=2023-12-31T10:00-0330', 'at', /offset: 2023-12-31T10:00:00-03:30, or a day/],
    ['at=2023-12-31T24:00:00', 'at', /hours end at 23/],
    ['at=2023-02-30', 'at', /calendar has no day 2023-02-30/],
    ['at=2023-02-30T10:00:00Z', 'at', /calendar has no day/],
    ['at=2023-12-31T10:00:00+02:00', 'at', /%2B: 2023-12-31T10:00:00%2B02:00/],
    ['at=yesterday', 'at', /RFC 3339/],
    ['at=1899-12-31', 'at', /years 1900 to 9999.*1900-01-01 or later/],
    ['at=2016-12-31T23:59:60Z', 'at', /seconds at 59/],
    ['at=2023-12-31T10:00:00%2B23:59', 'at', /offsets at 15:59/],
    ['known=-1', 'known', /a sequence, like 17; or a moment/],
    ['at=', 'at', /RFC 3339/],
    ['known=1000000', 'known', /write at most \d+/],
    ['known=1.5', 'known', /RFC 3339/],
    ['known=99999999999999999999', 'known', /no ledger has that many events/],
    ['known=2023-12-31T10:00', 'known', /offset, too: 2023-12-31T10:00:00Z/],
    ['known=2200-01-01', 'known', /write a moment that is over/],
    ['known=3&min-sequence=4', 'min-sequence', /leave it out/],
  ])('%s is refused with what to write instead', async (search, parameter, why) => {
    for (const route of ['activity', 'events']) {
      const { status, body } = await query.get(`${L}/${route}?${search}`);
      expect([status, body.errors.map(({ pointer }) => pointer)]).toEqual([400, [`/${parameter}`]]);
      expect(body.errors[0]?.detail).toMatch(why);
    }
  });

  it('a cursor keeps its moment: no page has what came after the first, and another moment is refused', async () => {
    for (const route of ['activity', 'events']) {
      const first = await query.get(`${L}/${route}?limit=3&at=2023-12-31`);
      const last = await query.submit('lading.party.registered.v1', { party: route, name: 'New', roles: ['customer'] });
      await query.get(`${list}?min-sequence=${last}`);
      const rest = await query.get(`${L}/${route}?cursor=${String(first.body.next)}`);
      expect(rest.body).toMatchObject({ sequence: first.body.sequence, at: '2023-12-31T23:59:59.999999Z' });
      expect(rest.body.data.length).toBe(
        (await query.get(`${L}/${route}?at=2023-12-31&known=${first.body.sequence}`)).body.data.length - 3,
      );
      for (const bound of ['at=2023-12-30', `known=3`]) {
        const { status, body } = await query.get(`${L}/${route}?${bound}&cursor=${String(first.body.next)}`);
        expect([bound, status, body.detail]).toEqual([bound, 400, expect.stringMatching(/another moment/)]);
      }
      head = last;
    }
  });

  it.each([
    ['holdings/diff?from-at=2023-12-31T10:00:00', 'from-at', /offset/],
    ['holdings/diff?from-at=2023-02-30', 'from-at', /calendar has no day 2023-02-30/],
    ['holdings/diff?from-known=1000000', 'from-known', /write at most \d+/],
    ['holdings/diff?from-known=1.5', 'from-known', /RFC 3339/],
    ['holdings/diff?from-known=2200-01-01', 'from-known', /write a moment that is over/],
    ['holdings/history?from-at=yesterday', 'from-at', /RFC 3339/],
    ['holdings/history?from-at=2023-12-31T10:00:00+01:00', 'from-at', /%2B/],
    ['holdings/history?axis=known&from-known=1000000', 'from-known', /write at most \d+/],
    ['holdings/history?axis=known&from-known=007', 'from-known', /whole number/],
    ['holdings/history?axis=known&from-known=2200-01-01', 'from-known', /write a moment that is over/],
    ['holdings/history?from-known=3', 'from-known', /along axis=at a series begins at "from-at": write that/],
    ['holdings/history?axis=known&from-at=2023-12-01', 'from-at', /along axis=known .* "from-known": write that/],
    ['swaps/SW-1/history?from-at=2023-12-01', 'from-at', /unknown parameter/],
    ['swaps/SW-1/history?axis=known&from-known=3', 'from-known', /unknown parameter/],
    ['holdings?from-at=2023-12-01', 'from-at', /unknown parameter/],
  ])('%s is refused with what to write instead', async (route, parameter, why) => {
    const { status, body } = await query.get(`${L}/${route}`);
    expect([status, body.errors.map(({ pointer }) => pointer)]).toEqual([400, [`/${parameter}`]]);
    expect(body.errors[0]?.detail).toMatch(why);
  });

  it('a cursor keeps the moment that a change begins at, too, and another one is refused', async () => {
    for (const [route, from, others] of [
      ['holdings/diff', 'from-known=5', ['from-known=6', 'from-at=2023-12-01']],
      ['holdings/diff', 'from-known=2001-01-01', ['from-known=1']],
      ['holdings/diff', 'from-at=2023-12-01', ['from-at=2023-12-02', 'from-known=5']],
      ['holdings/history', 'owner=x&stage=ordered&from-at=2023-06-01', ['from-at=2023-12-02']],
    ] as const) {
      const [filter = ''] = from.split('from-');
      const whole = await query.get(`${L}/${route}?${from}`);
      const first = await query.get(`${L}/${route}?${from}&limit=1`);
      const rest = await query.get(`${L}/${route}?${filter}cursor=${String(first.body.next)}`);
      expect([from, rest.status, rest.body.data]).toEqual([from, 200, whole.body.data.slice(1)]);
      expect(rest.body.data.length).toBeGreaterThan(0);
      for (const other of others) {
        const { status, body } = await query.get(`${L}/${route}?${filter}${other}&cursor=${String(first.body.next)}`);
        expect([other, status, body.detail]).toEqual([
          other,
          400,
          expect.stringMatching(/^from-\w+: .*another moment/),
        ]);
      }
    }
  });

  it('a change says at which moments it begins and ends, resolved, on every page', async () => {
    const day = '2023-12-31T23:59:59.999999Z';
    for (const [route, begins] of [
      ['holdings/diff?from-at=2023-12-31', { 'from-at': day }],
      ['holdings/diff?from-known=5', { 'from-known': 5 }],
      ['holdings/diff?from-known=2001-01-01&from-at=2023-12-31', { 'from-at': day, 'from-known': 0 }],
      ['holdings/diff?from-known=5&known=7', { 'from-known': 5, known: 7 }],
      ['holdings/history?from-at=2023-12-31&at=2100-01-01', { 'from-at': day, at: '2100-01-01T23:59:59.999999Z' }],
    ] as const) {
      const first = await query.get(`${L}/${route}&limit=1`);
      const pages = [
        first,
        ...(first.body.next === null ? [] : [await query.get(`${L}/${route.split('?')[0]}?cursor=${first.body.next}`)]),
      ];
      for (const { body, headers } of pages) {
        const { ledger: _, sequence: __, data: ___, next: ____, ...said } = body;
        expect([route, said]).toEqual([route, begins]);
        const named = ['from-at', 'from-known', 'at', 'known'].flatMap((name) => {
          const value = headers.get(`lading-${name}`);
          return value === null ? [] : [[name, name.endsWith('known') ? Number(value) : value]];
        });
        expect([route, Object.fromEntries(named)]).toEqual([route, begins]);
      }
    }
  });

  it('a cursor keeps what was asked for: with another filter, or in another list, it is refused', async () => {
    for (const [asked, others] of [
      ['activity?type=lading.order.placed.v1', ['activity', 'activity?type=lading.party.registered.v1']],
      ['events?type=lading.party.registered.v1', ['events', 'events?source=urn:nvidia:erp']],
      ['holdings', ['holdings?owner=x', 'holdings?groupBy=owner', 'holdings?accounts=all']],
      ['holdings?groupBy=owner,item', ['holdings?groupBy=item', 'holdings?groupBy=owner,item&item=H100']],
      [
        'holdings/diff?from-known=5&groupBy=owner',
        ['holdings/diff?from-known=5&groupBy=item', 'holdings/diff?groupBy=owner&stage=held'],
      ],
      ['orders', ['orders?buyer=x', 'parties']],
      ['items/H100/queue', ['items/H100/queue?owner=x', 'items/nothing/queue']],
    ] as const) {
      const { body } = await query.get(`${L}/${asked}${asked.includes('?') ? '&' : '?'}limit=1`);
      expect([asked, typeof body.next]).toEqual([asked, 'string']);
      const next = `cursor=${String(body.next)}`;
      const after = `${asked}${asked.includes('?') ? '&' : '?'}${next}`;
      expect([after, (await query.get(`${L}/${after}&limit=7`)).status]).toEqual([after, 200]);
      for (const other of others) {
        const { status, body } = await query.get(`${L}/${other}${other.includes('?') ? '&' : '?'}${next}`);
        expect([other, status, body.errors]).toEqual([
          other,
          400,
          [
            {
              pointer: '/cursor',
              detail: expect.stringMatching(/another question: .* or begin again without the cursor/),
            },
          ],
        ]);
      }
    }
  });

  it('a cursor of one ledger is refused in another, which it would pass over rows of', async () => {
    const event: SubmittedEvent = {
      ...{ id: 'p', source: 'urn:test', type: 'lading.party.registered.v1', time: '2023-12-01T09:00:00Z' },
      data: { party: 'nvidia', name: 'Nvidia', roles: ['supplier'] },
    };
    await query.journal.open('other', { name: 'Other', keeper: 'nvidia' }, 'admin');
    await query.journal.submit('other', { event, hash: requestHash(event), actor: 'tests' });
    for (const route of ['activity', 'events']) {
      const { body } = await query.get(`${L}/${route}?known=2&limit=1`);
      expect([route, typeof body.next]).toEqual([route, 'string']);
      const other = await query.get(`/v1/ledgers/other/${route}?min-sequence=2&known=2&cursor=${String(body.next)}`);
      expect([route, other.status, other.body.errors.map(({ pointer }) => pointer)]).toEqual([route, 400, ['/cursor']]);
    }
  });

  it('why things happened is counted as of then, too', async () => {
    const all = await query.get(`${L}/activity/reasons`);
    expect((await query.get(`${L}/activity/reasons?known=${head}&at=2100-01-01`)).body.data).toEqual(all.body.data);
    expect((await query.get(`${L}/activity/reasons?known=1`)).body.data).toEqual([]);
  });
});

describe('what is late, and of whom', () => {
  const ids = async (route: string, key: string) => (await query.get(`${L}/${route}`)).body.data.map((row) => row[key]);

  it('orders and shipments are found by a party in any role, by what is late and by their eta', async () => {
    expect(await ids('orders?party=tesla&late=true', 'order')).toEqual(['PO-X-1']);
    expect(await ids('orders?party=tesla&late=false', 'order')).toEqual(['PO-TSLA-1']);
    expect(await ids('orders?late=true&party=dhl', 'order')).toEqual([]);
    expect(await ids('shipments?party=nvidia&eta=2023-12-01/..', 'shipment')).toEqual(['S-1']);
    expect(await ids('shipments?eta=../2023-12-01', 'shipment')).toEqual([]);
    expect(await ids('shipments?late=true', 'shipment')).toEqual([]);
    expect(new Set(await ids('flags?rule=overdue-line', 'rule'))).toEqual(new Set(['overdue-line']));
  });

  it('activity is only of some events, or of what occurred on some days, page by page, also beside other filters', async () => {
    const walk = async (filter: string): Promise<number[]> => {
      const found: number[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await query.get<Page<ActivityRow>>(
          `${L}/activity?limit=2&${filter}${cursor && `&cursor=${cursor}`}`,
        );
        found.push(...body.data.map(({ sequence }) => sequence));
        if (body.next === null) return found;
        cursor = body.next;
      }
    };
    const all = (await query.get<Page<ActivityRow>>(`${L}/activity?limit=1000`)).body.data;
    const those = (is: (row: ActivityRow) => boolean) => all.filter(is).map(({ sequence }) => sequence);
    const dayOf = ({ occurred }: ActivityRow) => occurred.slice(0, 10);
    const isOfX = ({ parties }: ActivityRow) => parties.includes('x');
    const december = (row: ActivityRow) => dayOf(row) >= '2023-12-01' && dayOf(row) <= '2023-12-31';
    expect(those(december).length).toBeGreaterThan(3);
    expect(await walk('occurred=2023-12-01/2023-12-31')).toEqual(those(december));
    expect(await walk('occurred=2023-12-01/..&party=x')).toEqual(
      those((row) => dayOf(row) >= '2023-12-01' && isOfX(row)),
    );
    const [first = 0, second = 0, third = 0] = those(isOfX);
    expect(await walk(`sequence=${third},${first},${second},999999`)).toEqual([first, second, third]);
    expect(await walk(`sequence=${first},${third}&at=2023-12-31&known=${third}`)).toEqual(
      those((row) => row.sequence === third && dayOf(row) <= '2023-12-31'),
    );
    expect(await walk('occurred=1999-01-01')).toEqual([]);
  });

  it.each([
    ['orders?late=yes', '/late'],
    ['orders?late=', '/late'],
    ['shipments?eta=soon', '/eta'],
    ['shipments?eta=..', '/eta'],
    ['shipments?eta=2023-02-30', '/eta'],
    ['shipments?eta=2023-12-31/2023-12-01', '/eta'],
    ['activity?source=a%20b', '/source'],
    ['activity?sequence=0', '/sequence'],
    ['activity?sequence=1,', '/sequence'],
    [`activity?sequence=${Array<number>(201).fill(1).join()}`, '/sequence'],
    ['activity?occurred=soon', '/occurred'],
    ['activity?occurred=2023-12-31/2023-12-01', '/occurred'],
    ['activity?reasonCode=because', '/reasonCode'],
    ['activity/reasons?reasonCode=', '/reasonCode'],
  ])('%s is a 400 that names the parameter', async (route, pointer) => {
    const { status, body } = await query.get(`${L}/${route}`);
    expect(status).toBe(400);
    expect(body.errors.map((error) => error.pointer)).toContain(pointer);
  });
});

describe('reading your own writes', () => {
  it('?min-sequence= answers when the read models have the write', async () => {
    const sequence = await query.submit('lading.party.registered.v1', {
      party: 'late',
      name: 'Late',
      roles: ['customer'],
    });
    const { status, headers, body } = await query.get(`${L}/parties/late?min-sequence=${sequence}`);
    expect(status).toBe(200);
    expect(Number(headers.get('lading-sequence'))).toBeGreaterThanOrEqual(sequence);
    expect(body).toMatchObject({ party: 'late' });
    head = sequence;
  });

  it('?min-sequence= of a write that does not come is a 503 after its patience, with Retry-After', async () => {
    const started = Date.now();
    const { status, headers, body } = await query.get(`${L}/holdings?min-sequence=1000000`);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(body.code).toBe('unavailable');
    expect(Date.now() - started).toBeGreaterThan(4_500);
  });
});
