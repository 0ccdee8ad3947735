import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { migrate } from '#platform/database/migrate';
import { STOP_MS } from '#platform/service/onStopSignal';
import { freePort } from '#test/setup/freePort';
import { freshDatabase } from '#test/setup/freshDatabase';
import { temporaryFolder } from '#test/setup/temporaryFolder';

/** What `npm run stack` and the compose file start, and `npm start`. */
const LADING = 'scripts/lading.mjs';
const apps = (...names: string[]) => names.map((name) => `dist/apps/${name}/src/main.js`);

/** The guarantee is 5 s from the signal on; a machine that is busy with other tests may take longer to get round to it. */
describe(`a process that is told to stop ends within ${STOP_MS / 1000} s and with status 0`, () => {
  let folder: string;
  /** It lets everybody in and says nothing. */
  let silent: Server;
  let silentPort: number;
  const heard = new Set<Socket>();
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder('stopped');
  });
  // One for each test: what a process of the test before had sent to it is not heard.
  beforeEach(async () => {
    silent = createServer((socket) => {
      heard.add(socket.on('error', () => undefined).resume());
      socket.once('data', () => silent.emit('asked'));
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    silentPort = (silent.address() as AddressInfo).port;
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    silent.close();
    for (const socket of heard) socket.destroy();
    heard.clear();
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (program: string, settings: Record<string, string>) => {
    const child = spawn(process.execPath, [join(packageRoot, program), ...(program === LADING ? ['up'] : [])], {
      cwd: packageRoot,
      env: {
        ...{ PATH: process.env.PATH, KAFKA_BROKERS: '', LADING_DATA: join(folder, 'data') },
        ...{ LADING_PORT: String(await freePort()), ...settings },
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'close');
    const says = async (what: RegExp) => {
      while (!what.test(said)) {
        const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
        if (over && !what.test(said)) throw new Error(`it ended without saying ${String(what)}:\n${said}`);
      }
    };
    return { child, ended, says, output: () => said };
  };
  const stops = async ({ child, ended, output }: Awaited<ReturnType<typeof start>>) => {
    expect([child.exitCode, output()]).toEqual([null, output()]);
    const asked = performance.now();
    child.kill('SIGTERM');
    await ended;
    expect({ code: child.exitCode, signal: child.signalCode, said: output() }).toEqual({
      ...{ code: 0, signal: null, said: output() },
    });
    expect(performance.now() - asked).toBeLessThan(5 * STOP_MS);
  };

  it.each([LADING, ...apps('shipments', 'relay')])(
    'while a PostgreSQL that says nothing is waited for at the start: %s',
    async (program) => {
      const asked = once(silent, 'asked');
      const running = await start(program, {
        DATABASE_URL: `postgres://lading:x@127.0.0.1:${silentPort}/lading`,
        ...(program.includes('relay') && { KAFKA_BROKERS: `127.0.0.1:${silentPort}` }),
      });
      await asked;
      await stops(running);
    },
  );

  it.each([LADING, ...apps('shipments')])(
    'while its migrations wait for a lock that somebody holds: %s',
    async (program) => {
      const database = await freshDatabase();
      const holder = new pg.Client(database.url);
      await holder.connect();
      await holder.query(`SELECT pg_advisory_lock(hashtextextended('lading migrations', 0))`);
      const running = await start(program, {
        DATABASE_URL: database.url,
      });
      const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lading migrations'`;
      while ((await holder.query(waits)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await stops(running);
      await holder.end();
      await database.drop();
    },
  );

  it.each([LADING, ...apps('relay', 'projector')])('while a Kafka that says nothing is asked: %s', async (program) => {
    const database = await freshDatabase();
    await migrate(database.url, projectionMigrations);
    const asked = once(silent, 'asked');
    const running = await start(program, { DATABASE_URL: database.url, KAFKA_BROKERS: `127.0.0.1:${silentPort}` });
    await asked;
    if (program !== LADING) await running.says(/"listening"/);
    await stops(running);
    await database.drop();
  });
});
