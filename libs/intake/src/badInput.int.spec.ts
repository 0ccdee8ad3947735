import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_LINES } from '#contracts/bounded';
import {
  type HttpAnswer,
  event,
  intakeDatabase,
  order,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;
let head: number;

beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase(), { services: ['shipments'] });
  await app.open();
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const pointers = ({ body }: HttpAnswer): string[] | undefined => body.errors?.map(({ pointer }) => pointer);
const quantity = (value: unknown) => {
  const sent = order();
  (sent.data as { lines: { quantity: unknown }[] }).lines[0]!.quantity = value;
  return sent;
};
const text = (sent: unknown) => JSON.stringify(sent);

describe('bad input', () => {
  afterEach(async () => {
    expect(await app.head()).toBe(head);
    const { rows } = await app.pool.query('SELECT count(*)::int AS events FROM journal.events');
    expect(rows).toEqual([{ events: head }]);
  });

  it.each([
    ['nothing at all', ''],
    ['blanks', '  \n'],
    ['words', 'hello'],
    ['half an event', text(order()).slice(0, -5)],
    ['two events', text(order()) + text(order())],
    ['a trailing comma', text(order()).replace(/\}$/, ',}')],
    ['NaN', text(quantity(0)).replace('"quantity":0', '"quantity":NaN')],
  ])('a body that is %s is answered 400 as not JSON, and nothing is kept', async (_what, body) => {
    expect(await app.submit(body)).toMatchObject({ status: 400, body: { code: 'not-json' } });
  });

  it('bytes that are not UTF-8 are answered 400, and nothing is kept', async () => {
    const bytes = Buffer.from(text(order({ id: 'X' })));
    bytes[bytes.indexOf('X')] = 0xff;
    expect(await app.submit(bytes)).toMatchObject({ status: 400, body: { code: 'not-json' } });
    expect((await app.batch(Buffer.concat([Buffer.from('['), bytes, Buffer.from(']')]))).status).toBe(400);
  });

  it.each([
    'application/json',
    'text/plain',
    'application/xml',
    'application/cloudevents+json; charset=latin1',
    'application/cloudevents+xml',
    '',
  ])('the content type "%s" is answered 415 with the types that are taken, and nothing is kept', async (type) => {
    const answer = await app.submit(text(order()), { 'content-type': type });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } });
    expect(answer.body.accepted).toEqual([
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/x-ndjson',
    ]);
    expect(answer.headers.get('accept')).toContain('application/cloudevents+json');
  });

  it('a compressed body is answered 415, and nothing is kept', async () => {
    expect((await app.submit(text(order()), { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('an unknown event type is answered 400 with the types that may have been meant, and nothing is kept', async () => {
    const answer = await app.submit(order({ type: 'lading.order.place.v1' }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'unknown-type', similar: ['lading.order.placed.v1'] } });
  });

  it('an event type that another service takes is answered 400 with that service, and nothing is kept', async () => {
    const answer = await app.submit(event('lading.swap.accepted.v1', { swap: 'SW-1', by: 'tesla' }));
    expect(answer).toMatchObject({ status: 400, body: { code: 'type-not-served-here', service: 'swaps' } });
  });

  it('an event type that only the ledger writes is answered 400, and nothing is kept', async () => {
    expect((await app.submit(event('lading.ledger.opened.v1', { name: 'n', keeper: 'nvidia' }))).status).toBe(400);
  });

  it('an unknown ledger is answered 404, whatever the content type, and nothing is kept', async () => {
    for (const ledger of ['amd', 'NVIDIA', '%20', 'a'.repeat(500)]) {
      expect(await app.submit(order(), {}, ledger)).toMatchObject({ status: 404, body: { code: 'unknown-ledger' } });
    }
    expect((await app.submit([order()], { 'content-type': 'application/cloudevents-batch+json' }, 'amd')).status).toBe(
      404,
    );
    expect((await app.submit(text(order()), { 'content-type': 'application/x-ndjson' }, 'amd')).status).toBe(404);
  });

  it('missing, wrong and unknown fields are answered 400, each named by its pointer, and nothing is kept', async () => {
    const answer = await app.submit({
      specversion: '1.0',
      source: 'urn:test',
      type: 'lading.order.placed.v1',
      time: '2023-12-01',
      sequence: 4,
      data: {
        order: 'PO',
        buyer: ' blanks at the ends ',
        lines: [{ line: 1, item: 'H100', quantity: 1, window: { from: '2023-12-01' } }],
        colour: 'red',
      },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } });
    expect(pointers(answer)?.toSorted()).toEqual(
      [
        '/data/buyer',
        '/data/colour',
        '/data/lines/0/line',
        '/data/lines/0/window/to',
        '/data/supplier',
        '/id',
        '/sequence',
        '/time',
      ].toSorted(),
    );
  });

  it.each([0, -1, 1.5, 2 ** 31, 1e300, '100', null, true, [], {}])(
    'the quantity %j is answered 400 with its pointer, and nothing is kept',
    async (value) => {
      const answer = await app.submit(quantity(value));
      expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } });
      expect(pointers(answer)).toEqual(['/data/lines/0/quantity']);
    },
  );

  it('a time without an offset is answered 400 with its pointer, a time far in the future 422, and nothing is kept', async () => {
    expect(pointers(await app.submit(order({ time: '2023-12-01T10:00:00' })))).toEqual(['/time']);
    const answer = await app.submit(order({ time: '2123-12-01T10:00:00Z' }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'occurred-in-future' } });
  });

  it('a subject that contradicts the data is answered 400 with its pointer, and nothing is kept', async () => {
    expect(pointers(await app.submit(order({ subject: 'order/another' })))).toEqual(['/subject']);
  });

  it('an event over 65,535 bytes, as sent or as completed, is answered 422, and nothing is kept', async () => {
    const large = (name: string) => ({
      order: 'PO-LARGE',
      buyer: 'tesla',
      supplier: 'nvidia',
      lines: Array.from({ length: MAX_LINES }, (_, i) => ({
        line: `${name}${i}`,
        item: 'H100',
        quantity: 1,
        window: { from: '2023-12-01', to: '2023-12-31' },
      })),
    });
    const asSent = (name: string) => event('lading.order.placed.v1', large(name));
    expect(Buffer.byteLength(text(asSent('x'.repeat(120))))).toBeLessThan(65_535);
    expect(Buffer.byteLength(text(asSent('№'.repeat(120))))).toBeGreaterThan(65_535);
    for (const name of ['x'.repeat(120), '№'.repeat(120)]) {
      expect(await app.submit(asSent(name))).toMatchObject({
        status: 422,
        body: { code: 'event-too-large', limit: 65_535 },
      });
    }
    // How many of its lines fit is said of both, and is so.
    const sendFirst = (lines: number) => {
      const data = large('№'.repeat(120));
      return app.submit({ ...asSent(''), id: `first-${lines}`, data: { ...data, lines: data.lines.slice(0, lines) } });
    };
    const { fits } = (await sendFirst(MAX_LINES)).body as unknown as { fits: number };
    expect(fits).toBeGreaterThan(50);
    expect((await sendFirst(fits + 1)).body).toMatchObject({ code: 'event-too-large', fits });
  });

  it('a body over the limit is answered 413, however its length is announced, and its sender can read the answer', async () => {
    for (const size of [1_100_000, 20_000_000]) {
      const large = text({ ...order(), data: { note: 'x'.repeat(size) } });
      expect(await app.submit(large)).toMatchObject({ status: 413, body: { code: 'too-large' } });
    }
    expect((await app.batch(`[${' '.repeat(20_000_000)}]`)).status).toBe(413);
    const chunked = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(1_000_000).fill(32));
        controller.close();
      },
    });
    const response = await fetch(`${app.base}/v1/ledgers/nvidia/events`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6',
        'content-type': 'application/cloudevents+json',
      },
      body: chunked,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it('__proto__ and constructor keys are answered 400 with their pointers, and change nothing', async () => {
    const polluting = text(order()).replace(
      '"order":',
      '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"order":',
    );
    expect(pointers(await app.submit(polluting))?.toSorted()).toEqual(['/data/__proto__', '/data/constructor']);
    expect((await app.submit('{"__proto__":{"type":"lading.order.placed.v1"}}')).status).toBe(400);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('a field that is written twice is answered 400 with its pointer, and nothing is kept', async () => {
    const twice = text(order()).replace('"buyer":"tesla"', '"buyer":"tesla","buyer":"x"');
    expect(pointers(await app.submit(twice))).toEqual(['/data/buyer']);
  });

  it('half a surrogate pair is answered 400 with its pointer, and nothing is kept', async () => {
    const sent = text(order()).replace('"supplier":', '"note":"\\ud83d","supplier":');
    expect(pointers(await app.submit(sent))).toEqual(['/data/note']);
  });

  it('deep nesting is answered 400, and nothing is kept', async () => {
    for (const depth of [40, 100_000]) {
      const deep = text(order()).replace('"supplier":', `"note":${'['.repeat(depth)}${']'.repeat(depth)},"supplier":`);
      expect(await app.submit(deep)).toMatchObject({ status: 400, body: { code: 'malformed' } });
    }
    expect((await app.batch('['.repeat(100_000))).status).toBe(400);
  });

  it('a request with another method is answered 405, and nothing is kept', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      expect(
        (
          await app.send(method, '/v1/ledgers/nvidia/events', order(), {
            'content-type': 'application/cloudevents+json',
          })
        ).status,
      ).toBe(405);
    }
  });
});

describe('opening a ledger', () => {
  const put = (ledger: string, body: unknown, headers: Record<string, string> = {}) =>
    app.send('PUT', `/v1/ledgers/${ledger}`, body, headers);
  const opening = { name: 'AMD allocations', keeper: 'amd' };

  it('opening a ledger is answered 201, then 200 with the same name and keeper, and 409 with another', async () => {
    expect(await put('amd', opening)).toMatchObject({ status: 201, body: { ledger: 'amd', ...opening } });
    expect(await put('amd', opening)).toMatchObject({ status: 200, body: { ledger: 'amd', ...opening } });
    expect(await put('amd', { ...opening, keeper: 'nvidia' })).toMatchObject({
      status: 409,
      body: { code: 'ledger-exists' },
    });
    expect(await put('amd', { ...opening, name: 'Other' })).toMatchObject({ status: 409 });
    expect(await app.head('amd')).toBe(1);
  });

  it('a ledger is opened once when many requests open it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => put('many', opening)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    expect(await app.head('many')).toBe(1);
  });

  it('a ledger is opened only under a valid id, and with nothing but a name and a keeper in the body', async () => {
    for (const ledger of ['NVIDIA', 'a.b', '-a', 'a'.repeat(64), 'a%20b'])
      expect((await put(ledger, opening)).status).toBe(400);
    for (const body of [{}, { ...opening, colour: 'red' }, { name: '', keeper: 'amd' }, [], 'x', null])
      expect((await put('new', body)).status).toBe(400);
    expect((await put('new', opening, { 'content-type': 'text/plain' })).status).toBe(415);
    expect(await app.head('new')).toBe(0);
  });

  it('only an admin opens a ledger', async () => {
    expect((await put('new', opening, await app.keyed({ roles: ['shipments:write'] }))).status).toBe(403);
    expect(await app.head('new')).toBe(0);
  });
});
