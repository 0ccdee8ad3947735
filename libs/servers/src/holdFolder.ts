import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from './process/isRunning.mjs';
import { ConfigError } from '#platform/service/config';
import { makeDataFolder } from '#platform/service/dataFolder';

/**
 * Makes the data folder, and this process the only one that works on it, until it releases the folder or ends. The file `lading.pid` names the
 * process; a file of a process that was killed is replaced. This gives people a clear message. What protects the data is
 * PostgreSQL's own lock.
 *
 * @returns releases the folder
 * @throws ConfigError when another process has the folder, or the folder cannot be used
 */
export async function holdFolder(dataDir: string): Promise<() => Promise<void>> {
  await makeDataFolder(dataDir);
  const file = join(dataDir, 'lading.pid');
  const mine = `${file}.${process.pid}`;
  await writeFile(mine, `${process.pid}\n`);
  try {
    for (let attempt = 0; ; attempt++) {
      const error = await link(mine, file).then(
        () => undefined,
        (cause: unknown) => cause as NodeJS.ErrnoException,
      );
      if (error === undefined) break;
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(await readFile(file, 'utf8').catch(() => ''));
      if (holds(holder, file) || attempt > 2) {
        throw new ConfigError([
          `${dataDir} is in use by process ${holder}: stop that one first, or set LADING_DATA to another folder`,
        ]);
      }
      await rm(file, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
  ours.add(file);
  return async () => {
    ours.delete(file);
    await rm(file, { force: true });
  };
}

const ours = new Set<string>();

/** In a container, this process may have the same number as a predecessor that was killed. */
function holds(pid: number, file: string): boolean {
  return pid === process.pid ? ours.has(file) : pid > 0 && isRunning(pid, /node/);
}
