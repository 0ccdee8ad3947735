import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Controller, Get, Inject, Module, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Problem } from '#contracts/problem';
import { freshDatabase } from '#test/setup/freshDatabase';
import { createPool } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { platformMigrations } from '../database/platformMigrations.ts';
import { createKey } from '../keys/apiKeys.ts';
import { Requires } from '../keys/requires.ts';
import { readConfig, type WithDatabase } from '../service/config.ts';
import { createApp, type CreateAppOptions } from '../service/createApp.ts';
import { POOL } from '../service/tokens.ts';
import { registry } from '../watching/metrics.ts';
import { bodiesOf, bodyLimits } from './bodies.ts';

const ADMIN = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';
const PATH = '/v1/ledgers/l/boxes';

/** Requests that wait in the handler of GET …/boxes until they are let go on. */
const waiting: (() => void)[] = [];

@Controller('v1/ledgers/:ledger/boxes')
@Requires('read')
class BoxesController {
  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  @Get()
  async ask(): Promise<{ asked: true }> {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { asked: true };
  }

  @Get('slowly')
  async askSlowly(): Promise<{ asked: true }> {
    await this.pool.query('SELECT pg_sleep(600)');
    return { asked: true };
  }

  @Post()
  @Requires('shipments:write')
  add(@Req() { body }: FastifyRequest): { bytes: number } {
    return { bytes: JSON.stringify(body).length };
  }
}

@Module({ controllers: [BoxesController] })
class BoxesModule {}

let url: string;
let app: NestFastifyApplication;
beforeAll(async () => {
  url = (await freshDatabase({ migrate: (to) => migrate(to, platformMigrations) })).url;
});
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const goOn of waiting.splice(0)) goOn();
  await app.close();
});

async function start(settings: Record<string, string> = {}, options: CreateAppOptions = {}): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-admission-'));
  const env = { LADING_ADMIN_KEY: ADMIN, LADING_DATA: dataDir, DATABASE_URL: url, LOG_LEVEL: 'silent', ...settings };
  app = await createApp(BoxesModule, readConfig({ env }) as WithDatabase, { name: 'boxes', ...options });
  await app.listen(0, '127.0.0.1');
}
const port = () => (app.getHttpServer().address() as AddressInfo).port;
const ask = (path = PATH, key = ADMIN, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port()}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
let made = 0;
const keyFor = async (key: Partial<Parameters<typeof createKey>[1]> = {}) =>
  (await createKey(app.get(POOL), { name: `key-${process.pid}-${++made}`, roles: ['read', 'shipments:write'], ...key }))
    .secret;
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await setImmediate();
};

/** A request of which the head was sent; `sent` is all that was answered. */
function begin(head: readonly string[], key = ADMIN, method = 'POST') {
  const socket = connect(port(), '127.0.0.1');
  sockets.push(socket);
  const answer = { text: '', ended: false, socket };
  socket.on('data', (chunk: Buffer) => (answer.text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (answer.ended = true));
  socket.write(
    [`${method} ${PATH} HTTP/1.1`, 'Host: lading', `Authorization: Bearer ${key}`, ...head, '', ''].join('\r\n'),
  );
  return answer;
}
const statusOf = (text: string) => Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]);
const problemIn = (text: string) => Problem.parse(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))));
const JSON_BODY = 'Content-Type: application/json';

describe('before a byte of the body has come', () => {
  it.each([
    ['a wrong key', 401, 'unauthenticated', async () => 'lading_wrong'],
    ['a key without the role', 403, 'forbidden', () => keyFor({ roles: ['read'] })],
    ['a key without the ledger', 403, 'forbidden', () => keyFor({ ledgers: ['other'] })],
  ])('%s is answered with %i', async (_what, status, code, key) => {
    await start();
    const answer = begin([JSON_BODY, 'Content-Length: 1000000'], await key());
    await until(() => answer.text.endsWith('}'));
    expect(statusOf(answer.text)).toBe(status);
    expect(problemIn(answer.text)).toMatchObject({ status, code });
  });

  it('a client that asks whether it may send its body is told so, or is told why not', async () => {
    await start();
    const head = [JSON_BODY, 'Content-Length: 100000', 'Expect: 100-continue'];
    const refused = begin(head, 'lading_wrong');
    await until(() => refused.ended);
    expect(statusOf(refused.text)).toBe(401);
    const taken = begin(head);
    await until(() => taken.text.includes('HTTP/1.1 100 Continue\r\n\r\n'));
    taken.socket.write(`"${'x'.repeat(99_998)}"`);
    await until(() => taken.text.endsWith('}'));
    expect(taken.text).toContain('{"bytes":100000}');
  });

  it('a client that goes on sending reads why it was refused, and its connection is not reset under it', async () => {
    await start();
    const answer = begin([JSON_BODY, 'Transfer-Encoding: chunked'], 'lading_wrong');
    await until(() => answer.text.endsWith('}'));
    expect(answer.text).toMatch(/^HTTP\/1.1 401 .*connection: close/is);
    for (let i = 0; i < 100 && !answer.ended; i++) {
      answer.socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
      await setImmediate();
    }
    expect(answer.ended).toBe(false);
    answer.socket.write('0\r\n\r\n');
    await until(() => answer.ended);
  });
});

describe('the bytes of bodies', () => {
  const bytes = { ofKey: 1_000_000, all: 1_500_000 };
  const held = () => bodiesOf(app.getHttpAdapter().getInstance()).bytes.held;

  it('are bounded for a key with 429 and for all keys with 503, and are free again when their clients are gone', async () => {
    await start({}, { bodies: { ...bodyLimits, bytes } });
    const [one, two] = [await keyFor(), await keyFor()];
    const first = begin([JSON_BODY, 'Content-Length: 900000'], one);
    await until(() => held() === 900_000);
    const second = begin([JSON_BODY, 'Content-Length: 200000'], one);
    await until(() => second.text.endsWith('}'));
    expect(statusOf(second.text)).toBe(429);
    expect(second.text).toMatch(/retry-after: 1/i);
    expect(second.text).toContain('"retryAfter":1,"recorded":"no"');
    const third = begin([JSON_BODY, 'Content-Length: 700000'], two);
    await until(() => third.text.endsWith('}'));
    expect(statusOf(third.text)).toBe(503);
    expect(third.text).toContain('"retryAfter":1,"recorded":"no"');
    expect((await ask(PATH, two, { method: 'POST', body: '"small"' })).status).toBe(201);
    first.socket.destroy();
    await until(() => held() === 0);
    expect((await ask(PATH, one, { method: 'POST', body: `"${'x'.repeat(900_000)}"` })).status).toBe(201);
    await until(() => held() === 0);
  });

  it('are counted as they come when they are not announced', async () => {
    await start({}, { bodies: { ...bodyLimits, bytes: { ofKey: 100_000, all: 100_000 } } });
    const answer = begin([JSON_BODY, 'Transfer-Encoding: chunked']);
    answer.socket.write(`20000\r\n${' '.repeat(0x20000)}\r\n`);
    await until(() => answer.text.endsWith('}'));
    expect(statusOf(answer.text)).toBe(429);
    answer.socket.destroy();
    await until(() => held() === 0);
  });
});

describe('a body that does not come', () => {
  const slow = { ...bodyLimits, graceMs: 0, lookMs: 20, bytesPerSecond: 1_000 };

  it('is answered with 408 when it was let in, and its connection is ended', async () => {
    await start({}, { bodies: slow });
    const answer = begin([JSON_BODY, 'Content-Length: 1000000']);
    answer.socket.write('"x');
    await until(() => answer.text.endsWith('}'));
    expect(problemIn(answer.text)).toMatchObject({ status: 408, code: 'request-timeout' });
    answer.socket.end();
    await until(() => answer.ended);
  });

  it('ends its connection also when it was refused, so that nobody holds one for nothing', async () => {
    await start({}, { bodies: slow });
    const answer = begin([JSON_BODY, 'Content-Length: 1000'], 'lading_wrong');
    await until(() => answer.ended);
    expect(statusOf(answer.text)).toBe(401);
  });

  it('a body that comes in time is taken, however many pieces it comes in', async () => {
    await start({}, { bodies: { ...slow, bytesPerSecond: 1, graceMs: 600_000 } });
    const answer = begin([JSON_BODY, 'Content-Length: 20']);
    for (const piece of `"${'x'.repeat(18)}"`) {
      answer.socket.write(piece);
      await sleep(5);
    }
    await until(() => answer.text.endsWith('}'));
    expect(answer.text).toContain('{"bytes":20}');
  });
});

describe('a body in crumbs', () => {
  const CHUNKED = [JSON_BODY, 'Transfer-Encoding: chunked'];
  /** More than any of them may bring, in chunks of one byte. */
  const crumbs = '1\r\n[\r\n'.repeat(400_000);

  it.each([
    ['is refused', ADMIN, 'POST'],
    ['is not read to its end after a refusal', 'lading_wrong', 'POST'],
    ['is not read to its end after an answer', ADMIN, 'GET'],
  ])('%s: each of them is work, whoever sends it', async (_title, key, method) => {
    await start();
    let bytesRead = () => 0;
    app.getHttpServer().once('connection', (socket: Socket) => (bytesRead = () => socket.bytesRead));
    const answer = begin(CHUNKED, key, method);
    answer.socket.write(crumbs);
    await until(() => {
      for (const goOn of waiting.splice(0)) goOn();
      return answer.ended;
    });
    expect(bytesRead()).toBeGreaterThan(0);
    expect(bytesRead()).toBeLessThan(crumbs.length);
  });

  it('that is small is taken', async () => {
    await start();
    const answer = begin(CHUNKED);
    answer.socket.write(`1\r\n"\r\n${'1\r\nx\r\n'.repeat(3_000)}1\r\n"\r\n0\r\n\r\n`);
    await until(() => answer.text.endsWith('}'));
    expect(answer.text).toContain('{"bytes":3002}');
  });
});

describe('requests that are worked on', () => {
  it('are bounded for a key with 429 and for all keys with 503; health and metrics are answered meanwhile', async () => {
    await start({ LADING_MAX_REQUESTS: '4' });
    const [one, two, three] = [await keyFor(), await keyFor(), await keyFor()];
    const under = [ask(PATH, one), ask(PATH, one)];
    await until(() => waiting.length === 2);
    const refusedOfKey = async () =>
      Number(
        /^lading_http_refused_total\{reason="requests are being worked on, of one key"\} (\d+)$/m.exec(
          await registry.metrics(),
        )?.[1] ?? 0,
      );
    const before = await refusedOfKey(); // by the apps that this process had before
    const tooMany = await ask(PATH, one);
    expect(await refusedOfKey()).toBe(before + 1);
    expect([tooMany.status, tooMany.headers.get('retry-after')]).toEqual([429, '1']);
    under.push(ask(PATH, two), ask(PATH, two));
    await until(() => waiting.length === 4);
    const full = await ask(PATH, three);
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1']);
    // Nothing would have been recorded by asking.
    expect(await full.json()).toEqual(expect.not.objectContaining({ recorded: expect.anything() as unknown }));
    expect((await ask('/health/ready')).status).toBe(200);
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toMatch(/lading_http_requests_in_progress \d/);
    for (const goOn of waiting.splice(0)) goOn();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const after = ask(PATH, three);
    await until(() => waiting.length === 1);
    for (const goOn of waiting.splice(0)) goOn();
    expect((await after).status).toBe(200);
  });

  it('keep their place while they are worked on, also when their client has hung up', async () => {
    await start({ LADING_MAX_REQUESTS: '2' });
    const gone = begin([], ADMIN, 'GET');
    await until(() => waiting.length === 1);
    gone.socket.destroy();
    await until(() => gone.ended);
    expect((await ask()).status).toBe(429);
    for (const goOn of waiting.splice(0)) goOn();
    await until(async () => {
      const status = ask().then((answer) => answer.status);
      await Promise.race([status, until(() => waiting.length > 0)]);
      for (const goOn of waiting.splice(0)) goOn();
      return (await status) === 200;
    });
  });

  it('leave the connections to the database that health and keys need, also when they take all others', async () => {
    await start({}, { connections: 1 });
    const [gone, fresh] = [await keyFor(), await keyFor()];
    const stuck = ask(`${PATH}/slowly`, gone).catch(() => undefined);
    await until(() => app.get<pg.Pool>(POOL).idleCount === 0 && app.get<pg.Pool>(POOL).totalCount === 1);
    expect((await ask('/health/ready')).status).toBe(200);
    expect((await ask(PATH, fresh, { method: 'POST', body: '1' })).status).toBe(201);
    const pids =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND datname = current_database()';
    const admin = createPool(url);
    // Its connection may be being made.
    await until(async () => (await admin.query(pids, ['SELECT pg_sleep(600)'])).rowCount === 1);
    await admin.end();
    await stuck;
  });
});

describe('the rate limit', () => {
  it('counts every request of a key, asking and writing, also those that are refused, and says how many are left', async () => {
    await start({ LADING_RATE_LIMIT: '6' });
    const key = await keyFor({ roles: ['shipments:write'] });
    const statuses = [];
    const left = [];
    for (const send of [
      () => ask(PATH, key), // without the role
      () => ask('/v1/ledgers/l/nothing', key),
      () => ask(PATH, key, { method: 'POST', body: 'no JSON' }),
      () => ask(PATH, key, { method: 'POST', body: '1' }),
      () => ask('/v1/nothing', key, { method: 'POST', body: '1' }),
      () => ask(PATH, key, { method: 'DELETE' }),
      () => ask(PATH, key, { method: 'POST', body: '1' }),
      () => ask(PATH, key),
    ]) {
      const { status, headers } = await send();
      statuses.push(status);
      left.push(headers.get('x-ratelimit-remaining'));
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([403, 404, 400, 201, 404, 405, 429, 429]);
    expect(left).toEqual(['5', '4', '3', '2', '1', '0', '0', '0']);
  });
});

describe('keys that are not in force', () => {
  it('are answered with 429 after so many of them from an address, and keys that are in force are not held up by that', async () => {
    await start({ LADING_FAILED_KEY_LIMIT: '3' });
    const [used, other] = [await keyFor(), await keyFor()];
    const send = (key: string) => ask(PATH, key, { method: 'POST', body: '1' });
    expect((await send(used)).status).toBe(201);
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await send(`lading_guess-${i}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await send(used)).status).toBe(201);
    expect((await send(ADMIN)).status).toBe(201);
    expect((await send(other)).status).toBe(201);
    // Beyond ten times as many, only keys that are known here are let in: nothing is looked up any more.
    for (let i = 5; i < 30; i++) await send(`lading_guess-${i}`);
    expect((await send(await keyFor())).status).toBe(429);
    expect((await send(other)).status).toBe(201);
  });

  it('are counted by the address that a trusted proxy names, and by the proxy’s own when it is not trusted', async () => {
    const guesses = async (from: (i: number) => string) => {
      const statuses = [];
      for (let i = 0; i < 4; i++) {
        const headers = { authorization: `Bearer lading_guess-${i}`, 'x-forwarded-for': from(i) };
        statuses.push((await fetch(`http://127.0.0.1:${port()}${PATH}`, { headers })).status);
      }
      return statuses;
    };
    await start({ LADING_FAILED_KEY_LIMIT: '2', LADING_TRUSTED_PROXIES: '127.0.0.0/8' });
    expect(await guesses((i) => `10.0.0.${i}`)).toEqual([401, 401, 401, 401]);
    expect(await guesses((i) => `2001:db8:0:1::${i}`)).toEqual([401, 401, 429, 429]);
    await app.close();
    await start({ LADING_FAILED_KEY_LIMIT: '2' });
    expect(await guesses((i) => `10.0.0.${i}`)).toEqual([401, 401, 429, 429]);
  });
});

describe('the server', () => {
  it('bounds headers, connections and the time of those that say nothing, and leaves the time of bodies to their own clock', async () => {
    await start();
    const server = app.getHttpServer();
    expect(server).toMatchObject({
      headersTimeout: 15_000,
      requestTimeout: 0,
      keepAliveTimeout: 72_000,
      maxConnections: 4_096,
    });
    const huge = begin([`X-Large: ${'x'.repeat(16_384)}`], ADMIN, 'GET');
    await until(() => huge.text.endsWith('}'));
    expect(statusOf(huge.text)).toBe(431);
  });

  it('makes room among its connections by ending those that do nothing', async () => {
    await start();
    const server = app.getHttpServer();
    server.maxConnections = 2;
    const idle = begin([], ADMIN, 'HEAD');
    const busy = begin([JSON_BODY, 'Content-Length: 10']);
    await until(() => idle.text.length > 0 || waiting.length > 0);
    for (const goOn of waiting.splice(0)) goOn();
    await until(() => idle.text.length > 0);
    const dropped = begin([], ADMIN, 'GET');
    await until(() => dropped.ended && idle.ended);
    busy.socket.write('1234567890');
    await until(() => busy.text.endsWith('}'));
    expect(busy.text).toContain('{"bytes":10}');
  });
});
