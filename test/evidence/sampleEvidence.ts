import { generateKeyPairSync, sign as ed25519 } from 'node:crypto';
import type { EvidenceFile } from '#evidence/check';
import { cosign, formatCheckpoint, parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { type Hash, hashes } from '#proofs/primitives';
import { COSIGNATURE, ED25519, formatNote, formatVerifierKey, signNote, verifierKey } from '#proofs/signedNote';
import { bytesOf, textOf } from '#proofs/text';
import { formatTlogProof } from '#proofs/tlogProof';
import { inclusionProof, type Node, rootHash } from '#proofs/treeProofs';

/** A key that nobody keeps. */
export async function signer(name: string, kind: typeof ED25519 | typeof COSIGNATURE) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = await verifierKey(name, kind, publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), onNode);
  return { key, sign: (data: Uint8Array) => ed25519(null, data, privateKey) };
}

interface Sample {
  /** Says its sequence itself. */
  readonly event: string;
  readonly size?: number;
  readonly origin?: string;
  readonly witness?: string;
}

/** Evidence of an event in a ledger whose other events are only numbers, signed by keys that nobody keeps. */
export async function sampleEvidence({ event, size = 30, origin = 'lading.example/nvidia', witness }: Sample) {
  const index = Number((JSON.parse(event) as { sequence: string }).sequence) - 1;
  const { leaf, node } = hashes(onNode) as { leaf: (bytes: Uint8Array) => Hash; node: (a: Hash, b: Hash) => Hash };
  const hashOf = ({ level, index: at }: Node): Hash =>
    level === 0
      ? leaf(bytesOf(at === index ? event : String(at)))
      : node(hashOf({ level: level - 1, index: 2 * at }), hashOf({ level: level - 1, index: 2 * at + 1 }));
  const readNodes = async (nodes: readonly Node[]) => nodes.map(hashOf);

  const text = formatCheckpoint({ origin, size, root: await rootHash(size, readNodes, onNode), extensions: [] });
  const log = await signer(origin, ED25519);
  const witnesses = witness === undefined ? [] : [await signer(witness, COSIGNATURE)];
  const cosigned = witnesses.map(({ key, sign }) => cosign(text, key, 1_764_273_600, sign));
  const note = { text, signatures: [await signNote(text, log.key, log.sign), ...(await Promise.all(cosigned))] };
  const proof = formatTlogProof({
    index,
    inclusion: await inclusionProof(index, size, readNodes, onNode),
    checkpoint: parseCheckpoint(formatNote(note)),
    extra: bytesOf(event),
  });
  const keys = [log, ...witnesses].map(({ key }) => formatVerifierKey(key));
  return { proof: textOf(proof), keys } satisfies EvidenceFile;
}

const flipped = (base64: string): string => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length >> 1]! ^= 1;
  return bytes.toString('base64');
};

type Damage = (file: EvidenceFile) => EvidenceFile;
const inProof =
  (change: (proof: string) => string): Damage =>
  ({ proof, keys }) => {
    const changed = change(proof);
    if (changed === proof) throw new Error('this changed nothing');
    return { proof: changed, keys };
  };
const HASH = /^[A-Za-z0-9+/]{43}=$/m;

/** Each kind of damage, and the check that finds it first. */
export const DAMAGES: readonly (readonly [what: string, finds: string, damage: Damage])[] = [
  ['a bit of the event', 'tree', inProof((proof) => proof.replace(/(?<=^extra ).+$/m, flipped))],
  ['the index', 'tree', inProof((proof) => proof.replace(/(?<=^index )\d+$/m, (at) => String(Number(at) + 1)))],
  ['the index, which is no number any more', 'file', inProof((proof) => proof.replace('index ', 'index 0'))],
  ['a bit of a hash of the proof', 'tree', inProof((proof) => proof.replace(HASH, flipped))],
  ['the proof, of which a hash is missing', 'tree', inProof((proof) => proof.replace(/^[A-Za-z0-9+/]{43}=\n/m, ''))],
  ['the size of the checkpoint', 'signature', inProof((proof) => proof.replace(/^30$/m, '31'))],
  ['the root of the checkpoint', 'tree', inProof((proof) => proof.replace(/(?<=^30\n).+$/m, flipped))],
  [
    'the ledger of the checkpoint',
    'event',
    inProof((proof) => proof.replace('lading.example/nvidia\n', 'lading.example/amd\n')),
  ],
  ['the lines of the checkpoint', 'signature', inProof((proof) => proof.replace(/(?<=^30\n.+\n)/m, 'more\n'))],
  [
    'a bit of the signature',
    'signature',
    inProof((proof) => proof.replace(/(?<=^— lading\.example\/nvidia ).+$/m, flipped)),
  ],
  [
    'the signature, which is missing',
    'signature',
    inProof((proof) => proof.replace(/^— lading\.example\/nvidia .+\n/m, '')),
  ],
  [
    "a bit of a witness's cosignature",
    'witnesses',
    inProof((proof) => proof.replace(/(?<=^— witness\.example\/w1 ).+$/m, flipped)),
  ],
  [
    'the verifier key',
    'keys',
    ({ proof, keys }) => ({ proof, keys: keys.map((key, i) => (i === 0 ? key.replace(/.{4}$/, 'AAAA') : key)) }),
  ],
  ['the proof, which is cut off', 'file', inProof((proof) => proof.slice(0, -30))],
];
