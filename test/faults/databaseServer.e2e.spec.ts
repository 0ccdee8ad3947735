import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '#apps/cli/src/packageRoot';
import type { Problem } from '#contracts/problem';
import { type Cluster, startCluster } from '#servers/postgres/cluster.mjs';
import { eventually } from '#test/feed/eventually';
import { freePort } from '#test/setup/freePort';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const ADMIN = 'dAtAbAsE-sErVeR-9f8e7d6c5b4a39281706';
const PASSWORD = 'aDatabasePasswordForTests';
/** Few enough for a test to take them all. */
const CONNECTIONS = 60;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Problem & { readonly recorded?: string };
}

/** One Lading on a PostgreSQL of somebody else, which has every trouble that such a server can have. */
describe('a Lading whose PostgreSQL', () => {
  let folder: string;
  let cluster: Cluster;
  let child: ChildProcess;
  let base: string;
  let said = '';
  /** Every id that was sent. */
  const sent: string[] = [];

  const startServer = async (port?: number) => {
    // What was answered survives a crash of PostgreSQL; `durable` is about crashes of the machine.
    const settings = { max_connections: CONNECTIONS, restart_after_crash: 'on', synchronous_commit: 'on' };
    const options = { dataDir: join(folder, 'server'), password: PASSWORD, durable: false, settings };
    cluster = await startCluster({ ...options, ...(port !== undefined && { port }) });
  };
  const connected = async (url = cluster.url) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const asLading = () => Object.assign(new URL(cluster.url), { username: 'lading', pathname: '/lading' }).href;
  const asAdmin = async (...statements: string[]) => {
    const client = await connected();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const END_LADING = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lading' AND application_name LIKE 'lading %'`;

  beforeAll(async () => {
    folder = await temporaryFolder('server');
    await startServer();
    await asAdmin(`CREATE ROLE lading LOGIN NOSUPERUSER PASSWORD '${PASSWORD}'`, 'CREATE DATABASE lading OWNER lading');
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const settings = { DATABASE_URL: asLading(), LADING_DATA: join(folder, 'data'), LADING_ADMIN_KEY: ADMIN };
    child = spawn(process.execPath, [join(packageRoot, 'scripts/lading.mjs'), 'up'], {
      env: {
        ...process.env,
        KAFKA_BROKERS: '',
        NODE_OPTIONS: '',
        LADING_PORT: String(port),
        ...settings,
        LADING_PATIENCE: '2',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await isWell();
    const opening = { name: 'Nvidia', keeper: 'nvidia' };
    await eventually(() => isTaken(send('PUT', '/v1/ledgers/nvidia', opening)));
    await eventually(() => isTaken(submit('party-0')));
  });
  afterAll(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    await cluster.kill('SIGQUIT');
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  const send = async (method: string, path: string, body?: unknown, type = 'application/json'): Promise<Answer> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN}`, ...(body !== undefined && { 'content-type': type }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, retryAfter, body: (await response.json()) as Answer['body'] };
  };
  const isWell = () =>
    eventually(async () => {
      const ready = await fetch(`${base}/health/ready`).catch(() => undefined);
      expect([ready?.status, await ready?.text()]).toEqual([200, expect.any(String)]);
    });
  const submit = (id = `party-${sent.length}`) => {
    if (!sent.includes(id)) sent.push(id);
    const data = { party: id, name: id, roles: ['customer'] };
    const event = { specversion: '1.0', id, source: 'urn:test', type: 'lading.party.registered.v1', data };
    const time = '2023-12-01T00:00:00Z';
    return send('POST', '/v1/ledgers/nvidia/events', { ...event, time }, 'application/cloudevents+json');
  };
  /** A slow machine may take longer than the patience of this Lading: then it is sent again. */
  const isTaken = (answer: Promise<Answer>) => expect(answer).resolves.toSatisfy(({ status }: Answer) => status < 300);
  const ask = () => send('GET', '/v1/ledgers/nvidia/parties?limit=1');

  /** What everybody is told while it lasts. `asking`: whether questions are answered meanwhile; `cause` brings it about, again where it has to. */
  async function isSaid(detail: RegExp, { asking = 503, cause = () => Promise.resolve() } = {}): Promise<void> {
    await eventually(async () => {
      await cause();
      const { status, retryAfter, body } = await submit();
      expect({ status, detail: body.detail, code: body.code }).toEqual({
        ...{ status: 503, detail: expect.stringMatching(detail), code: 'unavailable' },
      });
      expect(retryAfter).toMatch(/^[1-9]\d*$/);
      expect(body.recorded).toMatch(/^(no|unknown)$/);
    });
    const question = await ask();
    expect(question.status).toBe(asking);
    if (asking === 503) expect(question.body.detail).toMatch(detail);
    await eventually(async () => {
      const ready = await fetch(`${base}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(detail)]);
    });
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    await eventually(() => {
      expect(said).toMatch(detail);
    });
  }

  /** It has passed by itself: everything that was sent can be sent again, and is there once; the read models have all of it. */
  async function hasPassed(): Promise<void> {
    await isWell();
    for (const id of sent) {
      await eventually(() => isTaken(submit(id)));
    }
    const rows = await eventually(async () => {
      const { status, body } = await send('GET', '/v1/ledgers/nvidia/events?limit=1000');
      expect(status).toBe(200);
      return (body as unknown as { data: { id: string }[] }).data;
    });
    expect(
      rows
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...sent].sort());
    // What feeds the read models tries again with pauses.
    await eventually(async () => {
      const asked = await send('GET', `/v1/ledgers/nvidia/parties?limit=1000&min-sequence=${rows.length}`);
      expect(asked).toMatchObject({ status: 200, body: { sequence: rows.length } });
      expect((asked.body as unknown as { data: unknown[] }).data).toHaveLength(sent.length);
    });
    expect(child.exitCode).toBeNull();
  }

  it('has no connection left says so, records nothing by halves, and goes on when there is one again', async () => {
    await asAdmin('CREATE ROLE hog LOGIN', `ALTER ROLE hog PASSWORD '${PASSWORD}'`);
    const hogs: pg.Client[] = [];
    const url = Object.assign(new URL(cluster.url), { username: 'hog' }).href;
    const admin = await connected();
    // A connection of Lading's that is being made when the others are ended belongs to nobody yet, and is ended the next time.
    const takeAll = async () => {
      await admin.query(END_LADING);
      for (;;) {
        const hog = await connected(url).catch((error: unknown) => error as { code?: string });
        if (hog instanceof pg.Client) {
          hogs.push(hog);
          continue;
        }
        expect(hog.code).toBe('53300');
        break;
      }
      const { rows } = await admin.query(`SELECT FROM pg_stat_activity WHERE usename = 'lading'`);
      expect(rows).toEqual([]);
    };
    try {
      await isSaid(/no connection left: its max_connections is too low, or somebody holds too many/, {
        cause: takeAll,
      });
    } finally {
      await Promise.all(hogs.map((hog) => hog.end()));
      await admin.end();
    }
    await hasPassed();
  });

  it('takes no writes, as after a failover, says so and goes on answering questions, and takes events when it takes writes', async () => {
    await asAdmin('ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
    await isSaid(/takes no writes at the moment: it is a standby, or was set to be read only/, { asking: 200 });
    const admin = await connected();
    await admin.query('SET default_transaction_read_only = off');
    await admin.query('ALTER SYSTEM RESET default_transaction_read_only');
    await admin.query('SELECT pg_reload_conf()');
    await admin.end();
    await hasPassed();
  });

  it('is shut down while somebody still works says that it stops, and goes on with the one that is started after it', async () => {
    const { port } = cluster;
    const lingering = await connected();
    // "Smart": those who are connected may stay, and nobody else is let in.
    process.kill(cluster.pid, 'SIGTERM');
    await eventually(async () => {
      await expect(connected()).rejects.toMatchObject({ code: '57P03' });
    });
    await lingering.query(END_LADING);
    await isSaid(/the database is (being stopped|starting, or recovering from a crash)/);
    await lingering.end();
    await cluster.exited;
    await startServer(port);
    await hasPassed();
  });

  it('recovers from a crash loses nothing that was answered, and waits until it has recovered', async () => {
    await eventually(() => isTaken(submit('before-the-crash')));
    const admin = await connected();
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE usename = 'lading' LIMIT 1`,
    );
    // PostgreSQL ends all sessions when one of its processes is killed, and recovers.
    process.kill(rows[0]!.pid, 'SIGKILL');
    const meanwhile = await Promise.all(Array.from({ length: 5 }, () => submit()));
    for (const { status } of meanwhile) expect([201, 503]).toContain(status);
    await admin.end().catch(() => undefined);
    await hasPassed();
  });
});
