import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { programOf } from '#scripts/ensure/projects.mjs';
import { freePort } from '../setup/freePort.ts';
import { ADMIN } from './writingApp.ts';

/** A service that runs in a process of its own, from the build. */
export interface ServiceProcess {
  readonly base: string;
  readonly child: ChildProcess;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a service on a database and resolves when it is ready. */
export async function startProcess(
  service: 'shipments' | 'reallocations' | 'swaps',
  databaseUrl: string,
): Promise<ServiceProcess> {
  const port = await freePort();
  await ensureBuild();
  const child = spawn(process.execPath, [programOf(service)], {
    cwd: packageRoot,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DATABASE_URL: databaseUrl,
      LADING_ADMIN_KEY: ADMIN,
      LADING_PORT: String(port),
      LADING_HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const base = `http://127.0.0.1:${port}`;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  // However long it takes: the test has its own time limit.
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${service} ended with status ${child.exitCode}`);
    const ready = await fetch(`${base}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return { base, child, stop };
    await sleep(50);
  }
}
