import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '#servers/process/isRunning.mjs';
import { root } from './root.mjs';
import { say } from './say.mjs';

const LOCK = join(root, '.cache', 'setting-up');

/**
 * Does `work` while no other process of this checkout does its own: two commands started at once on a fresh clone must not
 * install into one folder. The lock of a process that died is taken over.
 * @template T
 * @param {(handOver: (pid: number) => void) => Promise<T>} work may hand the lock to a child: should this process be killed,
 *   the next one waits for that child
 * @param {string} [lock] its file
 * @returns {Promise<T>}
 * @throws {Error} when the checkout may not be written
 */
export async function onlyOne(work, lock = LOCK) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let said = false; !take(lock); said = true) {
    if (!said) say('waiting for another command that is setting up this checkout …');
    await sleep(200);
  }
  try {
    return await work((pid) => {
      writeFileSync(lock, String(pid));
    });
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    const holder = holderOf(lock);
    if (holder !== undefined && !isRunning(holder, /node|npm/)) rmSync(lock, { force: true });
    return false;
  }
}

/** @param {string} lock */
function holderOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
