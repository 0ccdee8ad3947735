import { openSync, closeSync, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../process/freePort.mjs';
import { startGuarded } from '../process/guarded.mjs';
import { isRunning } from '../process/isRunning.mjs';
import { postgresBinaries } from './binaries.mjs';
import { initialise, SERVER_ENVIRONMENT } from './initialise.mjs';
import { serverUser } from './serverUser.mjs';

const LOG_LIMIT_BYTES = 10_000_000;
const PREDECESSOR_MS = 10_000;
const READY_MS = 120_000;
const STOP_MS = 15_000;
const BROKEN_OFF_MS = 600;

/**
 * @typedef {object} Cluster a running PostgreSQL on 127.0.0.1
 * @property {string} url of the database `postgres`, with user and password
 * @property {number} port
 * @property {number} pid of the postmaster
 * @property {Promise<{code: number | null, signal: NodeJS.Signals | null}>} exited
 * @property {(patienceMs?: number) => Promise<void>} stop disconnects everyone, writes a checkpoint, leaves the data; after
 *   `patienceMs` (15 s unless told) it does without the checkpoint
 * @property {(signal?: NodeJS.Signals) => Promise<void>} kill SIGKILL unless told; resolves when the postmaster is gone
 */

/**
 * Starts PostgreSQL on the data in `dataDir`, which is made when it does not exist, and resolves when it accepts connections. It copes
 * with a postmaster.pid that SIGKILL or a power cut left behind, and with a predecessor that is still stopping. It stops by itself
 * when its owner dies.
 *
 * @param {object} options
 * @param {string} options.dataDir also holds `password` (mode 0600) and `postgres.log`
 * @param {number} [options.port] any free port unless given
 * @param {string} [options.password] made and kept in `dataDir` unless given
 * @param {boolean} [options.durable] false for throw-away test data only: a crash may lose or damage the data
 * @param {Record<string, string | number>} [options.settings] of postgresql.conf
 * @param {(message: string) => void} [options.log] called with messages about steps that take long
 * @param {AbortSignal} [options.signal] breaks the start off: the server is ended, however far it has come
 * @returns {Promise<Cluster>}
 * @throws {Error} with the end of PostgreSQL's own log when it does not start, or the process that uses the data already
 */
export async function startCluster(options) {
  const { port: wantedPort, password: wantedPassword, durable = true, settings = {}, log = () => undefined } = options;
  const user = serverUser();
  const dataDir = user.dataIn(resolve(options.dataDir), log);
  const { initdb, postgres } = postgresBinaries(user);
  const { cluster, password } = await initialise({ dataDir, password: wantedPassword, durable, initdb, user, log });
  await waitForPredecessor(cluster, log);

  const port = wantedPort ?? (await freePort());
  const { command, as } = user.run([postgres, '-D', cluster, ...flags({ port, durable, settings })]);
  const logFile = join(dataDir, 'postgres.log');

  const deadline = Date.now() + PREDECESSOR_MS;
  for (;;) {
    const logFd = openSync(logFile, tooLong(logFile) ? 'w' : 'a', 0o600);
    const server = await startGuarded(command, {
      cwd: '/',
      logFd,
      onOwnersDeath: 'INT',
      env: SERVER_ENVIRONMENT,
      ...(as && { as }),
    });
    closeSync(logFd);
    const breakOff = () => void server.stop('SIGINT', BROKEN_OFF_MS, 'SIGQUIT');
    if (options.signal?.aborted) breakOff();
    options.signal?.addEventListener('abort', breakOff);

    const ready = await becomesReady(cluster, server, log);
    options.signal?.removeEventListener('abort', breakOff);
    if (ready) {
      return {
        url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
        port,
        pid: server.pid,
        exited: server.exited,
        stop: (patienceMs = STOP_MS) => server.stop('SIGINT', patienceMs, 'SIGQUIT'),
        kill: (signal = 'SIGKILL') => server.stop(signal, STOP_MS, 'SIGKILL'),
      };
    }
    const said = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');
    // The children of a postmaster that was killed take a moment to notice. Until then its shared memory is in use.
    const isInTheWay = /pre-existing shared memory block|lock file .* already exists/.test(said);
    if (!isInTheWay || Date.now() > deadline || options.signal?.aborted) {
      throw new Error(`PostgreSQL did not start on ${dataDir}:\n${said}`);
    }
    await sleep(100);
  }
}

/** @param {{port: number, durable: boolean, settings: Record<string, string | number>}} options */
function flags({ port, durable, settings }) {
  const all = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * Waits for a postmaster on this data that is stopping because its owner has died. One that keeps running belongs to somebody else.
 * @param {string} cluster
 * @param {(message: string) => void} log
 */
async function waitForPredecessor(cluster, log) {
  const deadline = Date.now() + PREDECESSOR_MS;
  for (let said = false; ; said = true) {
    const pid = (await postmaster(cluster))?.pid;
    if (pid === undefined) return;
    if (!isRunning(pid, cluster)) {
      // The file was left behind by SIGKILL or a power cut. Its number may belong to another process by now, which PostgreSQL would
      // take for a postmaster.
      await rm(join(cluster, 'postmaster.pid'), { force: true });
      return;
    }
    if (Date.now() > deadline)
      throw new Error(
        `another PostgreSQL (process ${pid}) is running on ${cluster}: stop the one that started it first`,
      );
    if (!said) log('waiting for the PostgreSQL of an earlier run to stop');
    await sleep(50);
  }
}

/**
 * @param {string} cluster
 * @param {import('../process/guarded.mjs').Guarded} server
 * @param {(message: string) => void} log
 * @returns {Promise<boolean>} false when the process has ended instead
 */
async function becomesReady(cluster, server, log) {
  const started = Date.now();
  for (let said = false; server.running(); ) {
    const now = await postmaster(cluster);
    if (now?.pid === server.pid && now.status === 'ready') return true;
    const seconds = Math.round((Date.now() - started) / 1000);
    if (seconds >= 3 && !said) {
      log('PostgreSQL is recovering from a crash');
      said = true;
    }
    if (Date.now() - started > READY_MS) await server.stop('SIGINT', 5_000, 'SIGKILL');
    await sleep(15);
  }
  return false;
}

/**
 * Reads postmaster.pid: its first line is the process, and its eighth the state, which pg_ctl reads as well.
 * @param {string} cluster
 */
async function postmaster(cluster) {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, status: lines[7]?.trim() } : undefined;
}

/** @param {string} file */
function tooLong(file) {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES;
}
