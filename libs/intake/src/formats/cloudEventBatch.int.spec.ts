import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '#contracts/problem';
import { readEvents } from '#journal/reader';
import { event, intakeDatabase, order, reassigned, startWritingApp, type WritingApp } from '#test/intake/writingApp';

let app: WritingApp;
let head: number;

beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const reallocated = (of: string, quantity: number) =>
  event('lading.reallocation.made.v1', reassigned('tesla', 'x', of, quantity));

describe('a batch', () => {
  it('a batch is answered 200 with a result for each event, in their order, and a refused event does not affect the others', async () => {
    const replayed = order();
    await app.submit(replayed);
    head++;
    const answer = await app.batch([
      order({}, { name: 'PO-B1', quantity: 5 }),
      reallocated('PO-B1', 6),
      { ...order(), time: 'yesterday' },
      replayed,
      { ...order(), id: replayed.id },
      reallocated('PO-B1', 5),
      null,
    ]);
    expect(answer.status).toBe(200);
    expect(answer.body.results).toEqual([
      { status: 201, sequence: head + 1 },
      {
        status: 422,
        problem: expect.objectContaining({ code: 'insufficient-quantity', asked: 6, available: 5 }) as unknown,
      },
      {
        status: 400,
        problem: expect.objectContaining({
          code: 'malformed',
          errors: [expect.objectContaining({ pointer: '/time' })],
        }) as unknown,
      },
      { status: 200, sequence: head },
      { status: 409, problem: expect.objectContaining({ code: 'id-conflict', sequence: head }) as unknown },
      { status: 201, sequence: head + 2 },
      { status: 400, problem: expect.objectContaining({ code: 'malformed' }) as unknown },
    ]);
    expect(await app.head()).toBe(head + 2);
  });

  it('a batch of 10,000 events keeps their order', async () => {
    const events = Array.from({ length: 10_000 }, (_, i) =>
      event('lading.party.registered.v1', { party: 'tesla', name: `Tesla ${i}`, roles: ['customer'] }),
    );
    const { status, body } = await app.batch(events);
    expect(status).toBe(200);
    expect((body.results as { sequence: number }[]).map(({ sequence }) => sequence)).toEqual(
      events.map((_, i) => head + 1 + i),
    );
  });

  it('a batch of 10,001 events is answered 413, and nothing of it is kept', async () => {
    const events = Array.from({ length: 10_001 }, () => order());
    expect(await app.batch(events)).toMatchObject({
      status: 413,
      body: { code: 'too-large', limit: 10_000, events: 10_001 },
    });
    expect(await app.head()).toBe(head);
  });

  it.each([
    ['an object', '{}'],
    ['broken off', '[{}, {'],
    ['an array with something that is not JSON in it', `[${JSON.stringify(order())}, nope]`],
    ['an array with a comma too many', `[${JSON.stringify(order())},]`],
    ['an array and more', '[] []'],
    ['an array with a name written twice', `[${JSON.stringify(order())}, {"a":1,"a":2}]`],
  ])('a batch that is %s is answered 400, and nothing of it is kept', async (_what, body) => {
    expect((await app.batch(body)).status).toBe(400);
    expect(await app.head()).toBe(head);
  });

  it('a batch in which everything is wrong is answered with ten field errors of an event and a hundred in all, and every event has its problem', async () => {
    const lines = Array.from({ length: 60 }, () => ({ line: 1, quantity: 'x', item: {} }));
    const events = Array.from({ length: 300 }, () => ({ ...order(), data: { lines, ['x'.repeat(2_000)]: 1 } }));
    const { status, body } = await app.batch(events);
    const results = body.results as { status: number; problem: Problem }[];
    expect([status, results.length]).toEqual([200, 300]);
    const listed = results.map(({ problem }) => problem.errors?.length ?? 0);
    expect([Math.max(...listed), listed.reduce((sum, one) => sum + one, 0)]).toEqual([10, 100]);
    expect(new Set(results.map(({ problem }) => problem.code))).toEqual(new Set(['malformed']));
    expect(results.at(-1)!.problem.detail).toMatch(/fields are not as they should be.*lists 100 field errors/s);
    expect(JSON.stringify(body).length).toBeLessThan(400_000);
    expect(await app.head()).toBe(head);
  });

  it('a batch of junk is answered 413 with the number of its elements, and none of them is parsed', async () => {
    const answer = await app.batch(`[${'{},'.repeat(4_500_000)}{}]`);
    expect(answer).toMatchObject({ status: 413, body: { code: 'too-large', limit: 10_000, events: 4_500_001 } });
  });

  it('an element that is larger than an event may be is refused alone, and so is one that has more values than an event has', async () => {
    const large = { ...order(), data: { note: 'x'.repeat(1_100_000) } };
    const values = { ...order(), data: Array.from({ length: 100_000 }, () => ({})) };
    expect(await app.batch([order(), large, values])).toMatchObject({
      status: 200,
      body: {
        results: [
          { status: 201 },
          { status: 413, problem: { code: 'too-large', limit: 1_048_576 } },
          { status: 422, problem: { code: 'event-too-large' } },
        ],
      },
    });
    expect(await app.batch([order(), large], '?atomic=true')).toMatchObject({
      status: 413,
      body: { code: 'too-large', index: 1 },
    });
    expect(await app.head()).toBe(head + 1);
  });

  it('an empty batch has no results', async () => {
    expect(await app.batch([])).toMatchObject({ status: 200, body: { results: [] } });
    expect(await app.batch([], '?atomic=true')).toMatchObject({ status: 201, body: { results: [] } });
  });

  it('a batch with If-Match is refused, because it has no one stream to match', async () => {
    expect((await app.batch([order()], '', { 'if-match': '"1"' })).status).toBe(400);
    expect(await app.head()).toBe(head);
  });
});

describe('an atomic batch', () => {
  it('an atomic batch is answered 201 when all of it is kept, each event decided on what those before it left, and each event says that it is part of the batch', async () => {
    const answer = await app.batch(
      [order({}, { name: 'PO-A1', quantity: 5 }), reallocated('PO-A1', 5)],
      '?atomic=true',
    );
    expect(answer).toMatchObject({
      status: 201,
      body: {
        results: [
          { status: 201, sequence: head + 1 },
          { status: 201, sequence: head + 2 },
        ],
      },
    });
    const kept = await readEvents(app.pool, 'nvidia', head, 10);
    expect(kept.map(({ bytes }) => JSON.parse(String(bytes)) as unknown)).toMatchObject([
      { batchindex: 0, batchsize: 2 },
      { batchindex: 1, batchsize: 2 },
    ]);
  });

  it('an atomic batch that is sent again is answered 200 with the same results, marked as a replay', async () => {
    const events = [order(), order()];
    const first = await app.batch(events, '?atomic=true');
    const again = await app.batch(events, '?atomic=true');
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replay')).toBe('true');
    const sequences = (body: Record<string, unknown>) =>
      (body.results as { sequence: number }[]).map(({ sequence }) => sequence);
    expect(sequences(again.body)).toEqual(sequences(first.body));
    expect(await app.head()).toBe(head + 2);
  });

  it('an atomic batch with a rejected event is answered 422 with the index of that event, and nothing of the batch is kept', async () => {
    const answer = await app.batch(
      [order({}, { name: 'PO-A2', quantity: 5 }), order(), reallocated('PO-A2', 6), order()],
      '?atomic=true',
    );
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'insufficient-quantity', index: 2, asked: 6, available: 5 },
    });
    expect(answer.body.detail).toMatch(/^event 2 of the batch: .*[^.]; nothing of the batch is kept$/);
    expect(await app.head()).toBe(head);
  });

  it('an atomic batch with a malformed event is answered 400 with its index and with pointers into the batch, and nothing of the batch is kept', async () => {
    const answer = await app.batch([order(), { ...order(), time: 'now' }], '?atomic=true');
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'malformed', index: 1, errors: [{ pointer: '/1/time' }] },
    });
    expect(await app.head()).toBe(head);
  });

  it('an atomic batch of which a part is in the ledger already is answered 409, and nothing more of it is kept', async () => {
    const there = order();
    await app.submit(there);
    const answer = await app.batch([order(), there], '?atomic=true');
    expect(answer).toMatchObject({ status: 409, body: { code: 'batch-partly-there', sequences: [head + 1] } });
    expect(await app.head()).toBe(head + 1);
  });

  it('an atomic batch of 1,001 events is answered 413', async () => {
    const events = Array.from({ length: 1_001 }, () => order());
    expect(await app.batch(events, '?atomic=true')).toMatchObject({ status: 413, body: { limit: 1_000 } });
    expect(await app.head()).toBe(head);
  });

  it('an atomic batch is asked for with atomic=true, and any other value but false is answered 400', async () => {
    expect((await app.batch([order()], '?atomic=yes')).status).toBe(400);
    expect(await app.head()).toBe(head);
    expect((await app.batch([order()], '?atomic=false')).status).toBe(200);
  });
});
