import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './process/isRunning.mjs';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('orphans');
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const OWNER = `
  import { startCluster } from ${JSON.stringify(new URL('./postgres/cluster.mjs', import.meta.url).href)};
  const { pid } = await startCluster({ dataDir: process.argv[1] });
  console.log(pid);
  setInterval(() => {}, 1000);
`;

/** A process that owns a PostgreSQL on `dataDir`. */
async function startOwner(dataDir: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', OWNER, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    postgres: Number(line),
    async die() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('a PostgreSQL whose owner was killed', () => {
  it('stops by itself, and a new owner that starts at once waits for that and takes over the data', async () => {
    const dataDir = join(folder, 'postgres');
    await putCluster(dataDir);
    const first = await startOwner(dataDir);
    await first.die();
    const second = await startOwner(dataDir);
    expect(isRunning(first.postgres, 'postgres')).toBe(false);
    await second.die();
    while (isRunning(second.postgres, 'postgres')) await sleep(20);
  });
});
