import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { registry } from '#platform/watching/metrics';
import { eventually } from '#test/feed/eventually';
import {
  ADMIN,
  event,
  intakeDatabase,
  NDJSON,
  order,
  reassigned,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;
let head: number;
let url: string;

beforeAll(async () => {
  url = await intakeDatabase();
  app = await startWritingApp(url);
  await app.open();
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const line = (sent: unknown) => `${JSON.stringify(sent)}\n`;
const reallocated = (of: string, quantity: number) =>
  event('lading.reallocation.made.v1', reassigned('tesla', 'x', of, quantity));

/** A stream that is written by hand. */
function open(
  base = app.base,
  key: Record<string, string> = { authorization: `Bearer ${ADMIN}` },
): { stream: ClientRequest; response: Promise<IncomingMessage> } {
  const headers = { ...key, 'content-type': NDJSON };
  const stream = request(`${base}/v1/ledgers/nvidia/events`, { method: 'POST', headers });
  const response = once(stream, 'response').then(([message]) => message as IncomingMessage);
  response.catch(() => undefined);
  stream.on('error', () => undefined);
  return { stream, response };
}
/** Bytes of streams that are in memory, at this moment: `/metrics` may be a second old. */
const heldBytes = async (): Promise<number> =>
  Number(/^lading_intake_stream_bytes (\d+)$/m.exec(await registry.metrics())?.[1]);
const until = (holds: () => Promise<boolean>): Promise<void> =>
  eventually(async () => {
    expect(await holds()).toBe(true);
  });

describe('a stream of events', () => {
  it('a stream is answered 200 with a result for each line, in their order, and a bad line does not stop the rest', async () => {
    const replayed = order();
    await app.submit(replayed);
    const results = await app.stream(
      [
        line(order({}, { name: 'PO-S1', quantity: 5 })),
        '{"specversion":"1.0", nope\n',
        line(reallocated('PO-S1', 6)),
        '\n',
        '  \r\n',
        line({ ...order(), time: 'noon' }),
        line(replayed),
        line({ ...order(), id: replayed.id }),
        `${JSON.stringify({ ...order(), data: { note: 'x'.repeat(1_100_000) } })}\n`,
        JSON.stringify(reallocated('PO-S1', 5)),
      ].join(''),
    );
    const refused = (status: number, at: number, code: string) => ({
      line: at,
      status,
      problem: expect.objectContaining({ code, status }) as unknown,
    });
    expect(results).toEqual([
      { line: 1, status: 201, sequence: head + 2 },
      refused(400, 2, 'not-json'),
      refused(422, 3, 'insufficient-quantity'),
      refused(400, 6, 'malformed'),
      { line: 7, status: 200, sequence: head + 1 },
      refused(409, 8, 'id-conflict'),
      refused(413, 9, 'too-large'),
      { line: 10, status: 201, sequence: head + 3 },
    ]);
    expect(await app.head()).toBe(head + 3);
  });

  it('a stream of any length keeps its order, and each line is committed when its result is read', async () => {
    const count = 3_000;
    const lines = Array.from({ length: count }, () => line(order())).join('');
    const results = await app.stream(lines);
    expect(results.map(({ sequence }) => sequence)).toEqual(Array.from({ length: count }, (_, i) => head + 1 + i));
    expect(await app.head()).toBe(head + count);
  });

  it('a stream gives the result of a line while it is still open', async () => {
    const { stream, response } = open();
    stream.write(line(order()));
    const message = await response;
    expect(message.statusCode).toBe(200);
    expect(message.headers['content-type']).toBe(NDJSON);
    const [first] = (await once(message, 'data')) as [Buffer];
    expect(JSON.parse(String(first))).toEqual({ line: 1, status: 201, sequence: head + 1 });
    expect(await app.head()).toBe(head + 1);
    const next = line(order());
    stream.write(next.slice(0, 50)); // cut where a chunk ends, not where a line does
    await sleep(20);
    stream.write(next.slice(50));
    const [second] = (await once(message, 'data')) as [Buffer];
    expect(JSON.parse(String(second))).toEqual({ line: 2, status: 201, sequence: head + 2 });
    stream.end();
    await once(message, 'end');
  });

  it('a stream that is broken off in the middle of a line keeps the lines before it, and nothing of that line', async () => {
    const { stream, response } = open();
    stream.write(line(order()));
    await once(await response, 'data');
    stream.write(line(order()).slice(0, -30));
    await until(async () => (await heldBytes()) > 0); // it has come …
    stream.destroy();
    await until(async () => (await heldBytes()) === 0); // … and was let go
    expect(await app.head()).toBe(head + 1);
    expect((await app.submit(order())).status).toBe(201); // and nobody waits for it
  });

  it('a stream that ends in the middle of a line is answered so, and that line is not kept', async () => {
    const results = await app.stream(line(order()) + line(order()).slice(0, -30));
    expect(results).toEqual([
      { line: 1, status: 201, sequence: head + 1 },
      { line: 2, status: 400, problem: expect.objectContaining({ code: 'not-json' }) as unknown },
    ]);
    expect(await app.head()).toBe(head + 1);
  });

  it('a stream whose client hangs up is read no further, and what was committed stays, in order and without a gap', async () => {
    const { stream, response } = open();
    const events = Array.from({ length: 5_000 }, () => line(order()));
    stream.write(events.slice(0, 2_500).join(''));
    await once(await response, 'data');
    stream.destroy();
    await sleep(200);
    const kept = await app.head();
    expect(kept).toBeGreaterThan(head);
    expect(kept).toBeLessThanOrEqual(head + 2_500);
    await until(async () => (await app.submit(order())).status === 201);
    const { rows } = await app.pool.query<{ gapless: boolean }>(
      'SELECT max(sequence) = count(*) AS gapless FROM journal.events',
    );
    expect(rows).toEqual([{ gapless: true }]);
  });

  it('a stream whose client does not read its results is not read from, and holds up nobody else', async () => {
    const { stream, response } = open();
    const bad = `${JSON.stringify({ note: 'x'.repeat(200) })}\n`.repeat(1_000);
    let blocked = false;
    for (let i = 0; i < 400 && !blocked; i++) {
      blocked =
        !stream.write(bad) && (await Promise.race([once(stream, 'drain').then(() => false), sleep(1_000, true)]));
    }
    expect(blocked).toBe(true);
    expect((await app.submit(order())).status).toBe(201);
    (await response).destroy();
    stream.destroy();
  });

  it('a stream that is open when the process stops gets the results of its lines, and ends', async () => {
    const other = await startWritingApp(url);
    const { stream, response } = open(other.base);
    stream.write(line(order()));
    const message = await response;
    const results: string[] = [];
    message.on('data', (chunk: Buffer) => results.push(String(chunk)));
    await until(async () => results.length === 1);
    stream.write(line(order()) + line(order()).slice(0, -30));
    const ended = once(message, 'end'); // which never comes to who is cut off
    await stopGracefully(other.app);
    await ended;
    const kept = results
      .join('')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { status: number });
    expect(kept.every(({ status }) => status === 201)).toBe(true);
    expect(await app.head()).toBe(head + kept.length);
  });

  describe('bounds', () => {
    let bounded: WritingApp;
    afterEach(() => bounded.close());
    const statusOf = async (response: Promise<IncomingMessage>) => (await response).statusCode;

    it('a stream in which no line ends is ended with 408 for the line that it is at, and the lines before are kept', async () => {
      bounded = await startWritingApp(url, { streams: { streamIdle: 400 } });
      const { stream, response } = open(bounded.base);
      stream.write(line(order()) + line(order()).slice(0, 20));
      const dripping = setInterval(() => stream.write(' '), 10);
      let text = '';
      for await (const chunk of await response) text += String(chunk);
      clearInterval(dripping);
      const results = text
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one) as unknown);
      expect(results).toEqual([
        { line: 1, status: 201, sequence: head + 1 },
        { line: 2, status: 408, problem: expect.objectContaining({ code: 'request-timeout' }) as unknown },
      ]);
      expect(await app.head()).toBe(head + 1);
    });

    it('a key has a bounded number of streams, 429 beyond, and all keys together, 503 beyond', async () => {
      bounded = await startWritingApp(url, { streams: { streams: { ofKey: 1, all: 2 } } });
      const [one, two] = [await app.keyed({ roles: ['shipments:write'] }), await app.keyed({ roles: ['swaps:write'] })];
      const first = open(bounded.base);
      first.stream.flushHeaders();
      expect(await statusOf(first.response)).toBe(200);
      const second = open(bounded.base);
      second.stream.flushHeaders();
      expect(await statusOf(second.response)).toBe(429);
      expect((await second.response).headers['retry-after']).toBe('1');
      const third = open(bounded.base, one);
      third.stream.flushHeaders();
      expect(await statusOf(third.response)).toBe(200);
      const fourth = open(bounded.base, two);
      fourth.stream.flushHeaders();
      expect(await statusOf(fourth.response)).toBe(503);
      first.stream.end();
      await once((await first.response).resume(), 'end');
      const fifth = open(bounded.base);
      fifth.stream.end();
      expect(await statusOf(fifth.response)).toBe(200);
      for (const { stream } of [second, third, fourth]) stream.destroy();
    });

    it('streams share their bytes: one waits until another has no unfinished line any more', async () => {
      bounded = await startWritingApp(url, { streams: { streamBytes: { ofKey: 300_000, all: 300_000 } } });
      const blanks = ' '.repeat(200_000);
      const [first, second] = [open(bounded.base), open(bounded.base)];
      first.stream.write(blanks);
      await until(async () => (await heldBytes()) === 200_000);
      second.stream.write(blanks);
      await until(async () => (await heldBytes()) > 300_000);
      const waits = await heldBytes();
      second.stream.write(line(order()));
      const answered = once(await second.response, 'data');
      expect(await Promise.race([answered.then(() => 'answered'), sleep(50, 'waits')])).toBe('waits');
      expect(await heldBytes()).toBe(waits);
      first.stream.end(line(order()));
      expect(JSON.parse(String((await answered)[0]))).toMatchObject({ line: 1, status: 201 });
      second.stream.end();
      await until(async () => (await heldBytes()) === 0);
    });
  });

  it('an empty stream has no results', async () => {
    expect(await app.stream('')).toEqual([]);
    expect(await app.stream('\n\n')).toEqual([]);
  });

  it('a stream with If-Match is refused', async () => {
    const answer = await app.send('POST', '/v1/ledgers/nvidia/events', line(order()), {
      'content-type': NDJSON,
      'if-match': '"1"',
    });
    expect(answer.status).toBe(400);
    expect(await app.head()).toBe(head);
  });

  it('a line of a stream that is not UTF-8 is refused alone', async () => {
    const broken = Buffer.from(line(order({ id: 'X' })));
    broken[broken.indexOf('X')] = 0xff;
    const results = await app.stream(Buffer.concat([broken, Buffer.from(line(order()))]));
    expect(results).toMatchObject([{ status: 400 }, { status: 201, sequence: head + 1 }]);
  });
});
