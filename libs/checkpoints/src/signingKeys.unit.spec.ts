import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onNode } from '#proofs/onNode';
import { formatNote, parseNote, signersOf, signNote, type VerifierKey } from '#proofs/signedNote';
import {
  makeSigningKeys,
  readSigningKeys,
  rotateSigningKeys,
  type SigningKeys,
  signingAt,
  verifierKeyOf,
} from './signingKeys.ts';
import { readSigningSettings } from './signingSettings.ts';

const NAME = 'supplier.example/lading';
const DAY_MS = 86_400_000;

describe('the file of the signing keys', () => {
  let folder: string;
  let file: { path: string; setting: string };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-signing-'));
    file = { path: join(folder, 'signing.key'), setting: 'LADING_SIGNING_KEY' };
  });
  afterEach(() => rm(folder, { recursive: true }));

  const keys = async (): Promise<SigningKeys> => (await readSigningKeys(file))!;
  /** What is signed now, and by whom it is: names of ledgers are names of keys. */
  const signed = async (text: string, now = new Date()) => {
    const signatures = signingAt(await keys(), now).map(async (key) =>
      signNote(text, await verifierKeyOf(key, 'log'), key.sign),
    );
    return parseNote(formatNote({ text, signatures: await Promise.all(signatures) }));
  };
  const everyKey = async (): Promise<VerifierKey[]> =>
    Promise.all((await keys()).keys.map((key) => verifierKeyOf(key, 'log')));

  it('is made once, for its owner only, and is the same for processes that make it at the same moment', async () => {
    expect(await readSigningKeys(file)).toBeUndefined();
    const made = await Promise.all(Array.from({ length: 10 }, () => makeSigningKeys(file, NAME)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['signing.key']);
    expect(await keys()).toMatchObject({ name: NAME, keys: [{ until: undefined }] });
  });

  it('signs what its verifier key verifies, as a stranger’s tool does', async () => {
    await makeSigningKeys(file, NAME);
    const [key] = await everyKey();
    expect(await signersOf(await signed('one\n'), [key!], onNode)).toEqual([key]);
  });

  it('after a rotation both keys sign for the grace time, then the new one alone, and old signatures stay verifiable', async () => {
    await makeSigningKeys(file, NAME);
    const before = await signed('before\n');
    const now = new Date();
    await rotateSigningKeys(file, 30 * DAY_MS, now);
    const [newer, older] = await everyKey();
    expect(await signersOf(await signed('both\n', now), [newer!, older!], onNode)).toEqual([newer, older]);
    const later = new Date(now.getTime() + 31 * DAY_MS);
    expect(await signersOf(await signed('one\n', later), [newer!, older!], onNode)).toEqual([newer]);
    await rotateSigningKeys(file, 0, later);
    const texts = (await readFile(file.path, 'utf8')).match(/"d":/g);
    expect(texts).toHaveLength(1);
    expect(await everyKey()).toHaveLength(3);
    expect(await signersOf(before, await everyKey(), onNode)).toEqual([older]);
  });

  it('a rotation that is cut off leaves the keys as they were', async () => {
    await makeSigningKeys(file, NAME);
    const before = await readFile(file.path);
    await writeFile(`${file.path}.0123456789abcdef`, before.subarray(0, 40), { mode: 0o600 });
    expect((await keys()).keys).toHaveLength(1);
    expect(await readFile(file.path)).toEqual(before);
  });

  it('is refused when others may read it, or write it or its folder, with what to do', async () => {
    await makeSigningKeys(file, NAME);
    await chmod(file.path, 0o640);
    await expect(readSigningKeys(file)).rejects.toThrow(/LADING_SIGNING_KEY: others .* "chmod 600 .*rotate --grace 0s/);
    await chmod(file.path, 0o602);
    await expect(readSigningKeys(file)).rejects.toThrow(/everybody may write .*signing.key: run "chmod o-w/);
    await chmod(file.path, 0o600);
    await chmod(folder, 0o777);
    await expect(readSigningKeys(file)).rejects.toThrow(/everybody may write .*: run "chmod o-w/);
    const other = { ...file, path: join(folder, 'x', 'signing.key') };
    await mkdir(join(folder, 'x'));
    await chmod(join(folder, 'x'), 0o777);
    await expect(makeSigningKeys(other, NAME)).rejects.toThrow(/everybody may write/);
  });

  it('that is damaged is refused without a word of what is in it', async () => {
    await makeSigningKeys(file, NAME);
    const text = await readFile(file.path, 'utf8');
    const [, secret = ''] = /"d": "([^"]+)"/.exec(text) ?? [];
    expect(secret).toHaveLength(43);
    for (const damaged of [
      text.slice(0, -20),
      `${secret}\n`,
      text.replace(secret, secret.slice(1)),
      text.replace(
        secret,
        secret.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')),
      ),
      text.replace('"keys"', '"key"'),
    ]) {
      await writeFile(file.path, damaged);
      const said = await readSigningKeys(file).then(
        () => 'taken',
        (error: unknown) => `${String(error)} ${(error as Error).stack ?? ''}`,
      );
      expect(said).toContain('holds no signing keys, or is damaged');
      expect(said).not.toContain(secret.slice(1, 12));
    }
  });
});

describe('the settings of who signs', () => {
  it('name a file in the data folder and no origin unless they are set', () => {
    expect(readSigningSettings('/data', {})).toEqual({
      keyFile: '/data/signing.key',
      keySetting: 'LADING_DATA',
      origin: undefined,
      stateFile: '/data/signing.published',
      topic: 'lading.checkpoints',
      witnesses: [],
    });
    expect(readSigningSettings('/data', { LADING_SIGNING_KEY: '/run/secrets/key', LADING_ORIGIN: NAME })).toMatchObject(
      { keyFile: '/run/secrets/key', keySetting: 'LADING_SIGNING_KEY', origin: NAME },
    );
  });

  it('name witnesses by their keys and addresses', () => {
    const [key, url] = ['w.example/w1+0a1b2c3d+BA+/==', 'https://w.example/a'];
    expect(readSigningSettings('/data', { LADING_WITNESSES: `${key} ${url}/, ${key} ${url}` }).witnesses).toEqual([
      { key, url },
      { key, url },
    ]);
    for (const wrong of [key, `${url} ${key}`, `${key} ftp://w.example`, `${key} ${url} x`])
      expect(() => readSigningSettings('/data', { LADING_WITNESSES: wrong })).toThrow(/LADING_WITNESSES is not a list/);
  });

  it.each(['https://supplier.example', 'a+b', 'a b', '/a', 'a/', 'a//b', 'ä'])('refuse the origin %s', (origin) => {
    expect(() => readSigningSettings('/data', { LADING_ORIGIN: origin })).toThrow(/LADING_ORIGIN=.* cannot name a log/);
  });
});
