import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { newSecret } from './keyring.ts';

export interface AdminKey {
  readonly key: string;
  /** Where it is kept; undefined when it came from LADING_ADMIN_KEY. */
  readonly file?: string;
}

/**
 * The bootstrap key: the one set, else the one kept in the data folder (`admin.key`, mode 0600), made when there is none.
 * Processes that start at once on one folder end up with the same key.
 */
export async function adminKey(config: { adminKey: string | undefined; dataDir: string }): Promise<AdminKey> {
  if (config.adminKey !== undefined) return { key: config.adminKey };
  const file = join(config.dataDir, 'admin.key');
  const key = (await kept(file)) ?? (await make(config.dataDir, file));
  await chmod(file, 0o600);
  return { key, file };
}

async function kept(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = text.trim();
  if (key.length < 24) throw new Error(`${file} holds no key: remove it to have a new one made`);
  return key;
}

/** Written beside and linked into place: whoever comes second finds the first one's key, whole. */
async function make(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
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
