import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
 * @returns {Promise<T>}
 */
export async function onlyOne(work) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (let said = false; !take(); said = true) {
    if (!said) say('waiting for another command that is setting up this checkout …');
    await sleep(200);
  }
  try {
    return await work((pid) => {
      writeFileSync(LOCK, String(pid));
    });
  } finally {
    rmSync(LOCK, { force: true });
  }
}

function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = holderOf(LOCK);
    if (holder !== undefined && !isRunning(holder, /node|npm/)) rmSync(LOCK, { force: true });
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
