import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'node:http';
import { readEvent } from '#journal/reader';
import { ADMIN, event, intakeDatabase, order, startWritingApp, type WritingApp } from '#test/intake/writingApp';

let app: WritingApp;
beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
});
afterAll(() => app.close());

const EVENTS = '/v1/ledgers/nvidia/events';
type Event = Record<string, unknown>;

/** The headers of an event in binary mode, and its data. */
const binary = ({ data, ...attributes }: Event) => ({
  headers: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)])),
  data,
});
const send = (sent: Event, headers: Record<string, string> = {}) => {
  const { headers: attributes, data } = binary(sent);
  return app.send('POST', EVENTS, data, { ...attributes, ...headers });
};
const stored = async (sequence: unknown) =>
  JSON.parse(String((await readEvent(app.pool, 'nvidia', Number(sequence)))?.bytes)) as Event;

describe('an event in binary mode', () => {
  it('an event in binary mode is the same event as in structured mode, in either order', async () => {
    const [one, two] = [order(), order()];
    const first = await send(one);
    expect(first.status).toBe(201);
    expect(await app.submit(one)).toMatchObject({ status: 200, body: first.body });
    expect((await app.submit({ ...two, datacontenttype: 'text/json' })).status).toBe(201);
    expect((await send(two)).status).toBe(200);
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'text/json', 'application/vnd.nvidia.v1+json;a=b'])(
    'the data may be of any JSON type: %s',
    async (type) => {
      expect((await send(order(), { 'content-type': type })).status).toBe(201);
    },
  );

  it('a header is decoded once, as the HTTP binding says: quotes around it, and what is percent-encoded', async () => {
    const cases = [
      ['Auftrag%20%C3%BC%20%F0%9F%9A%9A', 'Auftrag ü 🚚'],
      ['%2525', '%25'],
      ['50%', '50%'],
      ['"a \\"b\\" c"', 'a "b" c'],
    ] as const;
    for (const [header, id] of cases) {
      const answer = await send(order({ id: header }));
      expect([header, answer.status, answer.body.id]).toEqual([header, 201, id]);
    }
  });

  it('what CloudEvents knows is kept, and decides nothing: another trace, and it is the same event', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const sent = order({ traceparent, tracestate: 'a=b', dataschema: 'urn:x:y', comexampleextension: 'c' });
    const first = await send(sent);
    expect(first.status).toBe(201);
    expect(await stored(first.body.sequence)).toMatchObject({
      traceparent,
      tracestate: 'a=b',
      comexampleextension: 'c',
    });
    const other = { ...sent, traceparent: traceparent.replace('b7', 'c8') };
    expect([(await send(other)).status, (await app.submit(other)).status]).toEqual([200, 200]);
    expect((await send({ ...sent, time: '2023-12-02T00:00:00Z' })).status).toBe(409);
  });

  it('what is wrong with data is named by its pointer in the body, and what is wrong with a header by its name', async () => {
    const { type, ...rest } = event('lading.party.registered.v1', { party: ' a', name: 'A\0', roles: [] });
    const answer = await send({ ...rest, type, time: 'yesterday' });
    expect([answer.status, answer.body.code]).toEqual([400, 'malformed']);
    expect(answer.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual(['', '/name', '/party', '/roles']);
    expect(answer.body.errors?.find(({ pointer }) => pointer === '')?.detail).toMatch(/^ce-time: a moment/);
    const { id: _, ...without } = order();
    expect((await send(without)).body.detail).toBe('ce-id: missing');
    const { time: __, ...more } = without;
    expect((await send(more)).body.detail).toMatch(/^2 fields .* the first is ce-(id|time): missing$/);
    expect((await send(order({ id: '%ff' }))).body.detail).toMatch(/^the header ce-id has %ff, which is not/);
    expect((await send(order({ id: 'ü' }))).body.detail).toMatch(/^the header ce-id is not ASCII: percent-encode/);
    expect((await send(order({ actor: 'me' }))).body.detail).toMatch(/^ce-actor: not for a submitter to set/);
  });

  it('a header that is there twice is refused: nobody can say which was meant', async () => {
    const { headers, data } = binary(order());
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${app.base}${EVENTS}`, { method: 'POST' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject);
      for (const [name, value] of Object.entries(headers))
        sent.setHeader(name, name === 'ce-id' ? [value, 'b'] : value);
      sent.setHeader('content-type', 'application/json').setHeader('authorization', `Bearer ${ADMIN}`);
      sent.end(JSON.stringify(data));
    });
    expect(status).toBe(400);
  });

  it.each([
    ['without a content type', '', /binary mode without a Content-Type/],
    ['with data that is not JSON', 'application/xml', /data of the type application\/xml/],
    ['with lines', 'application/x-ndjson', /data of the type application\/x-ndjson/],
    ['in another charset', 'application/json; charset=latin1', /another charset/],
  ])('an event in binary mode %s is answered 415, and says what to send', async (_what, type, detail) => {
    const { headers, data } = binary(order());
    const answer = await app.send('POST', EVENTS, Buffer.from(JSON.stringify(data)), {
      ...headers,
      'content-type': type,
    });
    expect([answer.status, answer.body.accepted]).toEqual([415, ['application/json']]);
    expect(answer.body.detail).toMatch(detail);
  });

  it('JSON without an event’s headers is answered 415, and is told about them', async () => {
    for (const type of ['application/json', 'text/json']) {
      const answer = await app.send('POST', EVENTS, order(), { 'content-type': type });
      expect([answer.status, answer.body.detail]).toEqual([415, expect.stringMatching(/without the headers ce-id/)]);
    }
  });

  it('no body is no data', async () => {
    const { headers } = binary(order());
    const answer = await app.send('POST', EVENTS, undefined, { ...headers, 'content-type': 'application/json' });
    expect(answer.status).toBe(400);
  });
});
