import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keyring } from '#platform/keys/keyring';
import {
  BATCH,
  CLOUD_EVENT,
  intakeDatabase,
  NDJSON,
  order,
  startWritingApp,
  type WritingApp,
} from '#test/intake/writingApp';

let app: WritingApp;
let other: WritingApp;
let head: number;

beforeAll(async () => {
  const url = await intakeDatabase();
  app = await startWritingApp(url);
  other = await startWritingApp(url);
  await app.open();
});
beforeEach(async () => {
  head = await app.head();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await app.close();
  await other.close();
});

interface Line {
  readonly line: number;
  readonly status: number;
  readonly problem?: { readonly code: string };
}

const line = (sent: unknown) => `${JSON.stringify(sent)}\n`;
const linesIn = (text = ''): unknown[] =>
  text
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => JSON.parse(one) as unknown);
const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) await sleep(5);
};
let made = 0;
const newKey = async () => {
  const name = `changing-${++made}`;
  return { name, headers: await app.keyed({ name, roles: ['shipments:write'] }) };
};
const change = (name: string, set: string) =>
  app.pool.query(`UPDATE platform.api_keys SET ${set} WHERE name = $1`, [name]);

/** A request whose body is written by hand. */
function begin(base: string, headers: Record<string, string>, path = 'events'): ClientRequest {
  const sent = request(`${base}/v1/ledgers/nvidia/${path}`, { method: 'POST', headers });
  sent.on('error', () => undefined);
  return sent;
}

/** A stream that has had the result of its first line, so that it is certainly open. */
async function openStream(base: string, headers: Record<string, string>) {
  const sent = begin(base, { 'content-type': NDJSON, ...headers });
  sent.write(line(order()));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(response, 'end');
  const lines = () => linesIn(text) as Line[];
  await until(() => lines().length === 1);
  return { sent, lines, ended };
}

describe('a stream whose key changes', () => {
  it.each([
    ['is revoked', 'revoked = now()', 401, 'unauthenticated'],
    ['expires', 'expires = now()', 401, 'unauthenticated'],
    ['gets another secret', `hash = sha256(gen_random_uuid()::text::bytea)`, 401, 'unauthenticated'],
    ['loses the role', `roles = '{read}'`, 403, 'forbidden'],
    ['loses the ledger', `ledgers = '{amd}'`, 403, 'forbidden'],
  ])('ends in every process when the key %s, and its last line says so', async (_what, set, status, code) => {
    const { name, headers } = await newKey();
    const streams = [await openStream(app.base, headers), await openStream(other.base, headers)];
    await change(name, set);
    for (const { ended, lines } of streams) {
      await ended;
      expect(lines().slice(1)).toMatchObject([{ line: 2, status, problem: { code } }]);
    }
    expect(await app.head()).toBe(head + 2);
  });

  it('records nothing more once the key is revoked, however fast the client goes on', async () => {
    const { name, headers } = await newKey();
    const { sent, lines, ended } = await openStream(app.base, headers);
    const over = new AbortController();
    void ended.then(() => {
      over.abort();
    });
    const writing = (async () => {
      while (!over.signal.aborted) {
        sent.write(line(order()));
        await sleep(1);
      }
    })();
    await until(() => lines().length > 20);
    await change(name, 'revoked = now()');
    await ended;
    await writing;
    const recorded = lines().filter(({ status }) => status === 201).length;
    expect(await app.head()).toBe(head + recorded);
    const refused = lines().slice(recorded);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
  });

  it('records nothing more when the key was revoked while the service heard nothing from the database', async () => {
    const { name, headers } = await newKey();
    const { sent, lines, ended } = await openStream(app.base, headers);
    await app.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = current_user AND application_name = 'lading keyring'`,
    );
    await change(name, 'revoked = now()');
    sent.write(line(order()));
    await ended;
    // The line may be there before the service has noticed that it hears nothing; then it looks, and ends the stream.
    expect(lines().at(-1)).toMatchObject({ status: 401 });
    expect(lines().length).toBeLessThanOrEqual(3);
    expect(await app.head()).toBe(head + lines().length - 1);
  });

  it('goes on with what the key still may, and refuses the lines that it may not submit any more', async () => {
    const { name, headers } = await newKey();
    const { sent, lines, ended } = await openStream(app.base, headers);
    await change(
      name,
      `sources = '{urn:other}', party = 'tesla', ledgers = '{nvidia}', roles = '{shipments:write,read}'`,
    );
    let result: Line | undefined;
    await until(async () => {
      const before = lines().length;
      sent.write(line(order()));
      await until(() => lines().length > before);
      result = lines().at(-1);
      return result?.status === 403;
    });
    sent.end(line(order({ source: 'urn:other' })));
    await ended;
    expect(lines().at(-1)).toMatchObject({ status: 201 });
  });
});

describe('events that wait for their ledger while their key is revoked', () => {
  it.each([
    ['one', CLOUD_EVENT, '', () => JSON.stringify(order())],
    ['a batch', BATCH, '', () => JSON.stringify([order(), order()])],
    ['an atomic batch', BATCH, '?atomic=true', () => JSON.stringify([order(), order()])],
    ['a stream', NDJSON, '', () => line(order()) + line(order())],
  ])('are not recorded: %s', async (_what, type, query, body) => {
    const { name, headers } = await newKey();
    const held = (await app.app.get(Keyring).hold(headers.authorization!.slice('Bearer '.length)))!;
    const client = await app.pool.connect();
    try {
      await client.query(`BEGIN; SELECT 1 FROM journal.ledgers WHERE ledger = 'nvidia' FOR UPDATE`);
      const answer = app.send('POST', `/v1/ledgers/nvidia/events${query}`, body(), {
        'content-type': type,
        ...headers,
      });
      await until(async () => {
        const { rowCount } = await app.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rowCount !== null && rowCount > 0;
      });
      await change(name, 'revoked = now()');
      await until(() => held.ended.aborted);
      await client.query('COMMIT');
      const { status, body: said } = await answer;
      const results = (said.results ?? linesIn(said.text as string | undefined)) as Line[];
      expect([status, ...results.map((one) => one.status)].filter((one) => one !== 200)).not.toContain(201);
      expect(status === 200 ? results.map((one) => one.status).at(0) : status).toBe(401);
      expect(await app.head()).toBe(head);
    } finally {
      client.release();
      held.release();
    }
  });
});

describe('a body that comes slowly while its key is revoked', () => {
  it.each([
    ['one event', CLOUD_EVENT, 'events', () => JSON.stringify(order())],
    ['a batch', BATCH, 'events?atomic=true', () => JSON.stringify([order()])],
  ])('is refused when it is there: %s', async (_what, type, path, body) => {
    const { name, headers } = await newKey();
    const text = body();
    const held = vi.spyOn(app.app.get(Keyring), 'hold');
    const sent = begin(app.base, { 'content-type': type, 'content-length': String(text.length), ...headers }, path);
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    sent.write(text.slice(0, -10));
    await until(() => held.mock.settledResults.some((result) => result.type === 'fulfilled'));
    await change(name, 'revoked = now()');
    await until(async () => (await app.send('POST', '/v1/ledgers/nvidia/events', '', headers)).status === 401);
    sent.end(text.slice(-10));
    const [response] = await answered;
    expect(response.statusCode).toBe(401);
    response.resume();
    expect(await app.head()).toBe(head);
  });
});
