import { hash } from 'node:crypto';
import type { Hash } from './primitives.ts';

const HASH_BYTES = 32;

/** A hash as a text of 32 characters, one for each byte (latin1): it costs half of what one in a buffer does, and most only go into another. */
export type Digest = string;
/** One of several that stand one after the other. */
export const digestIn = (digests: string, index: number): Digest =>
  digests.slice(HASH_BYTES * index, HASH_BYTES * (index + 1));
export const bytesIn = (digest: Digest): Buffer => Buffer.from(digest, 'latin1');

/** 0x00 and a leaf, where it fits; and 0x01 and two hashes: written anew for each, which costs half of what an allocation does. */
const leaf = Buffer.alloc(1 + 65_535, 0x00);
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);

/** The hash of a leaf of the Merkle tree, 32 bytes: SHA-256(0x00 ‖ bytes), RFC 6962 §2.1. The leaf is the event's stored bytes. */
export const leafHash = (bytes: Uint8Array): Buffer => bytesIn(leafDigest(bytes));

export function leafDigest(bytes: Uint8Array): Digest {
  if (bytes.length >= leaf.length) return hash('sha256', Buffer.concat([Buffer.of(0x00), bytes]), 'binary');
  leaf.set(bytes, 1);
  return hash('sha256', leaf.subarray(0, 1 + bytes.length), 'binary');
}

/** The same of a leaf before which there is a byte that nobody reads any more: in an entry bundle, the second one of its length. */
export function leafDigestInPlace({ buffer, byteOffset, length }: Uint8Array): Digest {
  const leaf = new Uint8Array(buffer, byteOffset - 1, length + 1);
  leaf[0] = 0x00;
  return hash('sha256', leaf, 'binary');
}

/** The hash of a node above two others: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Buffer {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return bytesIn(hash('sha256', node, 'binary'));
}

/**
 * A Merkle tree that grows, of which only the roots of its full subtrees are kept, the largest first: one for each 1 in the binary form of
 * its size, so log₂ n hashes at most. It is all that is needed to add leaves and to know the root (RFC 6962 §2.1).
 */
export class CompactRange {
  #size = 0;
  #roots: Hash[] = [];

  /** @throws {RangeError} when there are not as many hashes as a tree of this size has, or a hash has not 32 bytes */
  static of(size: number, roots: readonly Hash[]): CompactRange {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a tree has no size of ${size}`);
    if (roots.length !== onesIn(size) || roots.some(({ length }) => length !== HASH_BYTES))
      throw new RangeError(`a tree of ${size} leaves has ${onesIn(size)} full subtrees, with a hash of 32 bytes each`);
    const range = new CompactRange();
    range.#size = size;
    range.#roots = [...roots];
    return range;
  }

  /** The same of the hashes one after the other. @throws {RangeError} */
  static fromBytes(size: number, bytes: Uint8Array): CompactRange {
    const roots = Array.from({ length: Math.ceil(bytes.length / HASH_BYTES) }, (_, n) =>
      bytes.slice(n * HASH_BYTES, (n + 1) * HASH_BYTES),
    );
    return CompactRange.of(size, roots);
  }

  get size(): number {
    return this.#size;
  }

  /** Of the full subtrees, the largest first. */
  get roots(): readonly Hash[] {
    return this.#roots;
  }

  toBytes(): Buffer {
    return Buffer.concat(this.#roots);
  }

  /**
   * Adds a leaf on the right: full subtrees of one size become one of twice the size.
   *
   * @param onFull is told of each subtree that this leaf makes full: the one with this index, from 0, among those of 2^level leaves
   */
  append(leaf: Hash, onFull?: (level: number, index: number, root: Hash) => void): void {
    let root = leaf;
    for (let rest = this.#size, level = 1; rest % 2 === 1; level++) {
      rest = Math.floor(rest / 2);
      root = nodeHash(this.#roots.pop() ?? root, root);
      onFull?.(level, rest, root);
    }
    this.#roots.push(root);
    this.#size += 1;
  }

  /** Of the whole tree; of the empty one, the hash of nothing. */
  root(): Hash {
    if (this.#size === 0) return hash('sha256', '', 'buffer');
    return this.#roots.reduceRight((right, left) => nodeHash(left, right));
  }
}

function onesIn(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
