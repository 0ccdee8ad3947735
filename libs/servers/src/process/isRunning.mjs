import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Whether the process `pid` runs and its command line matches. The number alone may belong to another process by now.
 * @param {number} pid
 * @param {string | RegExp} command a part of it
 */
export function isRunning(pid, command) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
  }
  const line = commandLine(pid);
  return typeof command === 'string' ? line.includes(command) : command.test(line);
}

/** @param {number} pid */
function commandLine(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
