import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '#platform/keys/actor';
import { revokeKey } from '#platform/keys/apiKeys';
import {
  BATCH,
  CLOUD_EVENT,
  event,
  intakeDatabase,
  NDJSON,
  order,
  reassigned,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

/** Every writing route, with a request that an admin would get through, or near it. */
const ROUTES: readonly (readonly [method: string, path: string, type: string, role: Role])[] = [
  ['PUT', '/v1/ledgers/nvidia', 'application/json', 'admin'],
  ['POST', '/v1/ledgers/nvidia/events', CLOUD_EVENT, 'shipments:write'],
  ['POST', '/v1/ledgers/nvidia/events', BATCH, 'shipments:write'],
  ['POST', '/v1/ledgers/nvidia/events?atomic=true', BATCH, 'shipments:write'],
  ['POST', '/v1/ledgers/nvidia/events', NDJSON, 'shipments:write'],
  ['POST', '/v1/ledgers/nvidia/reallocations', 'application/json', 'reallocations:write'],
  ['POST', '/v1/ledgers/nvidia/holds', 'application/json', 'reallocations:write'],
  ['POST', '/v1/ledgers/nvidia/holds/H-1/release', 'application/json', 'reallocations:write'],
  ['POST', '/v1/ledgers/nvidia/swaps', 'application/json', 'swaps:write'],
  ['POST', '/v1/ledgers/nvidia/swaps/SW-1/acceptance', 'application/json', 'swaps:write'],
  ['POST', '/v1/ledgers/nvidia/swaps/SW-1/rejection', 'application/json', 'swaps:write'],
  ['POST', '/v1/ledgers/nvidia/swaps/SW-1/withdrawal', 'application/json', 'swaps:write'],
  ['POST', '/v1/ledgers/nvidia/swaps/SW-1/execution', 'application/json', 'swaps:write'],
];
const WRITING: Role[] = ['shipments:write', 'reallocations:write', 'swaps:write'];

let app: WritingApp;
let head: number;

beforeAll(async () => {
  app = await startWritingApp(await intakeDatabase());
  await app.open();
  await app.submit(order({}, { name: 'PO-1' }));
});
beforeEach(async () => {
  head = await app.head();
});
afterAll(() => app.close());

const bodies: Readonly<Record<string, () => string>> = {
  [CLOUD_EVENT]: () => JSON.stringify(order()),
  [BATCH]: () => JSON.stringify([order()]),
  [NDJSON]: () => JSON.stringify(order()),
  'application/json': () => JSON.stringify({ name: 'Other', keeper: 'x' }),
};

describe.each(ROUTES)('%s %s (%s)', (method, path, type, role) => {
  const ask = (headers: Record<string, string>) =>
    app.send(method, path, bodies[type]?.(), { 'content-type': type, 'idempotency-key': 'k', ...headers });

  it('a request without a key, with a wrong one, or with a revoked one is answered 401, and nothing is kept', async () => {
    const name = `revoked-${Math.random()}`;
    const revoked = await app.keyed({ name, roles: [role] });
    await revokeKey(app.pool, name);
    for (const headers of [
      { authorization: '' },
      { authorization: 'Bearer wrong' },
      { authorization: 'Basic YTpi' },
      revoked,
    ]) {
      expect(await ask(headers)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    expect(await app.head()).toBe(head);
  });

  it('a key without the role of the route, or without access to the ledger, is answered 403, and nothing is kept', async () => {
    const route = path.endsWith('/events') || path.includes('/events?') ? WRITING : [role];
    const others = (['read', 'audit', 'admin', ...WRITING] as const).filter((one) => !route.includes(one));
    for (const headers of [await app.keyed({ roles: others }), await app.keyed({ roles: [role], ledgers: ['amd'] })]) {
      expect(await ask(headers)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await app.head()).toBe(head);
  });
});

describe('a key', () => {
  it('a key submits only the event types of its roles, also where all types are taken', async () => {
    const desk = await app.keyed({ roles: ['reallocations:write'] });
    expect(await app.submit(order(), desk)).toMatchObject({ status: 403, body: { role: 'shipments:write' } });
    const made = event('lading.reallocation.made.v1', reassigned('tesla', 'x', 'PO-1', 1));
    const { body } = await app.batch([order(), made], '', desk);
    expect(body).toMatchObject({ results: [{ status: 403 }, { status: 201 }] });
    expect(await app.batch([order()], '?atomic=true', desk)).toMatchObject({ status: 403, body: { index: 0 } });
    expect(await app.stream(JSON.stringify(order()), desk)).toMatchObject([
      { status: 403, problem: { code: 'forbidden' } },
    ]);
    expect(await app.head()).toBe(head + 1);
  });

  it('a key submits only as its own sources', async () => {
    const supplier = await app.keyed({ roles: ['shipments:write'], sources: ['urn:nvidia:erp'] });
    expect(await app.submit(order({ source: 'urn:nvidia:erp' }), supplier)).toMatchObject({ status: 201 });
    expect(await app.submit(order(), supplier)).toMatchObject({ status: 403, body: { source: 'urn:test' } });
    expect(await app.head()).toBe(head + 1);
  });

  it('a key cannot submit in the name of another key', async () => {
    const one = await app.keyed({ name: 'one', roles: ['shipments:write'] });
    expect((await app.submit(order({ source: 'urn:lading:key:two' }), one)).status).toBe(403);
    expect((await app.submit(order({ source: 'urn:lading:key:one' }), one)).status).toBe(201);
    for (const source of ['URN:LADING:key:one', 'urn:lading:ledger', 'urn:%6cading:key:one', 'Urn:Lading:x']) {
      expect([source, (await app.submit(order({ source }), one)).status]).toEqual([source, 403]);
      expect([source, (await app.submit(order({ source }))).status]).toEqual([source, 403]);
    }
  });

  it('a key that is confined to some ledgers may submit to those', async () => {
    expect(
      (await app.submit(order(), await app.keyed({ roles: ['shipments:write'], ledgers: ['nvidia'] }))).status,
    ).toBe(201);
  });
});
