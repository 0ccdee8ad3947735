import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvent, streamVersion } from '#journal/reader';
import { event, intakeDatabase, order, reassigned, startWritingApp, type WritingApp } from '#test/intake/writingApp';

describe('a submitted event', () => {
  let app: WritingApp;

  beforeAll(async () => {
    app = await startWritingApp(await intakeDatabase());
    await app.open();
  });
  afterAll(() => app.close());

  it('a new event is answered 201 with its place, the next one in the ledger, and is kept as it was sent', async () => {
    const head = await app.head();
    const sent = order();
    const answer = await app.submit(sent);
    expect(answer).toMatchObject({ status: 201, body: { ledger: 'nvidia', sequence: head + 1, id: sent.id } });
    expect(answer.body.recordedtime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(Object.keys(answer.body).toSorted()).toEqual(['id', 'ledger', 'recordedtime', 'sequence']);
    expect(answer.headers.get('lading-sequence')).toBe(String(head + 1));
    expect(await app.head()).toBe(head + 1);
    const kept = JSON.parse(String((await readEvent(app.pool, 'nvidia', head + 1))?.bytes)) as Record<string, unknown>;
    expect(kept).toMatchObject({
      id: sent.id,
      source: 'urn:test',
      actor: 'admin',
      time: sent.time,
      data: sent.data,
    });
  });

  it('an event that is sent again is answered 200 with the same answer, marked as a replay, however its fields are ordered', async () => {
    const sent = order();
    const first = await app.submit(sent);
    const head = await app.head();
    for (const again of [sent, Object.fromEntries(Object.entries(sent).reverse())]) {
      const answer = await app.submit(again);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('idempotent-replay')).toBe('true');
      expect(answer.body).toEqual(first.body);
    }
    expect(first.headers.get('idempotent-replay')).toBeNull();
    expect(await app.head()).toBe(head);
  });

  it('an event with the id of another body is answered 409 with the sequence of the event that has it', async () => {
    const sent = order();
    const { body } = await app.submit(sent);
    const head = await app.head();
    const answer = await app.submit({ ...order(), id: sent.id });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'id-conflict', sequence: body.sequence, instance: '/v1/ledgers/nvidia/events' },
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect((await app.submit({ ...order(), id: sent.id, source: 'urn:other' })).status).toBe(201);
    expect(await app.head()).toBe(head + 1);
  });

  it('an event that the ledger rejects is answered 422 with a code and the facts to act on, and its id is free again', async () => {
    await app.submit(order({}, { name: 'PO-422', quantity: 10 }));
    const head = await app.head();
    const sent = event('lading.reallocation.made.v1', reassigned('tesla', 'x', 'PO-422', 11, 'RA-422'));
    const answer = await app.submit(sent);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        type: 'urn:lading:problem:insufficient-quantity',
        code: 'insufficient-quantity',
        title: 'Insufficient quantity',
        status: 422,
      },
    });
    expect(answer.body).toMatchObject({ order: 'PO-422', line: '1', asked: 11, available: 10 });
    expect(await app.head()).toBe(head);
    expect((await app.submit({ ...sent, data: reassigned('tesla', 'x', 'PO-422', 10, 'RA-422') })).status).toBe(201);
  });

  it('an event with If-Match is answered 412 when the stream of its subject has moved on, and taken when it has not', async () => {
    await app.submit(order({}, { name: 'PO-412', quantity: 10 }));
    const version = await streamVersion(app.pool, 'nvidia', 'order/PO-412');
    const change = (quantity: number) =>
      event('lading.order.line_changed.v1', { order: 'PO-412', line: '1', initiator: 'buyer', quantity });
    const taken = change(9);
    expect((await app.submit(taken, { 'if-match': `"${version}"` })).status).toBe(201);
    const moved = await streamVersion(app.pool, 'nvidia', 'order/PO-412');
    const head = await app.head();
    const behind = await app.submit(change(8), { 'if-match': `"${version}"` });
    expect(behind).toMatchObject({ status: 412, body: { code: 'stream-moved-on', version: moved } });
    expect(behind.headers.get('etag')).toBe(`"${moved}"`);
    expect((await app.submit(taken, { 'if-match': `"${version}"` })).status).toBe(200); // what was taken is answered again
    expect(await app.head()).toBe(head);
  });

  it.each(['17', 'W/"17"', '*', '"1", "2"', '"-1"', '"abc"', '"01"'])(
    'an event with If-Match: %s, which does not name one version, is answered 400',
    async (header) => {
      const head = await app.head();
      expect(await app.submit(order(), { 'if-match': header })).toMatchObject({
        status: 400,
        body: { code: 'malformed' },
      });
      expect(await app.head()).toBe(head);
    },
  );

  it('an event may have a charset of UTF-8 in its content type, and a byte order mark', async () => {
    const text = JSON.stringify(order());
    expect((await app.submit(text, { 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' })).status).toBe(
      201,
    );
    expect((await app.submit(`\ufeff${JSON.stringify(order())}`)).status).toBe(201);
  });

  it('an event that comes on 50 connections at once is answered the same on each', async () => {
    const sent = order();
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.submit(sent)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });
});
