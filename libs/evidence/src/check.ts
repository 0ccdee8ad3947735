import { cosignaturesOf, type SignedCheckpoint } from '#proofs/checkpoint';
import { hashes, type Primitives } from '#proofs/primitives';
import {
  BadSignature,
  COSIGNATURE,
  ED25519,
  formatVerifierKey,
  parseVerifierKey,
  signersOf,
  type VerifierKey,
} from '#proofs/signedNote';
import { counted, bytesOf, Malformed, textOf } from '#proofs/text';
import { parseTlogProof } from '#proofs/tlogProof';
import { verifyInclusion } from '#proofs/treeProofs';

// What a piece of evidence shows, and whether it does. It runs on Node and in the page that carries the evidence.

export interface EvidenceFile {
  /** A C2SP tlog-proof, with the event as its extra data. */
  readonly proof: string;
  /** Verifier keys, as text: of the ledger, by which its signatures are known, and of witnesses. */
  readonly keys: readonly string[];
}

/** `unknown`: there was nothing to hold it against, or nothing to check it with. */
export type Outcome = 'held' | 'broken' | 'unknown';

interface Check {
  readonly name: 'file' | 'keys' | 'tree' | 'event' | 'signature' | 'witnesses';
  readonly outcome: Outcome;
  /** One or two sentences: what was found. */
  readonly found: string;
}

/** What an event says of itself. Nothing of it is shown as proved unless all checks held. */
export interface SaidEvent {
  readonly bytes: Uint8Array;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Evidence {
  readonly outcome: Outcome;
  readonly checks: readonly Check[];
  /** From 1. */
  readonly sequence?: number;
  readonly checkpoint?: SignedCheckpoint;
  readonly event?: SaidEvent;
  /** Whose signatures verified. */
  readonly signers: readonly VerifierKey[];
  /** Whose cosignatures verified, and when they say that they saw the checkpoint (seconds since 1970). */
  readonly witnesses: readonly { readonly witness: VerifierKey; readonly time: number }[];
}

/** @param atLeast so many of the witnesses whose keys are given must have cosigned */
export async function checkEvidence(
  { proof, keys }: EvidenceFile,
  primitives: Primitives,
  atLeast = 0,
): Promise<Evidence> {
  const checks: Check[] = [];
  const say = (name: Check['name'], outcome: Outcome, found: string) => checks.push({ name, outcome, found });
  const known = await readKeys(keys, primitives, say);
  const read = readProof(proof, say);
  if (read === undefined) return { outcome: 'broken', checks, signers: [], witnesses: [] };
  const { index, inclusion, checkpoint, extra } = read;
  const sequence = index + 1;

  const leaf = await hashes(primitives).leaf(extra);
  const isInTree = await verifyInclusion({ leaf, index, ...checkpoint }, inclusion, primitives);
  say(
    'tree',
    isInTree ? 'held' : 'broken',
    isInTree
      ? `The event's bytes and the ${inclusion.length === 1 ? 'hash' : `${inclusion.length} hashes`} of the proof give the root of the checkpoint: it is number ${sequence} of ${counted(checkpoint.size, 'event')}.`
      : "The event's bytes and the hashes of the proof do not give the root of the checkpoint: the event, its place, the proof or the checkpoint is not the one that was signed.",
  );
  const event = readEvent(extra, sequence, checkpoint.origin, say);
  const signers = await checkSignatures(checkpoint, known, primitives, say);
  const witnesses = await checkWitnesses(checkpoint, known, atLeast, primitives, say);
  return { outcome: worst(checks), checks, sequence, checkpoint, ...(event && { event }), signers, witnesses };
}

type Say = (name: Check['name'], outcome: Outcome, found: string) => void;

function worst(checks: readonly Check[]): Outcome {
  if (checks.some(({ outcome }) => outcome === 'broken')) return 'broken';
  return checks.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'held';
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function readKeys(keys: readonly string[], primitives: Primitives, say: Say): Promise<VerifierKey[]> {
  const known: VerifierKey[] = [];
  for (const key of keys) {
    try {
      known.push(await parseVerifierKey(key, primitives));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      say('keys', 'broken', `A verifier key is damaged: ${error.message}.`);
    }
  }
  return known;
}

function readProof(proof: string, say: Say) {
  try {
    const { extra, ...read } = parseTlogProof(bytesOf(proof));
    if (extra !== undefined) return { ...read, extra };
    say('file', 'broken', 'The proof does not contain the event that it is of.');
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    say('file', 'broken', `The proof is cut off or damaged: ${error.message}.`);
  }
  return undefined;
}

/** What the event says of itself has to be what the proof shows of it, or a reader would take it for another one. */
function readEvent(bytes: Uint8Array, sequence: number, origin: string, say: Say): SaidEvent | undefined {
  let said: Readonly<Record<string, unknown>> | null | undefined;
  try {
    said = JSON.parse(textOf(bytes)) as Readonly<Record<string, unknown>> | null;
  } catch {
    // Said below.
  }
  if (typeof said?.ledger !== 'string') {
    say('event', 'broken', 'The bytes that the proof is of are not an event of a ledger.');
    return undefined;
  }
  const { data, ...attributes } = said;
  const event = { bytes, attributes, data: (data ?? {}) as Record<string, unknown> };
  const own = Number(said.sequence);
  if (own !== sequence)
    say('event', 'broken', `The event says that its sequence is ${own}, and the proof is of number ${sequence}.`);
  else if (!origin.endsWith(`/${said.ledger}`))
    say('event', 'broken', `The event is of the ledger ${said.ledger}, and the checkpoint of ${origin}.`);
  else say('event', 'held', `The event says the same of itself: number ${sequence} of the ledger ${said.ledger}.`);
  return event;
}

function notSigned(origin: string, known: readonly VerifierKey[], isNamed: boolean): string {
  const names = [...new Set(known.filter(({ kind }) => kind === ED25519).map(({ name }) => name))];
  if (!names.includes(origin)) return `The checkpoint is of ${origin}, and the given keys are of ${names.join(', ')}.`;
  const plain = `The checkpoint, of ${origin}, was not signed with any of the given keys.`;
  return isNamed
    ? `${plain} A key with this name signed it that is not given: if the ledger's key was rotated since, give its older verifier key, too, as you had it from the ledger's keeper.`
    : plain;
}

const listed = (keys: readonly VerifierKey[]): string => keys.map(formatVerifierKey).join(', ');

async function checkSignatures(
  { note, origin }: SignedCheckpoint,
  known: readonly VerifierKey[],
  primitives: Primitives,
  say: Say,
): Promise<VerifierKey[]> {
  const own = known.filter(({ kind, name }) => kind === ED25519 && name === origin);
  if (known.every(({ kind }) => kind !== ED25519)) {
    say('signature', 'unknown', `There is no verifier key of ${origin} to hold the checkpoint's signatures against.`);
    return [];
  }
  try {
    const signers = await signersOf(note, own, primitives);
    if (signers.length > 0) say('signature', 'held', `The checkpoint was signed with ${listed(signers)}.`);
    else
      say(
        'signature',
        'broken',
        notSigned(
          origin,
          known,
          note.signatures.some(({ name }) => name === origin),
        ),
      );
    return signers;
  } catch (error) {
    sayUnchecked('signature', error, say);
    return [];
  }
}

async function checkWitnesses(
  { note }: SignedCheckpoint,
  known: readonly VerifierKey[],
  atLeast: number,
  primitives: Primitives,
  say: Say,
): Promise<Evidence['witnesses']> {
  const asked = known.filter(({ kind }) => kind === COSIGNATURE);
  try {
    const witnesses = await cosignaturesOf(note, asked, primitives);
    const names = witnesses.map(({ witness }) => witness.name).join(', ');
    if (witnesses.length < atLeast) {
      const few = `${witnesses.length} of ${asked.length} known witnesses cosigned the checkpoint, and ${atLeast} are asked for.`;
      say('witnesses', asked.length < atLeast ? 'unknown' : 'broken', few);
    } else if (witnesses.length > 0) {
      say('witnesses', 'held', `The checkpoint was cosigned by ${names}.`);
    }
    return witnesses;
  } catch (error) {
    sayUnchecked('witnesses', error, say);
    return [];
  }
}

/** A browser without Ed25519 has found nothing wrong; it can only not say. */
function sayUnchecked(name: Check['name'], error: unknown, say: Say): void {
  if (error instanceof BadSignature)
    say(name, 'broken', `A signature of the checkpoint is not that of its key: ${error.message}.`);
  else say(name, 'unknown', `The signatures cannot be checked here: ${reasonOf(error)}.`);
}
