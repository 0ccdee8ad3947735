import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminKey } from './adminKey.ts';

describe('the bootstrap admin key', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-key-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));
  const unset = () => ({ adminKey: undefined, dataDir: join(dataDir, 'data') });

  it('is made once, readable by its owner only, and found again', async () => {
    const first = await adminKey(unset());
    expect(first.key).toMatch(/^lading_[A-Za-z0-9_-]{43}$/);
    expect((await stat(first.file!)).mode & 0o777).toBe(0o600);
    expect(await adminKey(unset())).toEqual(first);
  });

  it('is the same for processes that start at the same moment on one folder', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => adminKey(unset())));
    expect(new Set(keys.map(({ key }) => key)).size).toBe(1);
    expect(await readdir(join(dataDir, 'data'))).toEqual(['admin.key']);
  });

  it('is taken from the settings when it is set there, and then nothing is written', async () => {
    expect(await adminKey({ ...unset(), adminKey: 'a-key-of-24-characters-!' })).toEqual({
      key: 'a-key-of-24-characters-!',
    });
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is made unreadable for others when its file had become readable, and an empty file is rejected', async () => {
    const { file } = await adminKey(unset());
    await chmod(file!, 0o644);
    await adminKey(unset());
    expect((await stat(file!)).mode & 0o777).toBe(0o600);
    await writeFile(file!, '\n');
    await expect(adminKey(unset())).rejects.toThrow(/admin.key holds no key: remove the file/);
  });
});
