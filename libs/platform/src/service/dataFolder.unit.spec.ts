import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder } from './dataFolder.ts';

describe('the data folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lading-data-'));
    writeFileSync(join(folder, 'file'), 'x');
    symlinkSync('loop', join(folder, 'loop'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is made for its owner alone, and stays empty', async () => {
    await makeDataFolder(join(folder, 'new/data'));
    expect(statSync(join(folder, 'new/data')).mode & 0o777).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
    expect(readdirSync(join(folder, 'new/data'))).toEqual([]);
  });

  it.each([
    ['is a file', 'file', /is a file: remove the file, or set LADING_DATA/],
    ['is below a file', 'file/data', /has a file where a folder is needed: set LADING_DATA/],
    ['leads to itself', 'loop', /leads to itself: set LADING_DATA/],
    ['has a name of 300 letters', 'x'.repeat(300), /too long: set LADING_DATA/],
  ])('is refused in one line that says what to do when it %s', async (_, name, said) => {
    const refused = await makeDataFolder(join(folder, name)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'ConfigError', problems: [expect.stringMatching(said)] });
  });

  it('is refused in one line when everybody may write it, because a key in it may be somebody else’s', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const refused = await makeDataFolder(open).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      problems: [
        `LADING_DATA: everybody may write ${open}: run "chmod o-w ${open}", or set LADING_DATA to a folder that this user may write`,
      ],
    });
  });

  it('is refused in one line when it belongs to somebody else', async () => {
    if (process.getuid?.() !== 0) return; // Nobody else can give a folder away.
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    chownSync(foreign, 4711, 4711);
    const refused = await makeDataFolder(foreign).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      problems: [expect.stringMatching(/belongs to user 4711: run this as that user, or set/)],
    });
  });

  it('is refused in one line when the system lets nobody write there', async () => {
    for (const folder of ['/sys/lading', '/proc/lading', '/proc/lading/data', '/dev/null/data']) {
      const refused = await makeDataFolder(folder).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'ConfigError', problems: [expect.stringContaining('set LADING_DATA')] });
    }
  });
});
