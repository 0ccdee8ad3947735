import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the data and the programs go when they are in a folder that the server's user may not enter, such as /root. */
const ELSEWHERE = '/var/lib/lading';

/**
 * @typedef {object} ServerUser the user who runs PostgreSQL's programs, which refuse to run as root
 * @property {{uid: number, gid: number} | undefined} owner of the data; undefined: the user of this process
 * @property {(command: string[]) => {command: string[], as?: {uid: number, gid: number}}} run
 * @property {(dataDir: string, log: (message: string) => void) => string} dataIn the folder for the data of `dataDir`: this one, or one
 *   elsewhere that `dataDir` is then a link to
 * @property {(folder: string) => string} programsIn the same for programs, of which a copy is made
 */

/** @returns {ServerUser} */
export function serverUser() {
  if (process.getuid?.() !== 0) {
    return {
      owner: undefined,
      run: (command) => ({ command }),
      dataIn: (dataDir) => dataDir,
      programsIn: (folder) => folder,
    };
  }
  const owner = unprivileged();
  // With no capability left and none to be had again, this user reads what everybody may read, and its own data.
  const drop = [
    'setpriv',
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--ambient-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
  ];
  const canDrop = spawnSync(String(drop[0]), [...drop.slice(1), 'true']).status === 0;
  return {
    owner,
    // Without setpriv, a change of the user drops the groups and the capabilities as well, but not the bounding set.
    run: (command) => (canDrop ? { command: [...drop, ...command] } : { command, as: owner }),
    dataIn: (dataDir, log) => dataIn(dataDir, owner, log),
    programsIn: (folder) => programsIn(folder, owner),
  };
}

/** The user `postgres` where there is one, else `nobody`. Lading makes no account on somebody's machine. */
function unprivileged() {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new Error(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" here: run this as an ordinary user',
    );
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/**
 * @param {string} dataDir
 * @param {{uid: number, gid: number}} owner
 * @param {(message: string) => void} log
 */
function dataIn(dataDir, owner, log) {
  if (lstatSync(dataDir, { throwIfNoEntry: false })?.isSymbolicLink()) return realpathSync(dataDir);
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o711 });
  if (mayEnter(dirname(dataDir), owner)) return dataDir;

  const place = join(ELSEWHERE, `data-${randomBytes(6).toString('hex')}`);
  mkdirSync(ELSEWHERE, { recursive: true, mode: 0o755 });
  // `mv` copies to another disk where it must; the owners stay.
  if (existsSync(dataDir)) execFileSync('mv', [dataDir, place]);
  else mkdirSync(place, { mode: 0o711 });
  symlinkSync(place, dataDir);
  log(`the user of PostgreSQL may not enter ${dirname(dataDir)}: the data is in ${place}`);
  return place;
}

/**
 * @param {string} folder
 * @param {{uid: number, gid: number}} owner
 */
function programsIn(folder, owner) {
  if (mayEnter(folder, owner)) return folder;
  /** @type {{version: string}} */
  const { version } = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'));
  const place = join(ELSEWHERE, `postgresql-${version}`);
  if (existsSync(place)) return place;
  const draft = `${place}.${randomBytes(4).toString('hex')}`;
  mkdirSync(ELSEWHERE, { recursive: true, mode: 0o755 });
  cpSync(folder, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, place);
  } catch (error) {
    // Another process may have made the same copy meanwhile.
    if (!existsSync(place)) throw error;
  }
  return place;
}

/**
 * Whether this user may enter the folder and all folders above it.
 * @param {string} folder
 * @param {{uid: number, gid: number}} user
 * @returns {boolean}
 */
function mayEnter(folder, user) {
  const { uid, gid, mode } = statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0 && (basename(folder) === '' || mayEnter(dirname(folder), user));
}
