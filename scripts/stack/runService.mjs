import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programOf } from '../ensure/projects.mjs';
import { root } from '../ensure/root.mjs';
import { startGuarded } from '#servers/process/guarded.mjs';
import { flagsOf } from './writerFlags.mjs';

const READY_MS = 90_000;

/**
 * @typedef {object} RunningService
 * @property {string} name
 * @property {string} url
 * @property {string} logFile
 * @property {import('#servers/process/guarded.mjs').Guarded} server
 */

/**
 * Starts a service from the build, in a process of its own, and does not wait for it.
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.app the folder under apps
 * @param {number} options.port
 * @param {string} options.logFile that its output is appended to
 * @param {NodeJS.ProcessEnv} options.env
 * @param {readonly string[]} [options.nodeOptions] `--cpu-prof`, to profile it
 * @returns {Promise<RunningService>}
 */
export async function startService({ name, app, port, logFile, env, nodeOptions = [] }) {
  const main = join(root, programOf(app));
  const logFd = openSync(logFile, 'a', 0o600);
  const server = await startGuarded([process.execPath, '--enable-source-maps', ...flagsOf(app), ...nodeOptions, main], {
    cwd: root,
    logFd,
    onOwnersDeath: 'TERM',
    env: { ...env, LADING_PORT: String(port), LADING_HOST: '127.0.0.1' },
  });
  closeSync(logFd);
  return { name, url: `http://127.0.0.1:${port}`, logFile, server };
}

/**
 * Resolves when the service says that it can do its work.
 * @param {RunningService} service
 * @throws {Error} with the end of its log when it ends instead, or takes too long
 */
export async function becomesReady({ name, url, logFile, server }) {
  const deadline = Date.now() + READY_MS;
  let last = 'no answer';
  while (server.running()) {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    if (answer?.ok) return;
    if (answer !== undefined) last = await answer.text();
    if (Date.now() > deadline) throw new Error(`${name} is not ready after ${READY_MS / 1000} s: ${last}`);
    await sleep(100);
  }
  throw new Error(`${name} did not start; the end of ${logFile}:\n${endOf(logFile)}`);
}

/** @param {string} file */
export function endOf(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
