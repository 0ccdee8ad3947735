import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { createPool } from '#platform/database/database';
import type { Role } from '#platform/keys/actor';
import { createKey } from '#platform/keys/apiKeys';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { programOf } from '#scripts/ensure/projects.mjs';
import { flagsOf } from '#scripts/stack/writerFlags.mjs';
import { freePort } from '../setup/freePort.ts';
import { freshDatabase } from '../setup/freshDatabase.ts';

const KEY = 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6';

/** The service on 7400 in a process of its own, as the stack runs it, with one ledger that is open. */
export class UnderAttack {
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly database: Awaited<ReturnType<typeof freshDatabase>>,
  ) {}

  static async start(env: NodeJS.ProcessEnv = {}): Promise<UnderAttack> {
    await ensureBuild();
    const database = await freshDatabase();
    const port = await freePort();
    const child = spawn(process.execPath, [...flagsOf('query'), join(packageRoot, programOf('query'))], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        DATABASE_URL: database.url,
        LADING_ADMIN_KEY: KEY,
        LADING_PORT: String(port),
        LADING_HOST: '127.0.0.1',
        LOG_LEVEL: 'fatal',
        ...env,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const service = new UnderAttack(port, child, database);
    while (!(await service.isLive())) {
      if (child.exitCode !== null) throw new Error(`the service ended with status ${child.exitCode}`);
      await sleep(50);
    }
    const opened = await fetch(`${service.url}/v1/ledgers/nvidia`, {
      method: 'PUT',
      headers: { ...service.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Nvidia allocations', keeper: 'nvidia' }),
    });
    if (!opened.ok) throw new Error(await opened.text());
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** New keys, by default such as may read the events: their secrets. */
  async createKeys(name: string, count: number, roles: readonly Role[] = ['audit']): Promise<string[]> {
    const pool = createPool(this.database.url);
    try {
      const keys = Array.from({ length: count }, (_, i) => createKey(pool, { name: `${name}-${i}`, roles }));
      return (await Promise.all(keys)).map(({ secret }) => secret);
    } finally {
      await pool.end();
    }
  }

  readonly authorization = { authorization: `Bearer ${KEY}` };

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  isLive(): Promise<boolean> {
    return fetch(`${this.url}/health/live`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** The most memory that the process ever had, in megabytes, as Linux counts it; elsewhere what it has at this moment. */
  get peakMegabytes(): number {
    const status = `/proc/${this.child.pid}/status`;
    const kilobytes = existsSync(status)
      ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(this.child.pid)], { encoding: 'utf8' });
    return Number(kilobytes) / 1_024;
  }

  /** A connection on which the head of a request was sent, and nothing of its body. */
  begin(head: readonly string[], { path = '/v1/ledgers/nvidia/events', key = KEY } = {}): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1' });
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(
      [`POST ${path} HTTP/1.1`, 'Host: lading', `Authorization: Bearer ${key}`, ...head, '', ''].join('\r\n'),
    );
    return socket;
  }

  /** A connection on which the same question was asked several times, without waiting for an answer. */
  ask(path: string, { requests, key }: { readonly requests: number; readonly key?: string | undefined }): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1' });
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    const authorization = key === undefined ? [] : [`Authorization: Bearer ${key}`];
    socket.write([`GET ${path} HTTP/1.1`, 'Host: lading', ...authorization, '', ''].join('\r\n').repeat(requests));
    return socket;
  }

  /** The status of the first answer on a connection; 0 when it ended without one. */
  static async statusOn(socket: Socket): Promise<number> {
    let text = '';
    const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      text += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status !== undefined && status !== '100') return Number(status);
    }
    return 0;
  }

  /** Ends what an attack left open. */
  endAttack(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async stop(): Promise<void> {
    this.endAttack();
    if (this.isRunning) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    await this.database.drop();
  }
}
