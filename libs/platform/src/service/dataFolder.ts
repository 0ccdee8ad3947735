import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from './config.ts';

/**
 * Makes the data folder, for its owner alone, unless it exists; then writes a file in it and removes that file.
 * @throws ConfigError with what to do when the folder cannot be made or written, or when somebody else can
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  const probe = join(dataDir, `writable.${randomUUID()}`);
  try {
    await makeFolder(dataDir);
    await refuseForeign(dataDir);
    if (MODE !== 0o700 && ((await stat(dataDir)).mode & 0o777) === 0o700) await chmod(dataDir, MODE);
    await writeFile(probe, 'a disk that is full takes an empty file, and not this one', { flag: 'wx' });
    await rm(probe);
  } catch (error) {
    await rm(probe, { force: true }).catch(() => undefined);
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === undefined ? undefined : REASONS[code];
    throw reason === undefined ? error : new ConfigError([`LADING_DATA: the data folder ${dataDir} ${reason}`]);
  }
}

/** `mkdir` with `recursive` never ends where a folder exists in which none can be made, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const made = async (): Promise<string | undefined> => {
    try {
      await mkdir(path, { mode: MODE });
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' && (await stat(path)).isDirectory()) return undefined;
      if (code !== 'ENOENT') throw error;
      return code;
    }
  };
  if ((await made()) === undefined) return;
  await makeFolder(dirname(path));
  if ((await made()) !== undefined)
    throw Object.assign(new Error(`no folder can be made at ${path}`), { code: 'ENOENT' });
}

/**
 * Refuses a folder or a file that somebody else made or may write: a key that is read from there may be theirs.
 * @param setting the setting that names the path
 * @throws ConfigError with what to do; ENOENT when there is nothing at the path
 */
export async function refuseForeign(path: string, setting = 'LADING_DATA'): Promise<void> {
  const { uid, mode } = await stat(path);
  const me = process.getuid?.() ?? uid;
  const elsewhere = setting === 'LADING_DATA' ? ELSEWHERE : `set ${setting} to another path`;
  if (uid !== me && uid !== 0)
    throw new ConfigError([`${setting}: ${path} belongs to user ${uid}: run this as that user, or ${elsewhere}`]);
  if ((mode & 0o002) !== 0)
    throw new ConfigError([`${setting}: everybody may write ${path}: run "chmod o-w ${path}", or ${elsewhere}`]);
}

/** Where root starts Lading, the user of the embedded PostgreSQL passes through the folder to its own data. */
const MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

const ELSEWHERE = 'set LADING_DATA to a folder that this user may write';

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: `is a file: remove the file, or ${ELSEWHERE}`,
  ENOTDIR: `has a file where a folder is needed: ${ELSEWHERE}`,
  ENOENT: `cannot be made there: ${ELSEWHERE}`,
  EACCES: `may not be written by this user: ${ELSEWHERE}`,
  EPERM: `may not be written by this user: ${ELSEWHERE}`,
  EROFS: `is on a disk that is read-only: ${ELSEWHERE}`,
  ENOSPC: 'is on a disk that is full: make room, or set LADING_DATA to a folder on another disk',
  EDQUOT: 'is on a disk on which this user has no room left: make room, or set LADING_DATA to a folder on another disk',
  ENAMETOOLONG: `has a name that is too long: ${ELSEWHERE}`,
  ELOOP: `is a symbolic link that leads to itself: ${ELSEWHERE}`,
  EIO: `is on a disk that answers with errors: ${ELSEWHERE}`,
};
