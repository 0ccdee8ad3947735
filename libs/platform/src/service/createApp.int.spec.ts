import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Body, Controller, Get, Module, Param, Post, Query, Res, Sse } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { connect } from 'node:net';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { Observable } from 'rxjs';
import { z } from 'zod';
import { Problem } from '#contracts/problem';
import { eventually } from '#test/feed/eventually';
import { freshDatabase } from '#test/setup/freshDatabase';
import { Actor } from '../keys/actor.ts';
import { createKey, revokeKey } from '../keys/apiKeys.ts';
import { readConfig, type WithDatabase } from './config.ts';
import { createApp } from './createApp.ts';
import { checked } from '../http/fieldErrors.ts';
import { Drain } from '../http/drain.ts';
import { HealthChecks, NotReady } from '../watching/health.ts';
import { migrate } from '../database/migrate.ts';
import { platformMigrations } from '../database/platformMigrations.ts';
import { ProblemError } from '../http/problemError.ts';
import { Public, Requires } from '../keys/requires.ts';
import { stopGracefully } from './stopOnSignals.ts';
import { POOL } from './tokens.ts';

const ADMIN = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

const Box = z.strictObject({ size: z.int().min(1), 'a/b': z.string().optional() });

/** Requests for /slow, until they are let go on. */
const waiting: (() => void)[] = [];

@Controller()
class BoxesController {
  @Get('open')
  @Public()
  open() {
    return { open: true };
  }

  @Get('forgotten')
  forgotten() {
    return 'nobody should see this';
  }

  @Get('v1/ledgers/:ledger/boxes')
  @Requires('read', 'audit')
  boxes(@Param('ledger') ledger: string, @Actor() actor: Actor, @Query('fail') fail?: string) {
    if (fail === 'bug') throw new TypeError('cannot read properties of /home/secret/path');
    if (fail === 'rule') throw new ProblemError(422, 'insufficient-quantity', 'too few', { facts: { available: 3 } });
    if (fail === 'database') throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7'), { code: 'ECONNREFUSED' });
    return { ledger, actor: actor.name };
  }

  @Post('v1/ledgers/:ledger/boxes')
  @Requires('shipments:write')
  add(@Body() body: unknown) {
    return checked(Box, body);
  }

  @Get('half')
  @Public()
  half(@Res() reply: FastifyReply) {
    reply.raw.writeHead(200, { 'content-length': '1000' });
    reply.raw.write('the first half');
    throw new Error('and then it broke');
  }

  @Get('page')
  @Public()
  page(@Res() reply: FastifyReply) {
    void reply.type('text/html').send('<p>hello</p>');
  }

  @Get('slow')
  @Public()
  async slow() {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { slow: 'but whole' };
  }

  constructor(private readonly drain: Drain) {}

  @Sse('stream')
  @Public()
  stream(): Observable<{ data: string }> {
    return new Observable((listener) => {
      listener.next({ data: 'first' });
      this.drain.signal.addEventListener('abort', () => {
        listener.complete();
      });
    });
  }
}

@Module({ controllers: [BoxesController] })
class BoxesModule {}

describe('an application of the platform', () => {
  let url: string;
  let app: NestFastifyApplication;
  let pool: pg.Pool;

  const start = async (settings: Record<string, string> = {}) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'lading-app-'));
    const env = { LADING_ADMIN_KEY: ADMIN, LADING_DATA: dataDir, DATABASE_URL: url, LOG_LEVEL: 'silent', ...settings };
    return createApp(BoxesModule, readConfig({ env }) as WithDatabase, { name: 'boxes' });
  };
  const authorized = (key = ADMIN) => ({ authorization: `Bearer ${key}` });
  const problemOf = (answer: { headers: Record<string, unknown>; json: () => unknown }) => {
    expect(answer.headers['content-type']).toBe('application/problem+json');
    return Problem.parse(answer.json());
  };
  const post = (path: string, type: string, payload: string | Buffer, key = ADMIN) =>
    app.inject({ method: 'POST', url: path, headers: { ...authorized(key), 'content-type': type }, payload });

  beforeAll(async () => {
    url = (await freshDatabase({ migrate: (to) => migrate(to, platformMigrations) })).url;
    app = await start();
    pool = app.get(POOL);
  });
  afterAll(() => app.close());

  describe('authenticates requests:', () => {
    it('a request without a key, or with a wrong or revoked one, is answered with 401 and how to send a key', async () => {
      const { secret } = await createKey(pool, { name: 'gone', roles: ['read'] });
      await revokeKey(pool, 'gone');
      const headers = [{}, { authorization: 'Basic YTpi' }, authorized('wrong'), authorized(secret), authorized('')];
      for (const header of headers) {
        const answer = await app.inject({ url: '/v1/ledgers/l/boxes', headers: header });
        expect(answer.statusCode).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(problemOf(answer)).toMatchObject({ code: 'unauthenticated', instance: '/v1/ledgers/l/boxes' });
      }
    });

    it('a key passes that has any of the required roles, and no other key: roles are exact', async () => {
      const statusWith = async (roles: Parameters<typeof createKey>[1]['roles']) => {
        const { secret } = await createKey(pool, { name: `roles-${roles.join('-')}`, roles });
        return (await app.inject({ url: '/v1/ledgers/l/boxes', headers: authorized(secret) })).statusCode;
      };
      expect(await statusWith(['read'])).toBe(200);
      expect(await statusWith(['audit', 'admin'])).toBe(200);
      expect(await statusWith(['admin'])).toBe(403);
      expect(await statusWith(['shipments:write', 'reallocations:write', 'swaps:write'])).toBe(403);
    });

    it('a key passes for its own ledgers only, and the handler knows whose it is', async () => {
      const { secret } = await createKey(pool, { name: 'one-ledger', roles: ['read'], ledgers: ['l'] });
      const [own, other] = await Promise.all(
        ['l', 'm'].map((ledger) => app.inject({ url: `/v1/ledgers/${ledger}/boxes`, headers: authorized(secret) })),
      );
      expect(own!.json()).toEqual({ ledger: 'l', actor: 'one-ledger' });
      expect(other!.statusCode).toBe(403);
      expect(problemOf(other!)).toMatchObject({ code: 'forbidden', ledgers: ['l'] });
    });

    it('everybody may use a public route, and nobody a route that states no role', async () => {
      expect((await app.inject({ url: '/open' })).statusCode).toBe(200);
      expect((await app.inject({ url: '/forgotten' })).statusCode).toBe(401);
      expect((await app.inject({ url: '/forgotten', headers: authorized() })).statusCode).toBe(403);
    });

    it('a body of an unknown sender is rejected before it is read', async () => {
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/ledgers/l/boxes',
        headers: { 'content-type': 'application/json' },
        payload: Buffer.alloc(2_000_000, 'x'),
      });
      expect(answer.statusCode).toBe(401);
    });
  });

  describe('answers errors with problem documents:', () => {
    it.each([
      ['a field that is wrong', 'application/json', '{"size":0,"a/b":1}', 400, 'malformed'],
      ['what is not JSON', 'application/json', '{"size":', 400, 'not-json'],
      ['an empty body', 'application/json', '', 400, 'not-json'],
      ['what is not UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22]), 400, 'not-json'],
      ['a __proto__ key', 'application/json', '{"size":1,"__proto__":{"admin":true}}', 400, 'malformed'],
      ['a constructor key', 'application/json', '{"size":1,"constructor":{"prototype":{}}}', 400, 'malformed'],
      ['deep nesting', 'application/json', '['.repeat(100_000) + ']'.repeat(100_000), 400, 'malformed'],
      ['a body that is too large', 'application/json', `"${'x'.repeat(1_048_577)}"`, 413, 'too-large'],
      ['a content type that nobody takes', 'text/plain', 'hello', 415, 'unsupported-media-type'],
      ['a form', 'application/x-www-form-urlencoded', 'a=b', 415, 'unsupported-media-type'],
    ])('%s is answered with a problem document', async (_what, type, body, status, code) => {
      const answer = await post('/v1/ledgers/l/boxes', type, body);
      expect(answer.statusCode).toBe(status);
      expect(problemOf(answer)).toMatchObject({ type: `urn:lading:problem:${code}`, status, code });
    });

    it('the problem document names every wrong field by a JSON pointer', async () => {
      const answer = await post('/v1/ledgers/l/boxes', 'application/json', '{"size":0.5,"a/b":1,"more":2}');
      expect(problemOf(answer).errors).toEqual([
        { pointer: '/size', detail: 'expected a whole number, got 0.5' },
        { pointer: '/a~1b', detail: 'expected string, got number' },
        { pointer: '/more', detail: 'unknown field' },
      ]);
    });

    it('a route that does not exist is answered with 404 not-found', async () => {
      const answer = await app.inject({ method: 'DELETE', url: '/nowhere?x=1' });
      expect(problemOf(answer)).toMatchObject({ status: 404, code: 'not-found', instance: '/nowhere' });
    });

    it('a path that cannot be decoded is answered with 400 malformed', async () => {
      expect(problemOf(await app.inject({ url: '/v1/ledgers/%zz/boxes' }))).toMatchObject({
        status: 400,
        code: 'malformed',
      });
    });

    it('the problem document has the facts that a rule found', async () => {
      const answer = await app.inject({ url: '/v1/ledgers/l/boxes?fail=rule', headers: authorized() });
      expect(problemOf(answer)).toMatchObject({
        status: 422,
        code: 'insufficient-quantity',
        detail: 'too few',
        available: 3,
      });
    });

    it('an internal error reveals nothing but the id of the request that is logged with it', async () => {
      const answer = await app.inject({ url: '/v1/ledgers/l/boxes?fail=bug', headers: authorized() });
      expect(problemOf(answer)).toMatchObject({
        status: 500,
        code: 'internal',
        request: expect.stringMatching(/^[0-9a-f]{8}-/),
      });
      expect(answer.body).not.toMatch(/secret|TypeError|at /);
    });

    it('a 503 with Retry-After is answered while the database does not answer', async () => {
      const answer = await app.inject({ url: '/v1/ledgers/l/boxes?fail=database', headers: authorized() });
      expect(problemOf(answer)).toMatchObject({ status: 503, code: 'unavailable' });
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.body).not.toContain('10.0.0.7');
    });
  });

  it('is live, and is ready as long as every registered check succeeds', async () => {
    expect((await app.inject({ url: '/health/live' })).json()).toEqual({ status: 'ok' });
    const checks = app.get(HealthChecks);
    expect((await app.inject({ url: '/health/ready' })).json()).toEqual({
      status: 'ok',
      checks: { database: { status: 'up' } },
    });
    checks.register('kafka', () => {
      throw new NotReady('no broker');
    });
    checks.register('secretive', () => Promise.reject(new Error('password=hunter2')));
    const answer = await app.inject({ url: '/health/ready' });
    expect(problemOf(answer)).toMatchObject({
      status: 503,
      detail: 'not ready: kafka, secretive',
      checks: {
        database: { status: 'up' },
        kafka: { status: 'down', detail: 'no broker' },
        secretive: { status: 'down', detail: 'does not answer' },
      },
    });
    expect(answer.headers['retry-after']).toBe('1');
    checks.register('kafka', () => 'one broker');
    checks.register('secretive', () => undefined);
    expect((await app.inject({ url: '/health/ready' })).statusCode).toBe(200);
  });

  it('counts requests by the template of their route', async () => {
    await app.inject({ url: '/v1/ledgers/some-ledger/boxes', headers: authorized() });
    const { body } = await app.inject({ url: '/metrics' });
    expect(body).toMatch(
      /lading_http_request_seconds_count\{method="GET",route="\/v1\/ledgers\/:ledger\/boxes",status="200"\} \d+/,
    );
    expect(body).toMatch(/route="none",status="404"/);
    expect(body).not.toContain('some-ledger');
  });

  it('sends pages with a content security policy for own content only, and forbids guessing of content types', async () => {
    const page = await app.inject({ url: '/page' });
    expect(page.headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect((await app.inject({ url: '/open' })).headers['x-content-type-options']).toBe('nosniff');
  });

  it('limits the requests of each key to the rate that is set, with 429 and Retry-After, and by default not at all', async () => {
    const limited = await start({ LADING_RATE_LIMIT: '3' });
    const { secret } = await createKey(pool, { name: 'busy', roles: ['read'] });
    const ask = (key: string) => limited.inject({ url: '/v1/ledgers/l/boxes', headers: authorized(key) });
    for (let i = 0; i < 3; i++) expect((await ask(secret)).statusCode).toBe(200);
    const refused = await ask(secret);
    expect(problemOf(refused)).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(ADMIN)).statusCode).toBe(200);
    expect((await limited.inject({ url: '/health/live' })).statusCode).toBe(200);
    await limited.close();
  });

  describe('on a socket', () => {
    let served: NestFastifyApplication;
    let origin: string;
    const port = () => Number(new URL(origin).port);
    beforeAll(async () => {
      served = await start();
      await served.listen(0, '127.0.0.1');
      origin = (await served.getUrl()).replace('localhost', '127.0.0.1');
    });

    it('breaks the connection when an answer fails half-way, so that no client takes it for complete', async () => {
      await expect(fetch(`${origin}/half`).then((answer) => answer.text())).rejects.toThrow();
    });

    it('answers what is not HTTP with a problem document', async () => {
      const said = await new Promise<string>((resolve, reject) => {
        const socket = connect(port(), '127.0.0.1', () => socket.write('HELLO\r\n\r\n'));
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('close', () => {
          resolve(text);
        });
        socket.on('error', reject);
      });
      expect(said).toMatch(/^HTTP\/1.1 400 .*application\/problem\+json.*"code":"malformed"/s);
    });

    it('stops without cutting off an answer, ends open streams, and reports meanwhile that it is not ready', async () => {
      const stream = await fetch(`${origin}/stream`);
      const slow = fetch(`${origin}/slow`).then((answer) => answer.json());
      await eventually(() => {
        expect(waiting).toHaveLength(1);
      });
      const stopped = stopGracefully(served, 300_000);
      const ready = await fetch(`${origin}/health/ready`);
      expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
      // Whoever cut it off would let it fail here.
      expect(await stream.text()).toContain('data: first');
      for (const goOn of waiting) goOn();
      expect(await slow).toEqual({ slow: 'but whole' });
      expect(await stopped).toBe(true);
      await expect(fetch(`${origin}/open`)).rejects.toThrow();
    });
  });
});
