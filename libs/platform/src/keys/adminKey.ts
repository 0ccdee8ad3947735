import { chmod, link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { makeDataFolder, refuseForeign } from '../service/dataFolder.ts';
import { newSecret } from './keyring.ts';

interface AdminKey {
  readonly key: string;
  /** The file of the key; undefined when the key came from LADING_ADMIN_KEY. */
  readonly file?: string;
}

/**
 * The bootstrap key: the one of the settings, else the one in the data folder (`admin.key`, mode 0600), which is made when it is
 * missing. Processes that start at the same moment on one folder end up with the same key.
 */
export async function adminKey(config: { adminKey: string | undefined; dataDir: string }): Promise<AdminKey> {
  if (config.adminKey !== undefined) return { key: config.adminKey };
  const file = join(config.dataDir, 'admin.key');
  for (const path of [config.dataDir, file]) await refuseForeign(path).catch(ignoreMissing);
  const key = (await kept(file)) ?? (await make(config.dataDir, file));
  const { uid, mode } = await stat(file);
  if ((mode & 0o077) !== 0 && uid === (process.getuid?.() ?? uid)) await chmod(file, 0o600);
  return { key, file };
}

async function kept(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  const key = text.trim();
  if (key.length < 24) throw new Error(`${file} holds no key: remove the file, and a new key is made`);
  return key;
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** Writes the key to another file and links it into place, so that a second process finds the whole key of the first one. */
async function make(dataDir: string, file: string): Promise<string> {
  await makeDataFolder(dataDir);
  const draft = join(dataDir, `admin.key.${randomUUID()}`);
  await writeFile(draft, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const key = await kept(file);
  if (key === undefined) throw new Error(`${file} was removed while it was made`);
  return key;
}
