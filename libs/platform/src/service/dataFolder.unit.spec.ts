import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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
    expect(statSync(join(folder, 'new/data')).mode & 0o777).toBe(0o700);
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

  it('is refused in one line when the system lets nobody write there', async () => {
    const refused = await makeDataFolder('/sys/lading').catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'ConfigError', problems: [expect.stringContaining('set LADING_DATA')] });
  });
});
