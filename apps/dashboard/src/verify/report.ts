import { checkEvidence, type Evidence, type EvidenceFile, type Outcome, reasonOf } from '#evidence/check';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { doesNotProve, proves, signedBy, VERDICTS } from '#evidence/words';
import { inBrowser } from '#proofs/inBrowser';
import { Malformed } from '#proofs/text';
import { parseTlogProof } from '#proofs/tlogProof';

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
}

/** What the page cannot prove of itself. */
const THIS_PAGE =
  'That this page is honest. Its program came from the server that keeps the events. If you do not trust that, check the file with a program of your own: “lading evidence FILE” or “lading verify --file FILE”, or any for C2SP tlog-proof.';
const OWN_KEY = 'The key is the one that you gave.';
const KEY_CAME_ALONG =
  'The key came with what it was checked with: hold it against one that you had from the ledger’s keeper in another way, and give that one here.';

/** Checks the evidence of one event, with the reader's own keys where they are of its ledger. */
export async function reportOn(file: EvidenceFile, own: readonly string[]): Promise<Report> {
  if (!canCheck())
    return unchecked('This browser computes no hashes on a page like this: open it by https or localhost.');
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

/** Checks a file of evidence, whatever it is. */
export async function reportOnFile(bytes: Uint8Array, own: readonly string[]): Promise<Report> {
  if (isBundle(bytes))
    return unchecked('This is a bundle of events. Check it with the command line: “lading verify --file FILE”.');
  try {
    return await reportOn(readEvidenceFile(bytes), own);
  } catch (error) {
    if (error instanceof Malformed) return broken(`The file cannot be read: ${error.message}.`);
    return unchecked(`The check broke off: ${reasonOf(error)}.`);
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
