import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { onNode } from '#proofs/onNode';
import { type COSIGNATURE, ED25519, type Sign, type VerifierKey, verifierKey } from '#proofs/signedNote';
import { ConfigError } from '#platform/service/config';
import { refuseForeign } from '#platform/service/dataFolder';

/** Where keys are, and the setting that says so. */
export interface KeyFile {
  readonly path: string;
  readonly setting: string;
}

/** One key pair of a file. */
interface SigningKey {
  readonly made: Date;
  /** When it stops signing: it was rotated out. Undefined for the newest one. */
  readonly until: Date | undefined;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Undefined when it signs no more: only its public half is kept then, so that what it signed stays verifiable. */
  readonly sign: Sign | undefined;
}

/** The keys of a file, the newest first. */
export interface SigningKeys {
  /** What they sign for: the beginning of every origin, or the name of a witness. */
  readonly name: string;
  readonly keys: readonly SigningKey[];
}

const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** As JSON Web Keys (RFC 8037), which every other tool reads. `d` is the private half. */
const Stored = z.strictObject({
  name: z.string().min(1).max(200),
  keys: z
    .array(
      z.strictObject({
        made: z.iso.datetime(),
        until: z.iso.datetime().optional(),
        jwk: z.strictObject({
          kty: z.literal('OKP'),
          crv: z.literal('Ed25519'),
          x: Bytes32,
          d: Bytes32.optional(),
        }),
      }),
    )
    .min(1)
    .max(1_000),
});
type Stored = z.infer<typeof Stored>;
type StoredKey = Stored['keys'][number];

/**
 * The keys of a file. What is wrong with the file is said without a word of what is in it.
 *
 * @returns undefined when there is no such file
 * @throws ConfigError when others may read or write it, or it holds no keys
 */
export async function readSigningKeys(file: KeyFile): Promise<SigningKeys | undefined> {
  const stored = await read(file);
  return stored && { name: stored.name, keys: stored.keys.map((key) => keyOf(key, file)) };
}

/** Makes a file with one key. Two processes that make it at the same moment end up with the same one. @returns whether this call made it */
export async function makeSigningKeys(file: KeyFile, name: string): Promise<boolean> {
  await refuseForeign(dirname(file.path), file.setting);
  if ((await read(file)) !== undefined) return false;
  return write(file, { name, keys: [newKey(new Date())] }, 'new');
}

/**
 * Makes a new key, which signs from now on. The key before it signs beside it for `graceMs`, so that whoever verifies has so long to
 * learn of the new one; then its private half is taken out of the file.
 *
 * @throws ConfigError when there is no key to rotate
 */
export async function rotateSigningKeys(file: KeyFile, graceMs: number, now = new Date()): Promise<void> {
  const stored = await read(file);
  if (stored === undefined) throw new ConfigError([`${file.setting}: there is no key in ${file.path} to rotate`]);
  const ends = new Date(now.getTime() + graceMs).toISOString();
  const keys = stored.keys.map((key) => ({ ...key, until: key.until ?? ends })).map((key) => withoutEnded(key, now));
  await write(file, { ...stored, keys: [newKey(now), ...keys] }, 'over');
}

/** For a log or a witness that did not get a name: one that nobody else has. */
export const inventedName = (): string => `localhost/${randomBytes(4).toString('hex')}`;

/** The key as whoever verifies has it, under the name that it signs with. */
export const verifierKeyOf = (
  { publicKey }: SigningKey,
  name: string,
  kind: typeof ED25519 | typeof COSIGNATURE = ED25519,
): Promise<VerifierKey> => verifierKey(name, kind, publicKey, onNode);

/** Those that sign at a moment, the newest first. */
export const signingAt = ({ keys }: SigningKeys, now: Date): readonly (SigningKey & { readonly sign: Sign })[] =>
  keys.flatMap((key) => (key.sign !== undefined && isInForce(key.until, now) ? [{ ...key, sign: key.sign }] : []));

const isInForce = (until: Date | undefined, now: Date): boolean => until === undefined || until > now;

function privateKeyOf(jwk: StoredKey['jwk'] & { readonly d: string }, file: KeyFile): KeyObject {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    throw unusable(file);
  }
}

function keyOf({ made, until, jwk }: StoredKey, file: KeyFile): SigningKey {
  const ends = until === undefined ? undefined : new Date(until);
  const publicKey = Uint8Array.from(Buffer.from(jwk.x, 'base64url'));
  if (jwk.d === undefined) return { made: new Date(made), until: ends, publicKey, sign: undefined };
  const key = privateKeyOf({ ...jwk, d: jwk.d }, file);
  if (createPublicKey(key).export({ format: 'jwk' }).x !== jwk.x) throw unusable(file);
  return { made: new Date(made), until: ends, publicKey, sign: (data) => sign(null, data, key) };
}

function newKey(now: Date): StoredKey {
  const { x = '', d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { made: now.toISOString(), jwk: { kty: 'OKP', crv: 'Ed25519', x, d } };
}

function withoutEnded(key: StoredKey, now: Date): StoredKey {
  if (key.until === undefined || isInForce(new Date(key.until), now)) return key;
  const { d: _, ...jwk } = key.jwk;
  return { ...key, jwk };
}

async function read(file: KeyFile): Promise<Stored | undefined> {
  const { path, setting } = file;
  try {
    await refuseForeign(path, setting);
    await refuseForeign(dirname(path), setting);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (((await stat(path)).mode & 0o077) !== 0)
    throw new ConfigError([
      `${setting}: others than its owner may read ${path}: run "chmod 600 ${path}" and, if one of them may have, "lading signing-keys rotate --grace 0s"`,
    ]);
  const parsed = Stored.safeParse(parsedJson(await readFile(path, 'utf8')));
  if (!parsed.success) throw unusable(file);
  return parsed.data;
}

/** Undefined for what is no JSON: the parser's own error would show a piece of the key. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unusable = ({ path, setting }: KeyFile): ConfigError =>
  new ConfigError([`${setting}: ${path} holds no signing keys, or is damaged: put back a copy of it`]);

/** Writes beside the file and puts that in its place when it is on the disk: whoever reads finds the old keys or the new ones, whole. */
async function write({ path }: KeyFile, stored: Stored, how: 'new' | 'over'): Promise<boolean> {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(stored, null, 2)}\n`);
    await handle.sync();
    await handle.close();
    return await putInPlace(draft, path, how);
  } finally {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
  }
}

/** @returns whether it is there now, and was not before */
async function putInPlace(draft: string, path: string, how: 'new' | 'over'): Promise<boolean> {
  try {
    await (how === 'over' ? rename(draft, path) : link(draft, path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** A file that was renamed is there after a power failure only when its folder was written. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Names the tree of a ledger for everybody, and the keys that sign it. */
export const originOf = (base: string, ledger: string): string => `${base}/${ledger}`;
