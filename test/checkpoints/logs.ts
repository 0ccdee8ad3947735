import { type SigningKeys, signingAt, verifierKeyOf } from '#checkpoints/signingKeys';
import { formatCheckpoint } from '#proofs/checkpoint';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import { concat, type Hash } from '#proofs/primitives';
import { formatNote, signNote } from '#proofs/signedNote';
import { bytesOf, toBase64 } from '#proofs/text';
import { consistencyProof, type Node } from '#proofs/treeProofs';

export const ORIGIN = 'log.example/nvidia';

/** A log in memory, which may lie: every leaf of it can be another one. */
export class Log {
  readonly #leaves: Hash[];
  constructor(texts: readonly string[]) {
    this.#leaves = texts.map((text) => leafHash(Buffer.from(text)));
  }
  root(size: number): Hash {
    const range = new CompactRange();
    for (const leaf of this.#leaves.slice(0, size)) range.append(leaf);
    return range.root();
  }
  proof(older: number, size: number): Promise<Hash[]> {
    const of = ({ level, index }: Node): Hash => {
      const range = new CompactRange();
      for (const leaf of this.#leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)) range.append(leaf);
      return range.root();
    };
    return consistencyProof(older, size, async (nodes) => nodes.map(of), onNode);
  }
}

export const honest = new Log(Array.from({ length: 40 }, (_, n) => `event ${n}`));
/** Rewrote the third event, and recomputed everything. */
export const liar = new Log(Array.from({ length: 40 }, (_, n) => (n === 2 ? 'rewritten' : `event ${n}`)));

/** A checkpoint that the newest of these keys has signed. */
export async function checkpointBy(
  keys: SigningKeys,
  { origin, size, root }: { readonly origin: string; readonly size: number; readonly root: Hash },
): Promise<Uint8Array> {
  const text = formatCheckpoint({ origin, size, root, extensions: [] });
  const [key] = signingAt(keys, new Date());
  return formatNote({ text, signatures: [await signNote(text, await verifierKeyOf(key!, origin), key!.sign)] });
}

/** What `add-checkpoint` is asked. */
export const request = (old: number | string, proof: readonly Hash[], note: Uint8Array): Uint8Array =>
  concat([bytesOf([`old ${old}`, ...proof.map(toBase64), '', ''].join('\n')), note]);
