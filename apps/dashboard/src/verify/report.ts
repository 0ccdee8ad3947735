import { checkEvidence, type Evidence, type EvidenceFile, type Outcome, reasonOf } from '#evidence/check';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { doesNotProve, proves, signedBy, VERDICTS } from '#evidence/words';
import { inBrowser } from '#proofs/inBrowser';
import { formatVerifierKey } from '#proofs/signedNote';
import { EndsEarly } from '#proofs/tarMembers';
import { Malformed } from '#proofs/text';
import { parseTlogProof } from '#proofs/tlogProof';
import { checkBundle } from './bundle.ts';
import { bundleDoesNotProve, bundleProves, claimOf } from './bundleWords.ts';

/** What a check in this page found, in words. */
export interface Report {
  readonly outcome: Outcome;
  readonly title: string;
  readonly text: string;
  readonly checks: readonly { readonly outcome: Outcome; readonly found: string }[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
  readonly signedBy: readonly string[];
  /** What a single event says of itself, byte for byte. */
  readonly event?: Uint8Array | undefined;
  /** The first events of a bundle, and how many there are. */
  readonly bundle?: { readonly begin: readonly Uint8Array[]; readonly events: number };
}

/** What the page cannot prove of itself. */
const THIS_PAGE =
  'That this page is honest. Its program came from the server that keeps the events. If you do not trust that, check the file with a program of your own: “lading evidence FILE” or “lading verify --file FILE”, or any for C2SP tlog-proof.';
const NO_HASHES = 'This browser computes no hashes on a page like this: open it by https or localhost.';
const OWN_KEY = 'The key is the one that you gave.';
const KEY_CAME_ALONG =
  'The key came with what it was checked with: hold it against one that you had from the ledger’s keeper in another way, and give that one here.';

/** Checks the evidence of one event, with the reader's own keys where they are of its ledger. */
export async function reportOn(file: EvidenceFile, own: readonly string[]): Promise<Report> {
  if (!canCheck()) return unchecked(NO_HASHES);
  const { keys, isOwn } = keysFor(file, own);
  const evidence = await checkEvidence({ proof: file.proof, keys }, inBrowser);
  const { outcome } = evidence;
  return {
    outcome,
    ...VERDICTS[outcome],
    checks: evidence.checks,
    proves: outcome === 'held' ? proves(evidence) : [],
    doesNotProve: [...doesNotProve(evidence), THIS_PAGE],
    signedBy: outcome === 'held' ? [...signedBy(evidence), isOwn ? OWN_KEY : KEY_CAME_ALONG] : [],
    event: bytesIn(evidence),
  };
}

/** Checks a file of evidence, or a bundle, whatever it is. @param onProgress told of the events of a bundle that were checked */
export async function reportOnFile(
  file: Blob,
  own: readonly string[],
  onProgress: (events: number) => void,
): Promise<Report> {
  if (!canCheck()) return unchecked(NO_HASHES);
  try {
    if (isBundle(new Uint8Array(await file.slice(0, 2).arrayBuffer())))
      return await reportOnBundle(file, own, onProgress);
    return await reportOn(readEvidenceFile(new Uint8Array(await file.arrayBuffer())), own);
  } catch (error) {
    if (error instanceof Malformed || error instanceof EndsEarly)
      return broken(`The file cannot be read: ${error.message}.`);
    return unchecked(`The check broke off: ${reasonOf(error)}.`);
  }
}

/** A bundle is unpacked and checked as it is read, by what the browser has. */
async function reportOnBundle(
  file: Blob,
  own: readonly string[],
  onProgress: (events: number) => void,
): Promise<Report> {
  const archive = chunksOf(file.stream().pipeThrough(new DecompressionStream('gzip')));
  const bundle = await checkBundle({ archive, own, primitives: inBrowser, onProgress });
  const { outcome, checks, kind, ledger, covering, events, begin } = bundle;
  const isHeld = outcome === 'held' && covering !== undefined;
  const isOwn = covering?.signers.some((key) => own.includes(formatVerifierKey(key))) === true;
  return {
    outcome,
    title: VERDICTS[outcome].title.replace('this evidence', 'this bundle'),
    text: isHeld ? `Every check held: ${claimOf(kind, events, ledger)}.` : VERDICTS[outcome].text,
    checks,
    proves: isHeld ? bundleProves(kind, events, covering) : [],
    doesNotProve: [...bundleDoesNotProve(kind, covering), THIS_PAGE],
    signedBy: isHeld ? [...signedBy({ outcome, checks: [], ...covering }), isOwn ? OWN_KEY : KEY_CAME_ALONG] : [],
    bundle: { begin, events },
  };
}

/** Streams of some browsers cannot be iterated by themselves. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Malformed('it is cut off, or was changed since it was written, and cannot be unpacked');
    });
    if (done) return;
    yield value;
  }
}

/** Compressed by gzip, as bundles are. */
const isBundle = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const bytesIn = ({ event }: Evidence): Uint8Array | undefined => event?.bytes;

const canCheck = (): boolean =>
  (globalThis.crypto as Partial<typeof globalThis.crypto> | undefined)?.subtle !== undefined;

const broken = (found: string): Report => only('broken', found);
const unchecked = (found: string): Report => only('unknown', found);
const only = (outcome: Outcome, found: string): Report => ({
  outcome,
  ...VERDICTS[outcome],
  checks: [{ outcome, found }],
  proves: [],
  doesNotProve: [],
  signedBy: [],
});

/** The reader's own key takes the place of the one that the file brings for the same ledger. */
function keysFor({ proof, keys }: EvidenceFile, own: readonly string[]) {
  const origin = originIn(proof);
  const isOf = (key: string) => origin !== undefined && key.startsWith(`${origin}+`);
  const mine = own.filter(isOf);
  if (mine.length === 0) return { keys, isOwn: false };
  return { keys: [...mine, ...keys.filter((key) => !isOf(key))], isOwn: true };
}

function originIn(proof: string): string | undefined {
  try {
    return parseTlogProof(new TextEncoder().encode(proof)).checkpoint.origin;
  } catch {
    return undefined;
  }
}
