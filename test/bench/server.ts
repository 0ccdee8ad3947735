import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#servers/process/freePort.mjs';
import { writerFlags } from '#scripts/stack/writerFlags.mjs';

/** A server in a process of its own, started as the writing services are. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a compiled main, tells it a free port as LADING_PORT, and resolves when it answers `ready` with anything but 503. */
export async function startServer(main: URL, env: Readonly<Record<string, string>>, ready: string): Promise<Server> {
  const port = await freePort();
  const child = spawn(process.execPath, [...writerFlags, ...nodeOptions(), main.pathname], {
    env: { ...process.env, LADING_HOST: '127.0.0.1', LADING_PORT: String(port), LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(child, `${url}${ready}`);
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** LADING_BENCH_NODE_OPTIONS: `--cpu-prof`, to see what holds a figure back. */
const nodeOptions = (): string[] =>
  (process.env.LADING_BENCH_NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '');

async function answers(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    await sleep(50);
    if (child.exitCode !== null) throw new Error(`the server ended with status ${child.exitCode}`);
    const status = await fetch(url).then(
      (response) => response.status,
      () => 503,
    );
    if (status !== 503) return;
  }
  child.kill('SIGKILL');
  throw new Error(`${url} does not answer`);
}
