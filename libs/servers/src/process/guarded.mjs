import { spawn } from 'node:child_process';
import { once } from 'node:events';

// The watcher survives a SIGKILL of the process that started it. It reads from a pipe: a line means that the server has ended by itself,
// and the end of the pipe means that the owner is gone, so the watcher stops the server.
const WATCHED =
  'server=$$; ( ( if read -r done <&3; then exit 0; fi; kill -s "$1" "$server" ) </dev/null >/dev/null 2>&1 & ); ' +
  'shift; exec 3<&-; exec "$@"';

/** What a server has to end between the last signal and SIGKILL. */
const LAST_MS = 300;

/**
 * @typedef {object} Guarded a server process that never outlives its owner
 * @property {number} pid
 * @property {Promise<{code: number | null, signal: NodeJS.Signals | null}>} exited
 * @property {() => boolean} running
 * @property {(signal: NodeJS.Signals) => void} kill
 * @property {(signal: NodeJS.Signals, patienceMs: number, lastSignal: NodeJS.Signals) => Promise<void>} stop
 *   signals, waits, and signals harder when that took too long; after the whole patience the process is killed
 */

/**
 * Starts a server in a process group of its own, so that a Ctrl-C in the terminal reaches only its owner, which stops its servers in
 * order. A watcher stops the server when the owner dies, however it dies.
 *
 * @param {string[]} command
 * @param {object} options
 * @param {string} options.cwd
 * @param {number} options.logFd where standard output and standard error go
 * @param {'INT' | 'TERM'} options.onOwnersDeath the signal that stops this server cleanly
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {{uid: number, gid: number}} [options.as]
 * @returns {Promise<Guarded>}
 */
export async function startGuarded(command, { cwd, logFd, onOwnersDeath, env = process.env, as }) {
  const child = spawn('/bin/sh', ['-c', WATCHED, 'sh', onOwnersDeath, ...command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', logFd, logFd, 'pipe'],
    ...as,
  });
  /** @type {Guarded['exited']} */
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error(`could not start ${String(command[0])}`);
  const pid = child.pid;

  const watcher = /** @type {import('node:net').Socket} */ (child.stdio[3]);
  watcher.on('error', () => {
    // The watcher ends together with the server, so this error means nothing.
  });
  void exited.then(() => watcher.end('done\n'));
  child.unref();
  watcher.unref();

  const running = () => child.exitCode === null && child.signalCode === null;
  /** @param {NodeJS.Signals} signal */
  const kill = (signal) => {
    if (running()) child.kill(signal);
  };
  return {
    pid,
    exited,
    running,
    kill,
    async stop(signal, patienceMs, lastSignal) {
      kill(signal);
      const last = setTimeout(() => {
        kill(lastSignal);
      }, patienceMs - LAST_MS);
      // A process that is stopped (SIGSTOP) or waits for its disk hears nothing else.
      const end = setTimeout(() => {
        kill('SIGKILL');
      }, patienceMs);
      child.ref();
      await exited;
      clearTimeout(last);
      clearTimeout(end);
    },
  };
}
