import { concat, type Hash, type Primitives } from './primitives.ts';
import {
  BadSignature,
  COSIGNATURE,
  isOf,
  type NoteSignature,
  parseNote,
  type Sign,
  type SignedNote,
  type VerifierKey,
} from './signedNote.ts';
import { bytesOf, hashFrom, Malformed, numberFrom, toBase64 } from './text.ts';

// Checkpoints: https://c2sp.org/tlog-checkpoint. Cosignatures: https://c2sp.org/tlog-cosignature (Ed25519).

/** The root of a log's tree at a size. */
interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Hash;
  /** Lines of the log's own, which nobody audits. */
  readonly extensions: readonly string[];
}

/** A checkpoint with the note that it was read from: signatures are over the note's text. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

/** The text that is signed. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, String(size), toBase64(root), ...extensions];
  if (lines.some((line) => line === '' || line.includes('\n'))) throw new Malformed('a line of a checkpoint is empty');
  return `${lines.join('\n')}\n`;
}

/** @throws {Malformed} when it is not a signed checkpoint to the letter */
export function parseCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const note = parseNote(bytes);
  const [origin = '', size = '', root = '', ...extensions] = note.text.slice(0, -1).split('\n');
  if (origin === '') throw new Malformed('the first line of a checkpoint names its log');
  if (extensions.includes('')) throw new Malformed('a line of a checkpoint is empty');
  return {
    origin,
    size: numberFrom(size, 'the size of a checkpoint'),
    root: hashFrom(root, 'the root of a checkpoint'),
    extensions,
    note,
  };
}

const cosigned = (text: string, seconds: number): Uint8Array => bytesOf(`cosignature/v1\ntime ${seconds}\n${text}`);

/** A witness's signature: at this time it had seen no larger tree of this log, and all trees that it saw of it agree. */
interface Cosignature {
  readonly witness: VerifierKey;
  /** Seconds since 1970. */
  readonly time: number;
}

export async function cosign(
  text: string,
  { name, keyId }: VerifierKey,
  time: number,
  sign: Sign,
): Promise<NoteSignature> {
  const signature = await sign(cosigned(text, time));
  const seconds = new Uint8Array(8);
  new DataView(seconds.buffer).setBigUint64(0, BigInt(time));
  return { name, keyId, signature: concat([seconds, signature]) };
}

/**
 * The cosignatures of the given witnesses, one each: the newest. Those of others are passed over.
 *
 * @throws {BadSignature} when a cosignature of one of these does not verify
 */
export async function cosignaturesOf(
  note: SignedNote,
  witnesses: readonly VerifierKey[],
  { verifies }: Primitives,
): Promise<Cosignature[]> {
  const found = new Map<VerifierKey, Cosignature>();
  for (const line of note.signatures) {
    const witness = witnesses.find((known) => known.kind === COSIGNATURE && isOf(line, known));
    if (witness === undefined) continue;
    const { signature: bytes } = line;
    const time = bytes.length === 72 ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)) : NaN;
    const isOwn =
      Number.isSafeInteger(time) && (await verifies(witness.publicKey, cosigned(note.text, time), bytes.slice(8)));
    if (!isOwn) throw new BadSignature(witness.name);
    if (time > (found.get(witness)?.time ?? -1)) found.set(witness, { witness, time });
  }
  return [...found.values()];
}
