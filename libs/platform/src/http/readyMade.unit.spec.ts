import { describe, expect, it, vi } from 'vitest';
import fastify from 'fastify';
import { gunzipSync } from 'node:zlib';
import { readyMade, renewed, sendDocument, SHARED } from './readyMade.ts';

const TEXT = 'a long text, '.repeat(1_000);

function serving(make: () => string) {
  const document = readyMade('text/plain; charset=utf-8', make);
  const app = fastify();
  const sent: unknown[] = [];
  app.addHook('onSend', async (_request, _reply, payload) => {
    sent.push(payload);
    return payload;
  });
  app.get('/', async (request, reply) => sendDocument(await document(), request, reply));
  return { sent, get: (headers: Record<string, string> = {}) => app.inject({ url: '/', headers }) };
}

describe('a ready-made document', () => {
  it('is made once, and every answer sends the very same bytes, without a copy', async () => {
    let made = 0;
    const { get, sent } = serving(() => {
      made++;
      return TEXT;
    });
    const answers = await Promise.all([get(), get(), get()]);
    expect(answers.map(({ body }) => body)).toEqual([TEXT, TEXT, TEXT]);
    expect(made).toBe(1);
    expect(new Set(sent).size).toBe(1);
  });

  it('is made again when making it failed', async () => {
    let tries = 0;
    const document = readyMade('text/plain', () => {
      if (++tries === 1) throw new Error('not yet');
      return TEXT;
    });
    await expect(document()).rejects.toThrow('not yet');
    expect((await document()).bytes.toString()).toBe(TEXT);
  });

  it.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['GZIP', true],
    ['gzip;q=0', false],
    ['gzip; q=0.0', false],
    ['x-gzip', false],
    ['identity', false],
    ['', false],
  ])('for Accept-Encoding "%s", packed: %s', async (accepted, packed) => {
    const answer = await serving(() => TEXT).get({ 'accept-encoding': accepted });
    expect(answer.headers['content-encoding']).toBe(packed ? 'gzip' : undefined);
    expect(answer.headers.vary).toBe('accept-encoding');
    expect((packed ? gunzipSync(answer.rawPayload) : answer.rawPayload).toString()).toBe(TEXT);
  });

  it('is not sent again to a client that has it, by its ETag', async () => {
    const { get } = serving(() => TEXT);
    const etag = String((await get()).headers.etag);
    for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
      const answer = await get({ 'if-none-match': known });
      expect([known, answer.statusCode, answer.body]).toEqual([known, 304, '']);
    }
    expect((await get({ 'if-none-match': '"other"' })).statusCode).toBe(200);
  });
});

describe('a text that changes', () => {
  let time = 0;
  let made = 0;
  const text = renewed(async () => `text ${++made}`, { ms: 1_000, now: () => time });

  it('is made once in its time, for those who ask together and those who ask later, and they share its bytes', async () => {
    const [first, second] = await Promise.all([text(), text()]);
    time = 999;
    expect([second === first, (await text()) === first, SHARED.has(first)]).toEqual([true, true, true]);
    expect(first.toString()).toBe('text 1');
    time = 1_000;
    expect((await text()).toString()).toBe('text 2');
  });

  it('is made again at once when it could not be made', async () => {
    const make = vi.fn(async () => 'text').mockRejectedValueOnce(new Error('not now'));
    const retried = renewed(make, { now: () => 0 });
    await expect(retried()).rejects.toThrow('not now');
    expect((await retried()).toString()).toBe('text');
  });
});
