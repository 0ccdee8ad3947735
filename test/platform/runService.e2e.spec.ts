import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { programOf } from '#scripts/ensure/projects.mjs';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { eventually } from '#test/feed/eventually';
import { freePort } from '#test/setup/freePort';
import { freshDatabase } from '#test/setup/freshDatabase';
import { temporaryFolder } from '#test/setup/temporaryFolder';

const PASSWORD = 'a-password-that-nobody-prints';

class Service {
  said = '';
  readonly #ended: Promise<unknown[]>;
  constructor(private readonly child: ChildProcess) {
    child.stderr!.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    this.#ended = once(child, 'close');
  }
  async exit(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.said)) {
      const ended = await Promise.race([
        once(this.child.stderr!, 'data').then(() => false),
        this.#ended.then(() => true),
      ]);
      if (ended && !what.test(this.said)) throw new Error(`it ended without saying ${String(what)}:\n${this.said}`);
    }
  }
  kill(signal: NodeJS.Signals): void {
    if (this.child.exitCode === null) this.child.kill(signal);
  }
}

describe("a service's process", () => {
  let dataDir: string;
  let database: string;
  const started: Service[] = [];
  beforeAll(async () => {
    await ensureBuild();
    dataDir = await temporaryFolder('service');
    database = (await freshDatabase()).url;
  });
  afterEach(async () => {
    for (const service of started.splice(0)) {
      service.kill('SIGKILL');
      await service.exit();
    }
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  const start = (settings: Record<string, string>) => {
    const child = spawn(process.execPath, [join(packageRoot, programOf('shipments'))], {
      env: { PATH: process.env.PATH, LADING_DATA: dataDir, LADING_PORT: '0', DATABASE_URL: database, ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const service = new Service(child);
    started.push(service);
    return service;
  };
  const urlIn = (said: string) => /"url":"([^"]+)"/.exec(said)![1]!;

  it('starts on an empty database, becomes ready, and exits with 0 when it is told to stop', async () => {
    const service = start({});
    await service.says(/"listening"/);
    await eventually(async () => {
      const ready = await fetch(`${urlIn(service.said)}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([200, expect.any(String)]);
    });
    service.kill('SIGTERM');
    expect(await service.exit()).toBe(0);
    await expect(fetch(urlIn(service.said))).rejects.toThrow();
  });

  it.each([
    [
      { LADING_PORT: 'x', LOG_LEVEL: 'loud' },
      /^lading shipments: LADING_PORT=x is not .*\nlading shipments: LOG_LEVEL=loud is not .*\n$/,
    ],
    [{ DATABASE_URL: '' }, /^lading shipments: DATABASE_URL is not set: .*\n$/],
    [{ LADING_HOST: '203.0.113.7' }, /lading shipments: LADING_HOST: 203.0.113.7 is no address of this machine\n$/],
  ])('ends with 2 and a line for each mistake in its settings: %o', async (settings, said) => {
    const service = start(settings);
    expect(await service.exit()).toBe(2);
    expect(service.said).toMatch(said);
    expect(service.said).not.toMatch(/^ +at /m);
  });

  it('reports that the password of the database is wrong, and prints the password nowhere', async () => {
    const wrong = new URL(database);
    wrong.password = PASSWORD;
    const service = start({ DATABASE_URL: wrong.href });
    expect(await service.exit()).toBe(2);
    expect(service.said).toBe('lading shipments: DATABASE_URL: PostgreSQL refuses: the password is wrong\n');
  });

  it('reports which port is taken', async () => {
    const first = start({});
    await first.says(/"listening"/);
    const { port } = new URL(urlIn(first.said));
    const second = start({ LADING_PORT: port });
    expect(await second.exit()).toBe(2);
    expect(second.said).toContain(
      `LADING_PORT: another program listens on 127.0.0.1:${port}: stop it, or set another port`,
    );
    first.kill('SIGTERM');
    expect(await first.exit()).toBe(0);
  });

  it('waits for a database that starts later than itself', async () => {
    const port = await freePort();
    const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
    const early = start({ DATABASE_URL: url });
    await early.says(/waiting for PostgreSQL at 127.0.0.1/);
    const cluster = await startCluster({ dataDir: join(dataDir, 'late'), port, password: PASSWORD, durable: false });
    try {
      await early.says(/"listening"/);
      expect(early.said).not.toContain(PASSWORD);
      early.kill('SIGINT');
      expect(await early.exit()).toBe(0);
    } finally {
      await cluster.stop();
    }
  });
});
