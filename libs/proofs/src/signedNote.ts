import { concat, type Primitives, sameBytes } from './primitives.ts';
import { bytesOf, fromBase64, Malformed, textOf, toBase64 } from './text.ts';

// Signed notes: https://c2sp.org/signed-note.

/** The kinds of signatures that are known here, by the byte that stands for each. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
type Kind = typeof ED25519 | typeof COSIGNATURE;

/** One line of signatures; whose key it is, is only known when it was verified. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** With its last newline; not with the empty line that divides it from the signatures. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key that signatures are verified with. As text, a "vkey": `<name>+<key id in hex>+<base64 of kind and key>`. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly kind: Kind;
  /** Of Ed25519: 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A note longer than that is not read: a proof, an unknown signature and a few dozen cosignatures have room. */
const MAX_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
const EM_DASH = '\u2014';
/** Not empty, without a plus or any blank of Unicode. */
const NAME = /^[^+\p{White_Space}\p{Cc}]+$/u;

/** @throws {Malformed} when it is not a signed note to the letter */
export function parseNote(bytes: Uint8Array): SignedNote {
  if (bytes.length > MAX_BYTES) throw new Malformed(`a note has at most ${MAX_BYTES} bytes`);
  const note = textOf(bytes);
  // oxlint-disable-next-line no-control-regex -- these are what a note must not have
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Malformed('a note has no control character but newline');
  const divider = note.lastIndexOf('\n\n');
  if (divider < 0) throw new Malformed('a note has an empty line before its signatures');
  const text = note.slice(0, divider + 1);
  const lines = note.slice(divider + 2).split('\n');
  if (lines.pop() !== '') throw new Malformed('the last line of a note ends with a newline');
  if (lines.length === 0) throw new Malformed('a note has at least one signature');
  if (lines.length > MAX_SIGNATURES) throw new Malformed(`a note has at most ${MAX_SIGNATURES} signatures`);
  return { text, signatures: lines.map(parseSignature) };
}

/** @throws {Malformed} */
function parseSignature(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ');
  if (dash !== EM_DASH || rest.length > 0) throw new Malformed('a signature is a line of a dash, a name and base64');
  if (!NAME.test(name)) throw new Malformed('the name of a key is empty, or has a blank or a plus in it');
  const bytes = fromBase64(encoded, 'a signature');
  if (bytes.length < 5) throw new Malformed('a signature is shorter than the id of its key and a byte');
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

const formatSignature = ({ name, keyId, signature }: NoteSignature): string =>
  `${EM_DASH} ${name} ${toBase64(concat([keyId, signature]))}\n`;

export const formatNote = ({ text, signatures }: SignedNote): Uint8Array =>
  bytesOf(`${text}\n${signatures.map(formatSignature).join('')}`);

/** @throws {Malformed} when no key can have that name */
export async function verifierKey(
  name: string,
  kind: Kind,
  publicKey: Uint8Array,
  { sha256 }: Primitives,
): Promise<VerifierKey> {
  if (!NAME.test(name)) throw new Malformed('the name of a key is empty, or has a blank or a plus in it');
  const hash = await sha256(concat([bytesOf(`${name}\n`), Uint8Array.of(kind), publicKey]));
  return { name, kind, publicKey, keyId: hash.slice(0, 4) };
}

export const formatVerifierKey = ({ name, keyId, kind, publicKey }: VerifierKey): string =>
  `${name}+${hex(keyId)}+${toBase64(concat([Uint8Array.of(kind), publicKey]))}`;

/** @throws {Malformed} when it is not a key of Ed25519, or its id is not the one that it must have */
export async function parseVerifierKey(text: string, primitives: Primitives): Promise<VerifierKey> {
  const [name = '', id = '', ...encoded] = text.split('+');
  // The base64 may have a plus, the name may not.
  const [kind, ...publicKey] = fromBase64(encoded.join('+'), 'a verifier key');
  if (kind !== ED25519 && kind !== COSIGNATURE)
    throw new Malformed('a verifier key is of Ed25519, for notes (1) or for cosignatures (4)');
  if (publicKey.length !== 32) throw new Malformed('a verifier key of Ed25519 has 32 bytes');
  const key = await verifierKey(name, kind, Uint8Array.from(publicKey), primitives);
  if (hex(key.keyId) !== id) throw new Malformed(`the id of the verifier key is ${hex(key.keyId)}, and it says ${id}`);
  return key;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export const isOf = (signature: NoteSignature, key: VerifierKey): boolean =>
  signature.name === key.name && sameBytes(signature.keyId, key.keyId);

/** A signature of a known key does not verify: the whole note is refused, whoever else signed it. */
export class BadSignature extends Error {
  constructor(name: string) {
    super(`the signature of ${name} is not its own`);
    this.name = 'BadSignature';
  }
}

/**
 * Who of the given keys signed the note, by plain Ed25519 signatures. Signatures of other keys are passed over.
 *
 * @throws {BadSignature} when a signature of one of these keys does not verify
 */
export async function signersOf(
  note: SignedNote,
  keys: readonly VerifierKey[],
  { verifies }: Primitives,
): Promise<VerifierKey[]> {
  const signers = new Set<VerifierKey>();
  for (const signature of note.signatures) {
    const key = keys.find((known) => known.kind === ED25519 && isOf(signature, known));
    if (key === undefined) continue;
    const isOwn =
      signature.signature.length === 64 && (await verifies(key.publicKey, bytesOf(note.text), signature.signature));
    if (!isOwn) throw new BadSignature(key.name);
    signers.add(key);
  }
  return [...signers];
}

/** Signs 64 bytes with a private key of Ed25519. */
export type Sign = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** A plain Ed25519 signature of the text. */
export async function signNote(text: string, { name, keyId }: VerifierKey, sign: Sign): Promise<NoteSignature> {
  if (!text.endsWith('\n')) throw new Malformed('the text of a note ends with a newline');
  return { name, keyId, signature: await sign(bytesOf(text)) };
}
