import { hash } from 'node:crypto';
import type { Hash } from './primitives.ts';
import { nodeHash } from './treeHash.ts';

const HASH_BYTES = 32;

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

  get size(): number {
    return this.#size;
  }

  /** Of the full subtrees, the largest first. */
  get roots(): readonly Hash[] {
    return this.#roots;
  }

  /** Adds a leaf on the right: full subtrees of one size become one of twice the size. */
  append(leaf: Hash): void {
    let root = leaf;
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2))
      root = nodeHash(this.#roots.pop() ?? root, root);
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
