import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEvent } from '#journal/reader';
import {
  type HttpAnswer,
  intakeDatabase,
  order,
  reassigned,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;
let head: number;
let tesla: Record<string, string>;
let x: Record<string, string>;

beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
  for (const [name, buyer] of [
    ['PO-T', 'tesla'],
    ['PO-X', 'x'],
  ] as const)
    await app.submit(order({}, { name, buyer, quantity: 1_000 }));
  tesla = await app.keyed({ name: 'tesla-desk', roles: ['swaps:write'], party: 'tesla' });
  x = await app.keyed({ name: 'x-desk', roles: ['swaps:write'], party: 'x' });
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const kept = async (sequence: number) =>
  JSON.parse(String((await readEvent(app.pool, 'nvidia', sequence))?.bytes)) as Record<string, unknown>;
const post = (
  path: string,
  body: unknown,
  key: string | undefined,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> =>
  app.send('POST', `/v1/ledgers/nvidia/${path}`, body, {
    ...(key !== undefined && { 'idempotency-key': key }),
    ...headers,
  });
const legs = [
  { from: 'tesla', to: 'x', order: 'PO-T', line: '1', quantity: 10 },
  { from: 'x', to: 'tesla', order: 'PO-X', line: '1', quantity: 10 },
];

describe('a reallocation over its plain route', () => {
  it('a reallocation over its plain route is one event, whose id is the idempotency key and whose source is the API key', async () => {
    const desk = await app.keyed({ name: 'desk', roles: ['reallocations:write'] });
    const before = Date.now();
    const answer = await post(
      'reallocations',
      { ...reassigned('tesla', 'x', 'PO-T', 5, 'RA-DESK'), note: 'as agreed' },
      'k-1',
      desk,
    );
    expect(answer).toMatchObject({ status: 201, body: { ledger: 'nvidia', sequence: head + 1, id: 'k-1' } });
    const event = await kept(head + 1);
    expect(event).toMatchObject({
      id: 'k-1',
      source: 'urn:lading:key:desk',
      actor: 'desk',
      type: 'lading.reallocation.made.v1',
      data: { reallocation: 'RA-DESK', note: 'as agreed' },
    });
    expect(Date.parse(String(event.time))).toBeGreaterThanOrEqual(before - 1);
  });

  it('a plain body without a time is answered the same when it is sent again later, with its key quoted or not: the time is not part of what was sent', async () => {
    const body = reassigned('tesla', 'x', 'PO-T', 5);
    const first = await post('reallocations', body, 'k-2');
    await sleep(20);
    for (const key of ['k-2', '"k-2"']) {
      const again = await post('reallocations', body, key);
      expect(again).toMatchObject({ status: 200, body: first.body });
      expect(again.headers.get('idempotent-replay')).toBe('true');
    }
    expect((await post('reallocations', { ...body, note: 'other' }, 'k-2')).status).toBe(409);
    expect((await post('reallocations', { ...body, time: '2023-12-02T00:00:00Z' }, 'k-2')).status).toBe(409);
    expect(await app.head()).toBe(head + 1);
  });

  it('a plain body may have a time, which is kept as it was sent', async () => {
    const body = { ...reassigned('tesla', 'x', 'PO-T', 5), time: '2023-12-02T10:00:00+01:00' };
    expect((await post('reallocations', body, 'k-3')).status).toBe(201);
    expect(await kept(head + 1)).toMatchObject({ time: '2023-12-02T10:00:00+01:00' });
  });

  it('the same idempotency key of two API keys names two events', async () => {
    const other = await app.keyed({ name: 'other-desk', roles: ['reallocations:write'] });
    expect((await post('reallocations', reassigned('tesla', 'x', 'PO-T', 5), 'k-4')).status).toBe(201);
    expect((await post('reallocations', reassigned('tesla', 'x', 'PO-T', 5), 'k-4', other)).status).toBe(201);
  });

  it('a plain request without an idempotency key, or with one that is malformed, is answered 400', async () => {
    const body = reassigned('tesla', 'x', 'PO-T', 5);
    expect(await post('reallocations', body, undefined)).toMatchObject({
      status: 400,
      body: { code: 'idempotency-key-missing' },
    });
    for (const key of ['', '""', 'two words', 'x'.repeat(201)])
      expect((await post('reallocations', body, key)).status).toBe(400);
    expect(await app.head()).toBe(head);
  });

  it('the answer to a bad plain body names every bad field by a pointer into the body that was sent', async () => {
    const answer = await post(
      'reallocations',
      { ...reassigned('tesla', '', 'PO-T', 0), time: 'noon', colour: 'red', moves: [] },
      'k-5',
    );
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } });
    expect(answer.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/colour',
      '/lines/0/quantity',
      '/moves',
      '/time',
      '/to',
    ]);
    for (const body of ['[]', '3', '"x"', 'null', '{', '{"kind":"reassigned","kind":"reassigned"}'])
      expect((await post('reallocations', body, 'k-5')).status).toBe(400);
    expect((await post('reallocations', '{}', 'k-5', { 'content-type': 'text/plain' })).status).toBe(415);
    expect(await app.head()).toBe(head);
  });

  it('a reallocation is answered 422 when the ledger rejects it, and 404 when there is no such ledger', async () => {
    expect(await post('reallocations', reassigned('tesla', 'x', 'PO-T', 5_000), 'k-6')).toMatchObject({
      status: 422,
      body: { code: 'insufficient-quantity', asked: 5_000 },
    });
    const answer = await app.send('POST', '/v1/ledgers/amd/reallocations', reassigned('tesla', 'x', 'PO-T', 5), {
      'idempotency-key': 'k-7',
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'unknown-ledger' } });
    expect(await app.head()).toBe(head);
  });
});

describe('a swap over its plain routes', () => {
  it('a swap is proposed, accepted and executed by its parties, each as the party of its key', async () => {
    expect(await post('swaps', { swap: 'SW-1', legs }, 'p-1', x)).toMatchObject({
      status: 201,
      body: { sequence: head + 1 },
    });
    expect(await post('swaps/SW-1/acceptance', { reason: 'agreed' }, 'a-1', tesla)).toMatchObject({ status: 201 });
    expect(await post('swaps/SW-1/execution', undefined, 'e-1', tesla)).toMatchObject({ status: 201 });
    expect(await kept(head + 1)).toMatchObject({ data: { swap: 'SW-1', by: 'x' }, actor: 'x-desk' });
    expect(await kept(head + 2)).toMatchObject({
      type: 'lading.swap.accepted.v1',
      data: { swap: 'SW-1', by: 'tesla', reason: 'agreed' },
    });
    expect(await kept(head + 3)).toMatchObject({
      type: 'lading.swap.executed.v1',
      data: { by: 'tesla', moves: [{}, {}] },
    });
    expect(await post('swaps/SW-1/execution', {}, 'e-1', tesla)).toMatchObject({
      status: 200,
      body: { sequence: head + 3 },
    });
  });

  it('a swap is rejected by a party, and another one is withdrawn by its proposer', async () => {
    await post('swaps', { swap: 'SW-2', legs }, 'p-2', x);
    expect(await post('swaps/SW-2/rejection', { reason: 'no' }, 'r-2', tesla)).toMatchObject({ status: 201 });
    await post('swaps', { swap: 'SW-3', legs }, 'p-3', x);
    expect(await post('swaps/SW-3/withdrawal', {}, 'w-3', x)).toMatchObject({ status: 201 });
    expect(await kept(head + 4)).toMatchObject({ type: 'lading.swap.withdrawn.v1', data: { swap: 'SW-3', by: 'x' } });
  });

  it('a swap in the name of another party than that of the key is answered 403, also over the events route', async () => {
    expect(await post('swaps', { swap: 'SW-4', by: 'tesla', legs }, 'p-4', x)).toMatchObject({
      status: 403,
      body: { code: 'forbidden', party: 'x', by: 'tesla' },
    });
    const accepted = {
      specversion: '1.0',
      id: 'a',
      source: 'urn:x',
      type: 'lading.swap.accepted.v1',
      time: '2023-12-01T00:00:00Z',
      data: { swap: 'SW-1', by: 'tesla' },
    };
    expect(await app.submit(accepted, x)).toMatchObject({ status: 403 });
    expect((await app.batch([accepted], '', x)).body).toMatchObject({ results: [{ status: 403 }] });
    expect(await app.head()).toBe(head);
  });

  it('a step of a swap must say who takes it when the key has no party', async () => {
    const answer = await post('swaps/SW-1/acceptance', {}, 'a-5');
    expect(answer.body.errors).toEqual([{ pointer: '/by', detail: 'missing' }]);
    expect(await post('swaps', { swap: 'SW-5', by: 'x', legs }, 'p-5')).toMatchObject({ status: 201 });
  });

  it('a step of a swap that does not exist is answered 404, because the path is wrong', async () => {
    for (const step of ['acceptance', 'rejection', 'withdrawal', 'execution']) {
      for (const swap of ['SW-99', 'no%20swap']) {
        expect(await post(`swaps/${swap}/${step}`, { by: 'x' }, `s-${step}`)).toMatchObject({
          status: 404,
          body: { code: 'unknown-swap' },
        });
      }
    }
    expect((await post('swaps/SW-1/cancellation', { by: 'x' }, 's')).status).toBe(404);
    expect(await app.head()).toBe(head);
  });

  it('a swap is named by the path, and a body that names it again is refused', async () => {
    const answer = await post('swaps/SW-1/acceptance', { swap: 'SW-1', by: 'x' }, 'a-6');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/swap' }] } });
  });

  it('a step of a swap is answered 412 when the swap has moved on since the version in If-Match', async () => {
    await post('swaps', { swap: 'SW-7', by: 'x', legs }, 'p-7');
    const seen = `"${head + 1}"`;
    await post('swaps/SW-7/rejection', { by: 'tesla' }, 'r-7', { 'if-match': seen });
    expect(await post('swaps/SW-7/withdrawal', { by: 'x' }, 'w-7', { 'if-match': seen })).toMatchObject({
      status: 412,
      body: { version: head + 2 },
    });
  });
});
