import { afterEach, describe, expect, it } from 'vitest';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { type HeldKey, setKey } from '../keys/actor.ts';
import type { Keyring } from '../keys/keyring.ts';
import { addRequestHooks, createAdapter } from './createAdapter.ts';
import { type AnswerLimits, answerLimits, Drain, moveWindow } from './drain.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** More than the kernel takes for a client that reads nothing. */
const BIG = 32_000_000;

/** Asked by the key that `?key=` names: /big is large, /small is small, /never is never answered. */
async function serving(limits: Partial<AnswerLimits>) {
  const fastify = createAdapter().getInstance();
  const drain = new Drain();
  const logger = pino({ enabled: false });
  addRequestHooks(fastify, {
    keyring: undefined as unknown as Keyring,
    drain,
    logger,
    limits: { ...answerLimits, ...limits },
  });
  fastify.addHook('preHandler', async (request) => {
    const { key } = request.query as { key?: string };
    if (key !== undefined) setKey(request, { actor: { name: key }, release: () => undefined } as unknown as HeldKey);
  });
  let asked = 0;
  fastify.addHook('onRequest', async () => {
    asked++;
  });
  fastify.get('/big', async () => Buffer.alloc(BIG, 'x'));
  fastify.get('/small', async () => 'small');
  fastify.get('/never', () => new Promise(() => undefined));
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  undo.push(() => fastify.close());
  const { port } = fastify.server.address() as AddressInfo;
  return {
    drain,
    asked: () => asked,
    get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`),
    /** A client that asks, and reads nothing until told. */
    ask: (...paths: string[]) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.pause();
      socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: lading\r\n\r\n`).join(''));
      undo.push(() => socket.destroy());
      return socket;
    },
  };
}

/** Resolves when `holds`, and else never: the test then fails by its own time limit. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate();
}
const ended = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('the clock on answers', () => {
  it('an answer that its client does not take is given up, and its connection is ended', async () => {
    const { ask, drain } = await serving({ windowMs: 200 });
    const socket = ask('/big');
    // To learn that it was ended, a socket has to be read, which begins only when the service holds no answer any more.
    await until(() => drain.inFlight === 1);
    await until(() => drain.inFlight === 0);
    socket.resume();
    await ended(socket);
    expect(socket.bytesRead).toBeLessThan(BIG);
  });

  it('a client that says nothing more and takes everything keeps its connection, whatever time the answer takes', async () => {
    const { ask, drain } = await serving({ windowMs: 20 });
    const socket = ask('/never');
    await until(() => drain.inFlight === 1);
    const other = ask('/big');
    await until(() => drain.inFlight === 2);
    // The clock has looked often enough to give up this one …
    await until(() => drain.inFlight === 1);
    expect(other.destroyed).toBe(false);
    // … and the other one waits for us, not we for it.
    expect(socket.destroyed).toBe(false);
  });

  const limits = { windowMs: 1_000, windowBytes: 100 };
  it('a client has to take its bytes in each window, and a window begins anew when it did', () => {
    const window = { began: 0, taken: 0 };
    expect(moveWindow(window, { waiting: 5_000, taken: 99, now: 999 }, limits)).toBe(true);
    expect(moveWindow(window, { waiting: 5_000, taken: 100, now: 1_100 }, limits)).toBe(true);
    expect(moveWindow(window, { waiting: 5_000, taken: 150, now: 2_000 }, limits)).toBe(true);
    expect(moveWindow(window, { waiting: 5_000, taken: 199, now: 2_100 }, limits)).toBe(false);
  });

  it('a client for which nothing waits has all the time in the world', () => {
    const window = { began: 0, taken: 0 };
    expect(moveWindow(window, { waiting: 0, taken: 10, now: 1_000_000 }, limits)).toBe(true);
    expect(moveWindow(window, { waiting: 50, taken: 10, now: 1_000_999 }, limits)).toBe(true);
    expect(moveWindow(window, { waiting: 50, taken: 10, now: 1_001_000 }, limits)).toBe(false);
  });
});

describe('answers that are not taken yet', () => {
  it.each([
    ['its own key, with 429', { unreadOfKey: BIG + 1_000 }, '?key=a', 429],
    ['all keys together, with 503', { unread: BIG + 1_000 }, '?key=b', 503],
  ])(
    'are bounded for %s, until they are taken; small answers are always given',
    async (_whose, limits, key, status) => {
      const { ask, get, drain } = await serving(limits);
      const reader = ask('/big?key=a');
      await until(() => drain.inFlight === 1);
      await until(async () => (await get(`/big${key}`)).status !== 200);
      const refused = await get(`/big${key}`);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([status, '5']);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(await refused.json()).toMatchObject({ status, instance: '/big' });
      expect((await get(`/small${key}`)).status).toBe(200);

      reader.resume();
      await until(() => drain.inFlight === 0);
      const again = await get(`/big${key}`);
      expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([200, BIG]);
    },
  );

  it('a key that takes nothing does not keep other keys from their answers', async () => {
    const { ask, get, drain } = await serving({ unreadOfKey: BIG + 1_000 });
    ask('/big?key=a');
    await until(() => drain.inFlight === 1);
    await until(async () => (await get('/big?key=a')).status === 429);
    expect((await get('/big?key=b')).status).toBe(200);
  });
});

describe('requests that follow one another on a connection without waiting for answers', () => {
  it('are answered in their order, up to the limit', async () => {
    const { ask, drain } = await serving({ pipelined: 3 });
    const socket = ask('/small', '/big', '/small');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1').replaceAll('x', '')));
    socket.resume();
    await until(() => drain.inFlight === 0 && text.endsWith('small'));
    expect([...text.matchAll(/content-length: (\d+)/gi)].map(([, bytes]) => Number(bytes))).toEqual([5, BIG, 5]);
  });

  it('end the connection beyond the limit, and no more of them is looked at', async () => {
    const { ask, asked, drain } = await serving({ pipelined: 3 });
    const socket = ask(...Array.from({ length: 1_000 }, () => '/never'));
    socket.resume();
    await ended(socket);
    expect(asked()).toBeLessThanOrEqual(3);
    expect(drain.inFlight).toBe(0);
  });

  it('do not keep a stop waiting when their client hangs up', async () => {
    const { ask, asked, drain } = await serving({});
    const socket = ask('/never', '/never', '/never');
    await until(() => asked() === 3);
    socket.destroy();
    await drain.finish(600_000);
  });
});
