import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Makes the cluster in `dataDir/cluster` and its password in `dataDir/password` when they do not exist. The cluster is made in another
 * folder and moved into place, so that an interrupted first start leaves nothing that looks finished.
 *
 * @param {object} options
 * @param {string} options.dataDir
 * @param {string | undefined} options.password
 * @param {boolean} options.durable
 * @param {string} options.initdb path of the program
 * @param {import('./serverUser.mjs').ServerUser} options.user
 * @param {(message: string) => void} options.log
 * @returns {Promise<{cluster: string, password: string}>}
 */
export async function initialise({ dataDir, password: wanted, durable, initdb, user, log }) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (user.owner) await chown(dataDir, user.owner.uid, user.owner.gid);
  const cluster = join(dataDir, 'cluster');
  const passwordFile = join(dataDir, 'password');

  if (await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null)) {
    return { cluster, password: wanted ?? (await readFile(passwordFile, 'utf8')).trim() };
  }

  log('making a new PostgreSQL cluster');
  const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith('cluster.new-'));
  await Promise.all(leftovers.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
  const password = wanted ?? randomBytes(18).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user.owner) await chown(passwordFile, user.owner.uid, user.owner.gid);

  const fresh = join(dataDir, `cluster.new-${randomBytes(4).toString('hex')}`);
  const { command, as } = user.run([
    initdb,
    `--pgdata=${fresh}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--lc-messages=C',
    ...(durable ? [] : ['--no-sync']),
  ]);
  await run(String(command[0]), command.slice(1), { ...as, cwd: '/' }).catch((/** @type {unknown} */ error) => {
    const { stderr, message } = /** @type {{stderr?: string, message: string}} */ (error);
    throw new Error(`PostgreSQL's initdb failed: ${stderr?.trim() ?? message}`);
  });
  await rename(fresh, cluster);
  return { cluster, password };
}
