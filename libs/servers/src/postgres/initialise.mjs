import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, lchown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PostgreSQL's programs get nothing of this process's environment, which may hold secrets. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

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
  const { owner } = user;
  // Only the cluster itself belongs to the server's user. Otherwise that user could put links to other files in place of the log and
  // the password, which this process writes and reads.
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const cluster = join(dataDir, 'cluster');
  const passwordFile = join(dataDir, 'password');
  if (owner) await takeBack(dataDir, ['password', 'postgres.log']);

  if (await isThere(join(cluster, 'PG_VERSION'))) {
    return { cluster, password: wanted ?? (await readFile(passwordFile, 'utf8')).trim() };
  }

  log('making a new PostgreSQL cluster');
  const leftovers = (await readdir(dataDir)).filter((name) => name.startsWith('cluster.new-'));
  await Promise.all(leftovers.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
  const password = wanted ?? randomBytes(18).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });

  const fresh = join(dataDir, `cluster.new-${randomBytes(4).toString('hex')}`);
  const passwordForInitdb = `${fresh}.password`;
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordForInitdb, `${password}\n`, { mode: 0o600 });
  if (owner) for (const path of [fresh, passwordForInitdb]) await chown(path, owner.uid, owner.gid);

  const { command, as } = user.run([
    initdb,
    `--pgdata=${fresh}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordForInitdb}`,
    '--encoding=UTF8',
    '--locale=C',
    '--lc-messages=C',
    ...(durable ? [] : ['--no-sync']),
  ]);
  await run(String(command[0]), command.slice(1), { ...as, cwd: '/', env: SERVER_ENVIRONMENT }).catch(
    (/** @type {unknown} */ error) => {
      const { stderr, message } = /** @type {{stderr?: string, message: string}} */ (error);
      throw new Error(`PostgreSQL's initdb failed: ${stderr?.trim() ?? message}`);
    },
  );
  await rm(passwordForInitdb);
  await rename(fresh, cluster);
  return { cluster, password };
}

/**
 * Makes root the owner of the folder and of these files in it; the server's user may only pass through the folder. Earlier versions
 * gave all of it to that user.
 * @param {string} dataDir
 * @param {string[]} files
 */
async function takeBack(dataDir, files) {
  await chown(dataDir, 0, 0);
  await chmod(dataDir, 0o711);
  for (const file of files) if (await isThere(join(dataDir, file))) await lchown(join(dataDir, file), 0, 0);
}

/** @param {string} path */
const isThere = (path) =>
  lstat(path).then(
    () => true,
    () => false,
  );
