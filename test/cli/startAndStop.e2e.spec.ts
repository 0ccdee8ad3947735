import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { isRunning } from '#servers/process/isRunning.mjs';
import { freePort } from '#test/setup/freePort';
import { freshDatabase } from '#test/setup/freshDatabase';
import { runLading } from './runLading.ts';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';

let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await temporaryFolder('stop');
  await putCluster(join(folder, 'data/postgres'));
  env = {
    LADING_DATA: join(folder, 'data'),
    LADING_PORT: String(await freePort()),
    DATABASE_URL: '',
    KAFKA_BROKERS: '',
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const runningFile = (): string => join(folder, 'data/running.json');

/** `npm start`, until it says that it runs: npm's process, and those that must end with it. */
async function npmStart() {
  const npm = spawn('npm', ['start', '--silent'], {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let output = '';
  for await (const chunk of npm.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    output += chunk;
    if (output.includes('Ctrl-C stops it.')) break;
  }
  const { pid } = JSON.parse(readFileSync(runningFile(), 'utf8')) as { pid: number };
  const postgres = Number(readFileSync(join(folder, 'data/postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0]);
  return { npm, node: pid, postgres };
}

describe('npm start', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'stops node and PostgreSQL, and frees its folder, when npm alone gets a %s',
    async (signal) => {
      const { npm, node, postgres } = await npmStart();
      npm.kill(signal);
      await once(npm, 'exit');
      while (isRunning(node, 'start.mjs') || isRunning(postgres, 'postgres')) await sleep(20);
      expect(existsSync(runningFile())).toBe(false);
      expect(existsSync(join(folder, 'data/lading.pid'))).toBe(false);
    },
  );

  it('says in one line that its port is taken, before it starts anything', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(env.LADING_PORT), '127.0.0.1', resolve));
    const { code, said } = await runLading(['up'], { ...env, LADING_DATA: join(folder, 'untouched') });
    other.close();
    expect(code).toBe(2);
    expect(said).toBe(
      `lading: LADING_PORT: another program listens on 127.0.0.1:${env.LADING_PORT}: stop it, or set another port\n`,
    );
    expect(existsSync(join(folder, 'untouched'))).toBe(false);
  });

  it('says in one line that its data folder cannot be used', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, said } = await runLading(['up'], { ...env, LADING_DATA: join(folder, 'file') });
    expect(code).toBe(2);
    expect(said).toMatch(
      /^lading: LADING_DATA: the data folder \S+ is a file: remove the file, or set LADING_DATA .*\n$/,
    );
  });

  it('says in one line that no Kafka answers at the address it was given', async () => {
    const brokers = `127.0.0.1:${String(await freePort())}`;
    const { code, said } = await runLading(['up'], { ...env, KAFKA_BROKERS: brokers });
    expect(code).toBe(4);
    expect(said).toMatch(/^lading: KAFKA_BROKERS: no Kafka answers at \S+\. Start it, .*\n$/);
  });

  it('reports the error of a start, and not one of the stop that follows it', async () => {
    const database = await freshDatabase();
    const url = new URL(database.url);
    url.password = 'not-the-one';
    const { code, said } = await runLading(['up'], { ...env, DATABASE_URL: url.href });
    await database.drop();
    expect(code).not.toBe(0);
    expect(said).not.toContain('not-the-one');
    expect(said).toMatch(/^lading: DATABASE_URL: PostgreSQL refuses: the password is wrong\n$/);
  });
});

describe('a command that looks for what runs', () => {
  it('does not take the file of a killed process for a running Lading', async () => {
    writeFileSync(runningFile(), JSON.stringify({ pid: 2 ** 22 + 1, url: 'http://127.0.0.1:1', databaseUrl: 'x' }));
    const { code, said } = await runLading(['api-keys', 'list'], env);
    expect(code).toBe(4);
    expect(said).toMatch(/^lading: No database: no Lading runs on \S+data\. Start one with "npm start"/);
  });
});
