import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Socket } from 'node:net';
import { UnderAttack } from './underAttack.ts';

/** As much memory as the service may ever take. */
const MEGABYTES = 600;
/** Requests that a connection sends without waiting for an answer: as many as it may. */
const PIPELINED = 32;
const EVENTS = '/v1/ledgers/nvidia/events';

let service: UnderAttack;
beforeAll(async () => {
  service = await UnderAttack.start();
  await submit([
    ...['nvidia', 'tesla'].map((party) =>
      event('party.registered', { party, name: party, roles: ['customer', 'supplier'] }),
    ),
    event('item.registered', { item: 'H100', name: 'H100', maker: 'nvidia', tracking: 'quantity' }),
  ]);
  // 100 events of 45 KB: more than a connection takes that nobody reads.
  const window = { from: '2023-12-01', to: '2023-12-31' };
  const lines = Array.from({ length: 150 }, (_, n) => ({ line: String(n), item: 'H100', quantity: 1, window }));
  const order = (n: number) => event('order.placed', { order: `PO-${n}`, buyer: 'tesla', supplier: 'nvidia', lines });
  for (let n = 0; n < 100; n += 25) await submit(Array.from({ length: 25 }, (_, i) => order(n + i)));
});
afterEach(() => {
  service.endAttack();
});
afterAll(() => service.stop());

let made = 0;
const event = (type: string, data: object) => ({
  ...{ specversion: '1.0', id: `e-${++made}`, source: 'urn:test', type: `lading.${type}.v1` },
  ...{ time: '2023-12-01T00:00:00Z', data },
});

async function submit(events: readonly object[]): Promise<void> {
  const answer = await fetch(`${service.url}${EVENTS}?atomic=true`, {
    method: 'POST',
    headers: { ...service.authorization, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
}

interface Asking {
  readonly connections: number;
  /** On each connection. */
  readonly requests: number;
  readonly key?: string;
}

interface Unread {
  readonly socket: Socket;
  /** The status of the first answer, and what it says in `Retry-After`; 0 for what there is not. */
  readonly status: number;
  readonly retryAfter: number;
}

/** Connections that ask, see that an answer begins, and read no further. Resolves when all of them are that far, or ended. */
async function askAndNotRead(path: string, { connections, requests, key }: Asking): Promise<Unread[]> {
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = service.ask(path, { requests, key });
      const begins = await new Promise<string>((resolve) => {
        const end = () => {
          resolve('');
        };
        socket.once('close', end).once('data', (bytes) => {
          socket.pause().off('close', end);
          resolve(bytes.toString('latin1'));
        });
      });
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(begins)?.[1] ?? 0);
      return { socket, status, retryAfter: Number(/^retry-after: (\d+)/im.exec(begins)?.[1] ?? 0) };
    }),
  );
}

async function isWell(): Promise<void> {
  for (let i = 0; i < 10; i++) expect(await service.isLive()).toBe(true);
  expect(service.isRunning).toBe(true);
  expect(service.peakMegabytes).toBeLessThan(MEGABYTES);
}

describe(`a service keeps under ${MEGABYTES} MB and answers`, () => {
  it('while ten keys leave a thousand event streams of large events unread: more of a key are refused, and more of all', async () => {
    const [first = '', ...keys] = await service.createKeys('stream', 12);
    const openStreams = (key: string, connections: number) =>
      askAndNotRead(`${EVENTS}/stream`, { connections, requests: 1, key });
    /** A slow machine may have ended the first ones by then, because nobody reads them. */
    const refusal = async (key: string): Promise<Unread | undefined> => {
      for (let n = 0; n <= 100; n++) {
        const [stream] = await openStreams(key, 1);
        if (stream?.status !== 200) return stream;
      }
      return undefined;
    };
    expect(new Set((await openStreams(first, 100)).map(({ status }) => status))).toEqual(new Set([200]));
    const ofKey = await refusal(first);
    expect([ofKey?.status, (ofKey?.retryAfter ?? 0) > 0]).toEqual([429, true]);
    // One key after the other: a thousand new connections at once would be a test of the system's queue.
    for (const key of keys.slice(0, 9)) await openStreams(key, 100);
    const more = [await refusal(keys[9] ?? ''), await refusal(keys[10] ?? '')];
    expect(more.some((ofAll) => ofAll?.status === 503 && ofAll.retryAfter > 0)).toBe(true);
    await isWell();
  });

  it('while pages of large events are not read: a key has no more than its bytes of them, and other keys have theirs', async () => {
    const [key = ''] = await service.createKeys('pages', 1);
    const path = `${EVENTS}?limit=1000`;
    await askAndNotRead(path, { connections: 8, requests: 10, key });
    const ask = async (authorization: string) => {
      const { status, headers } = await fetch(`${service.url}${path}`, { headers: { authorization } });
      return { status, after: Number(headers.get('retry-after')) };
    };
    let refused = await ask(`Bearer ${key}`);
    // Until then pages are put together that nobody will read. On a slow machine the first ones are ended meanwhile.
    while (refused.status !== 429) {
      await askAndNotRead(path, { connections: 4, requests: 10, key });
      refused = await ask(`Bearer ${key}`);
    }
    expect(refused.after).toBeGreaterThan(0);
    expect((await ask(service.authorization.authorization)).status).toBe(200);
    await isWell();
  });

  it.each(['/openapi.json', '/docs/swagger-ui-bundle.js', '/metrics'])(
    'while thousands of answers to %s are not read, asked for without a key',
    async (path) => {
      await askAndNotRead(path, { connections: 100, requests: PIPELINED });
      await isWell();
    },
  );

  it('while connections ask for more than they may have unanswered: they are ended', async () => {
    const sockets = await askAndNotRead('/openapi.json', { connections: 50, requests: 1_000 });
    // A connection that is read and was not ended would be kept for the next request.
    for (const { socket } of sockets) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      if (!socket.closed) await closed;
    }
    await isWell();
  });
});
