import { plural } from '../format.ts';
import { type Evidence, type Outcome, reasonOf } from '#evidence/check';
import { cosignaturesOf, parseCheckpoint, type SignedCheckpoint } from '#proofs/checkpoint';
import type { Primitives } from '#proofs/primitives';
import {
  BadSignature,
  ED25519,
  formatVerifierKey,
  parseVerifierKey,
  signersOf,
  type VerifierKey,
} from '#proofs/signedNote';

/** A checkpoint, and whose signatures of it verified. */
export interface Note extends Pick<Evidence, 'signers' | 'witnesses'> {
  readonly checkpoint: SignedCheckpoint;
  /** A signature is not that of its key: a sentence. */
  readonly wrong?: string;
  /** Why this browser cannot say. */
  readonly cannot?: string;
}

export const readKeys = (keys: readonly string[], primitives: Primitives): Promise<VerifierKey[]> =>
  Promise.all(keys.map((key) => parseVerifierKey(key, primitives)));

/** @throws {Malformed} when it is no checkpoint */
export async function checkNote(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
  primitives: Primitives,
): Promise<Note> {
  const checkpoint = parseCheckpoint(bytes);
  const { note, origin, size } = checkpoint;
  const own = keys.filter(({ kind, name }) => kind === ED25519 && name === origin);
  try {
    const signers = await signersOf(note, own, primitives);
    return { checkpoint, signers, witnesses: await cosignaturesOf(note, keys, primitives) };
  } catch (error) {
    const found = { checkpoint, signers: [], witnesses: [] };
    if (error instanceof BadSignature)
      return {
        ...found,
        wrong: `The checkpoint of ${plural(size, 'event')} was changed after it was signed: ${error.message}.`,
      };
    return { ...found, cannot: reasonOf(error) };
  }
}

/** What is to be said of the signatures of the newest checkpoint that counts, or else of the newest. */
export function signatureChecks(note: Note | undefined, keys: readonly VerifierKey[]) {
  const say = (outcome: Outcome, found: string) => ({ outcome, found });
  if (note === undefined) return [];
  const { checkpoint, signers, witnesses, cannot } = note;
  if (cannot !== undefined) return [say('unknown', `The signatures cannot be checked here: ${cannot}.`)];
  if (!keys.some(({ kind }) => kind === ED25519))
    return [say('unknown', `There is no verifier key of ${checkpoint.origin} to hold the signatures against.`)];
  if (signers.length === 0)
    return [say('broken', `No checkpoint, of ${checkpoint.origin}, was signed with any of the given keys.`)];
  const names = (of: readonly string[]) => of.join(', ');
  return [
    say(
      'held',
      `The checkpoint of ${plural(checkpoint.size, 'event')} was signed with ${names(signers.map(formatVerifierKey))}.`,
    ),
    ...(witnesses.length === 0
      ? []
      : [say('held', `It was cosigned by ${names(witnesses.map(({ witness }) => witness.name))}.`)]),
  ];
}
