import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '#servers/process/isRunning.mjs';
import { root } from './root.mjs';

/** A file for each process that runs from this checkout until it is stopped, named by its id. */
const RUNNING = join(root, '.cache', 'running');

/** Says that this process goes on needing the packages of this checkout: `npm ci` would take them away while it runs. */
export function needsPackages() {
  const file = join(RUNNING, String(process.pid));
  try {
    mkdirSync(RUNNING, { recursive: true });
    writeFileSync(file, '');
  } catch {
    return; // Where nobody may write, nobody installs.
  }
  process.once('exit', () => {
    rmSync(file, { force: true });
  });
}

/** A process that needs the packages as they are. @returns {number | undefined} */
export function whoNeedsPackages() {
  try {
    return readdirSync(RUNNING)
      .map(Number)
      .find((pid) => pid !== process.pid && isRunning(pid, /node|npm/));
  } catch {
    return undefined;
  }
}
