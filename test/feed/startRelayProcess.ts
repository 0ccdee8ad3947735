import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface RelayProcess {
  readonly child: ChildProcess;
  /** Resolves when it has the lock. */
  readonly publishing: Promise<void>;
  readonly exited: Promise<unknown>;
}

/** Starts a relay from the sources. The caller kills it. */
export function startRelayProcess(url: string, broker: string, topic: string, ...rest: string[]): RelayProcess {
  const child = spawn(
    process.execPath,
    [
      '--conditions=source',
      '--import',
      new URL('../setup/typescript.mjs', import.meta.url).href,
      fileURLToPath(new URL('./relayProcess.ts', import.meta.url)),
      url,
      broker,
      topic,
      ...rest,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return { child, publishing: once(child.stdout, 'data').then(() => undefined), exited: once(child, 'exit') };
}
