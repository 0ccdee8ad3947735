import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { revokeKey } from '#platform/keys/apiKeys';
import { type EventStream, readEventStream } from '#test/setup/readEventStream';
import { ADMIN_KEY, type QueryService, startQuery } from '#test/setup/startQuery';
import { registry } from '#platform/watching/metrics';

let query: QueryService;
const open: EventStream[] = [];
const ROUTE = '/v1/ledgers/nvidia/events/stream';

async function stream(search = '', headers: Record<string, string> = {}, key = ADMIN_KEY): Promise<EventStream> {
  const opened = await readEventStream(`${query.url}${ROUTE}${search}`, key, headers);
  open.push(opened);
  return opened;
}
const register = (party: string) =>
  query.submit('lading.party.registered.v1', { party, name: party, roles: ['customer'] });
const ids = (events: { id: number }[]) => events.map(({ id }) => id);

beforeAll(async () => {
  query = await startQuery();
  for (const party of ['nvidia', 'tesla', 'x']) await register(party);
});
afterAll(async () => {
  for (const each of open) each.hangUp();
  await query.stop();
});

describe('a stream of server-sent events', () => {
  it('an event stream has every event from the first on, byte for byte, and then those that come', async () => {
    const { until, response } = await stream();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'lading-sequence': '4',
      'x-content-type-options': 'nosniff',
    });
    expect(ids(await until(4))).toEqual([1, 2, 3, 4]);
    await register('xai');
    const events = await until(5);
    const { rows } = await query.pool.query<{ bytes: Buffer }>('SELECT bytes FROM journal.events ORDER BY sequence');
    expect(events.map(({ data }) => data)).toEqual(rows.map(({ bytes }) => bytes.toString()));
  });

  it.each([
    ['the header Last-Event-ID', '?lastEventId=0&after=1', { 'last-event-id': '3' }],
    ['lastEventId', '?lastEventId=3&after=1', {}],
    ['after', '?after=3', {}],
  ])('resumes after the event that %s names', async (_what, search, headers) => {
    const { until } = await stream(search, headers);
    expect((await until(1))[0]?.id).toBe(4);
  });

  it('an event stream has only the events that its filter names, of those that are there and of those that come', async () => {
    const { until, events } = await stream('?subject=party/late');
    await register('other');
    const sequence = await register('late');
    await until(1);
    expect(ids(events)).toEqual([sequence]);
  });

  it('an event stream misses no event and repeats none while many write', async () => {
    const { until } = await stream();
    await Promise.all(Array.from({ length: 300 }, (_, i) => register(`p-${i}`)));
    const { body } = await query.get('/v1/ledgers/nvidia/events?limit=1');
    const events = await until(body.sequence);
    expect(ids(events)).toEqual(Array.from({ length: body.sequence }, (_, i) => i + 1));
  });

  it('an event stream ends in the service when its client leaves', async () => {
    const count = async () => {
      const metrics = await registry.metrics();
      return Number(/^lading_query_event_streams (\d+)$/m.exec(metrics)?.[1]);
    };
    const before = await count();
    const { hangUp, until } = await stream();
    await until(1);
    expect(await count()).toBe(before + 1);
    hangUp();
    while ((await count()) > before) await sleep(10);
  });

  it('an event stream waits for a client that takes nothing, and continues when the client does', async () => {
    const slow = await stream();
    slow.response.pause();
    await Promise.all(Array.from({ length: 300 }, (_, i) => register(`s-${i}`)));
    await sleep(200);
    slow.response.resume();
    const { body } = await query.get('/v1/ledgers/nvidia/events?limit=1');
    expect(ids(await slow.until(body.sequence)).at(-1)).toBe(body.sequence);
  });

  it.each([
    ['is revoked', `revoked = now()`, 401, 'unauthenticated'],
    ['expires', `expires = now() + interval '0.5 s'`, 401, 'unauthenticated'],
    ['loses its role', `roles = '{swaps:write}'`, 403, 'forbidden'],
    ['loses its ledger', `ledgers = '{amd}'`, 403, 'forbidden'],
  ])('an event stream ends with a problem when its key %s', async (what, set, status, code) => {
    const name = `leaver-${what.replaceAll(' ', '-')}`;
    const key = await query.key({ name, roles: ['audit'] });
    const { until, ended, problems, events } = await stream('', {}, key);
    await until(1);
    await query.pool.query(`UPDATE platform.api_keys SET ${set} WHERE name = $1`, [name]);
    await ended;
    expect(problems).toMatchObject([{ status, code }]);
    const seen = events.length;
    await register(`after-${name}`);
    expect(events.length).toBe(seen);
    expect((await query.get(ROUTE, { key })).status).toBe(status);
  });

  it('an event stream whose key may do something else now, and this still, goes on', async () => {
    const key = await query.key({ name: 'stayer', roles: ['audit', 'swaps:write'] });
    const { until, problems } = await stream('?subject=party/stays', {}, key);
    await query.pool.query(
      `UPDATE platform.api_keys SET roles = '{read}', sources = '{urn:a}', ledgers = '{nvidia}' WHERE name = 'stayer'`,
    );
    await register('stays');
    await until(1);
    expect(problems).toEqual([]);
  });

  it('an event stream ends when its key was revoked while the service heard nothing from the database', async () => {
    const key = await query.key({ name: 'unheard', roles: ['audit'] });
    const { until, ended, problems } = await stream('', {}, key);
    await until(1);
    await query.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = current_user AND application_name = 'lading keyring'`,
    );
    await revokeKey(query.pool, 'unheard');
    await ended;
    expect(problems).toMatchObject([{ status: 401 }]);
  });

  it('a question that waits for a sequence ends when its key is revoked', async () => {
    const key = await query.key({ name: 'waiting', roles: ['read'] });
    for (const path of ['holdings', 'events', 'events/stream', 'orders/PO-1']) {
      const name = `waiting-${path.replaceAll('/', '-')}`;
      const key = await query.key({ name, roles: ['read'] });
      const waiting = query.get(`/v1/ledgers/nvidia/${path}?min-sequence=999999`, { key });
      await sleep(50);
      await revokeKey(query.pool, name);
      expect(await waiting).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    }
    expect((await query.get('/v1/ledgers/nvidia/holdings', { key })).status).toBe(200);
  });

  it('a key has 100 event streams open and no more: 429 until one has ended; other keys are not concerned', async () => {
    const key = await query.key({ name: 'many', roles: ['audit'] });
    const streams = await Promise.all(Array.from({ length: 101 }, () => stream('?after=1000000', {}, key)));
    const refused = streams.filter(({ response }) => response.statusCode === 429);
    expect(refused.map(({ response }) => response.headers['retry-after'])).toEqual(['10']);
    expect((await stream()).response.statusCode).toBe(200);
    streams.find(({ response }) => response.statusCode === 200)?.hangUp();
    while ((await stream('', {}, key)).response.statusCode !== 200) await sleep(10);
    for (const each of streams) each.hangUp();
  });

  it('HEAD of an event stream answers the headers and ends', async () => {
    const response = await fetch(`${query.url}${ROUTE}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
  });

  it('an event stream refuses a Last-Event-ID that is no sequence', async () => {
    const answer = await query.get(ROUTE, { headers: { 'last-event-id': 'x' } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ pointer: '/Last-Event-ID' }]);
  });

  it('an event stream does not keep the process from stopping', async () => {
    const other = await startQuery();
    const { until, ended, response } = await readEventStream(`${other.url}${ROUTE}`, ADMIN_KEY);
    await until(1);
    await other.stop();
    await ended;
    // The service has ended it: one that has to be cut off when the time of a stop is over is not complete.
    expect(response.complete).toBe(true);
  });
});
