import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { contractDocument } from '#apps/cli/src/up/contractDocument';
import { AllInOneModule } from '#apps/cli/src/up/allInOne.module';
import { Journal } from '#journal/journal';
import { type Role, roles } from '#platform/keys/actor';
import { createKey, revokeKey, rotateKey } from '#platform/keys/apiKeys';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { migrate } from '#platform/database/migrate';
import { POOL } from '#platform/service/tokens';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { signLedger } from '#test/evidence/signLedger';
import { eventually } from '#test/feed/eventually';
import { freshDatabase } from '#test/setup/freshDatabase';
import { temporaryFolder } from '#test/setup/temporaryFolder';

/** Who may, by the contract; a route that is in none of these lines is one that nobody thought about. */
function mayCall(method: string, path: string): readonly Role[] | 'anybody' {
  if (!path.startsWith('/v1')) return 'anybody';
  const rest = path.replace('/v1/ledgers/{ledger}', 'L');
  if (method === 'put' && rest === 'L') return ['admin'];
  // What may be submitted may be taken back.
  if (method === 'post' && /^L\/(events|voids)$/.test(rest))
    return ['shipments:write', 'reallocations:write', 'swaps:write'];
  if (method === 'post' && /^L\/(reallocations|holds)/.test(rest)) return ['reallocations:write'];
  if (method === 'post' && rest.startsWith('L/swaps')) return ['swaps:write'];
  // What proves the events, and says nothing of what is in them.
  if (method === 'get' && /^L\/(events|checkpoint|tile|proofs)/.test(rest)) return ['read', 'audit'];
  if (method === 'get' && rest.startsWith('L/')) return ['read'];
  if (method === 'get') return ['read', 'audit', 'admin'];
  throw new Error(`the contract does not say who may ${method} ${path}`);
}

interface Route {
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  readonly body: string | undefined;
  /** The parameters that it cannot do without, with their examples. */
  readonly needs: string;
}

interface Operation {
  readonly requestBody?: { readonly content: object };
  readonly parameters?: readonly { in: string; name: string; required?: boolean; example?: string | number }[];
}

const document = await contractDocument();
const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Operation>).map(
    ([method, { requestBody, parameters = [] }]): Route => ({
      method: method as Route['method'],
      path,
      body: requestBody && Object.keys(requestBody.content)[0],
      needs: parameters
        .filter((parameter) => parameter.in === 'query' && parameter.required === true)
        .map(({ name, example = '' }) => `&${name}=${example}`)
        .join(''),
    }),
  ),
);
const named = routes.map((route): [string, Route] => [`${route.method.toUpperCase()} ${route.path}`, route]);
const closed = named.filter(([, { method, path }]) => mayCall(method, path) !== 'anybody');
const ofLedger = closed.filter(([, { path }]) => path.includes('{ledger}'));

let app: NestFastifyApplication;
let pool: pg.Pool;
let folder: string;
let weak: ReadonlyMap<Role, string>;
let elsewhere: string;
const dead: [what: string, header: string | undefined][] = [];

beforeAll(async () => {
  const database = await freshDatabase({
    template: 'all in one',
    migrate: (url) => migrate(url, projectionMigrations),
  });
  // Its signer keeps what it published: in the folder of the checkout, the next start would miss that ledger.
  folder = await temporaryFolder('keys');
  const env = {
    DATABASE_URL: database.url,
    LADING_DATA: folder,
    LADING_ADMIN_KEY: 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6',
    LOG_LEVEL: 'silent',
  };
  const config = readConfig({ env }) as WithDatabase;
  app = await createApp(AllInOneModule.with({ kafkaBrokers: [] }), config);
  pool = app.get<pg.Pool>(POOL);
  await app.get(Journal).open('nvidia', { name: 'Nvidia allocations', keeper: 'nvidia' }, 'admin');
  await signLedger(pool, 'nvidia');

  const made = roles.map(async (role) => {
    const { secret } = await createKey(pool, { name: `only-${role}`, roles: [role] });
    return [role, secret] as const;
  });
  weak = new Map(await Promise.all(made));
  elsewhere = (await createKey(pool, { name: 'elsewhere', roles, ledgers: ['another'] })).secret;
  const revoked = await createKey(pool, { name: 'revoked', roles });
  await call(routes[0]!, `Bearer ${revoked.secret}`);
  await revokeKey(pool, 'revoked');
  const rotated = await createKey(pool, { name: 'rotated', roles });
  await rotateKey(pool, 'rotated');
  dead.push(
    ['no key', undefined],
    ['an empty key', 'Bearer '],
    ['a wrong key', `Bearer ${'x'.repeat(43)}`],
    ['a revoked key', `Bearer ${revoked.secret}`],
    ['a key that was rotated away', `Bearer ${rotated.secret}`],
    ['a good key under another scheme', `Basic ${weak.get('admin') ?? ''}`],
    ['two keys', `Bearer ${weak.get('read') ?? ''}, Bearer ${weak.get('admin') ?? ''}`],
  );
  // Until the service has heard of the key that it knew, and everything in it works.
  const [of, ready] = [closed[0]![1], { ...closed[0]![1], path: '/health/ready' }];
  await eventually(async () => {
    expect((await call(of, `Bearer ${revoked.secret}`)).statusCode).toBe(401);
    expect((await call(ready, undefined, 'GET')).statusCode).toBe(200);
  });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

let calls = 0;

/** Each call comes from another address, because wrong keys are counted by address. */
function call(
  { method, path, body, needs }: Route,
  authorization: string | undefined,
  as: string = method,
  query = '?',
) {
  const url = `${path}${query}${query === '?' ? needs.slice(1) : needs}`
    .replace('{ledger}', 'nvidia')
    .replace('{sequence}', '1')
    .replaceAll(/\{\w+\}/g, 'some-id');
  calls += 1;
  return app.inject({
    method: as as 'GET',
    url,
    remoteAddress: `127.0.${calls >> 8}.${calls & 255}`,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { 'content-type': body, 'idempotency-key': 'k-1' }),
    },
    ...(body !== undefined && { payload: '{}' }),
  });
}

describe('without a key that is in force', () => {
  it.each(closed)('%s answers 401, the same for every reason', async (_name, route) => {
    for (const [what, header] of dead) {
      const { statusCode, headers, body } = await call(route, header);
      const { code, instance, ...rest } = JSON.parse(body) as Record<string, unknown>;
      expect({ what, statusCode, code, type: headers['content-type'] }).toEqual({
        what,
        statusCode: 401,
        code: 'unauthenticated',
        type: 'application/problem+json',
      });
      expect(headers['www-authenticate']).toMatch(/^Bearer /);
      expect(Object.keys(rest).sort()).toEqual(['detail', 'status', 'title', 'type']);
      if (route.method === 'get') expect((await call(route, header, 'HEAD')).statusCode).toBe(401);
    }
  });

  it.each(
    named.filter(
      ([, { method, path }]) =>
        mayCall(method, path) === 'anybody' && !/^\/($|docs|openapi|asyncapi|schemas)/.test(path),
    ),
  )('%s is answered: it is about nobody', async (_name, route) => {
    expect((await call(route, undefined)).statusCode).toBe(200);
  });
});

describe('with a key that may not', () => {
  it.each(closed)('%s answers 403 to every role that it does not name', async (_name, route) => {
    const allowed = mayCall(route.method, route.path);
    for (const [role, key] of weak) {
      if (allowed.includes(role)) continue;
      const { statusCode, body } = await call(route, `Bearer ${key}`);
      expect({ role, statusCode }).toEqual({ role, statusCode: 403 });
      expect(JSON.parse(body)).toMatchObject({ code: 'forbidden' });
    }
  });

  it.each(ofLedger)('%s answers 403 to a key of another ledger', async (_name, route) => {
    const { statusCode, body } = await call(route, `Bearer ${elsewhere}`);
    expect(statusCode).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ code: 'forbidden' });
  });
});

describe('with a key that may', () => {
  it.each(closed.filter(([, { path }]) => !path.endsWith('/stream')))('%s lets it in', async (_name, route) => {
    for (const [role, key] of weak) {
      if (!mayCall(route.method, route.path).includes(role)) continue;
      const { statusCode } = await call(route, `Bearer ${key}`);
      expect([401, 403]).not.toContain(statusCode);
      expect(statusCode).toBeLessThan(500);
    }
  });
});

describe('with a parameter that a route does not know', () => {
  it.each(closed)('%s answers 400, names it, and does nothing', async (_name, route) => {
    const role = mayCall(route.method, route.path)[0] as Role;
    const authorization = `Bearer ${weak.get(role) ?? ''}`;
    const before = await pool.query('SELECT count(*) FROM journal.events');
    for (const name of ['nobody-knows', 'atomc', 'Atomic', 'LIMIT', '__proto__', 'constructor', '']) {
      const { statusCode, body } = await call(route, authorization, undefined, `?${name}=true`);
      expect({ name, statusCode }).toEqual({ name, statusCode: 400 });
      const { errors } = JSON.parse(body) as { errors: { pointer: string }[] };
      expect(errors.map(({ pointer }) => pointer)).toEqual([`/${name}`]);
    }
    expect((await pool.query('SELECT count(*) FROM journal.events')).rows).toEqual(before.rows);
  });
});
