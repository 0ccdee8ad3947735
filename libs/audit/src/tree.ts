import { hash } from 'node:crypto';
import { CompactRange, type Digest } from '#proofs/compactRange';
import { type Hash, sameBytes } from '#proofs/primitives';
import type { Hashes } from './items.ts';
import { Tampered } from './verdict.ts';

const TILE = 256;
const HASH = 32;
/** A tree of 2⁵³ events has no more levels of tiles. */
const LEVELS = 7;

/** Of a tree of 2⁵³ events, which are more than there can be. */
const HEIGHT = 53;

/**
 * The tree of a ledger while its events are read: what it takes to go on, and the tiles that are not full yet, 8 kB a level. A million
 * events are two million hashes, so none of these gets a buffer of its own.
 */
export class GrowingTree {
  #size: number;
  /** By level of the tree, two nodes as they are hashed together, 0x01 ‖ left ‖ right: the left one waits for its neighbour. */
  readonly #pairs: Buffer[] = Array.from({ length: HEIGHT }, () => Buffer.alloc(1 + 2 * HASH, 0x01));
  /** By level of tiles: the hashes of the tile that is being filled, or that was filled last. */
  readonly #tiles: Buffer[] = Array.from({ length: LEVELS }, () => Buffer.alloc(TILE * HASH));
  /** From here on this knows what is in tiles: what came before was not read. */
  readonly #from: number;

  constructor(range: CompactRange = CompactRange.of(0, [])) {
    this.#size = range.size;
    this.#from = range.size;
    for (const [n, level] of levelsIn(range.size).entries()) this.#pairs[level]?.set(range.roots[n] ?? [], 1);
  }

  get size(): number {
    return this.#size;
  }

  /** Of the full subtrees, the largest first. */
  get roots(): readonly Hash[] {
    return levelsIn(this.#size).map((level) => Buffer.from(this.#pairs[level]?.subarray(1, 1 + HASH) ?? []));
  }

  root(): Hash {
    return CompactRange.of(this.#size, this.roots).root();
  }

  append(leaf: Digest): void {
    this.#tiles[0]?.write(leaf, (this.#size % TILE) * HASH, 'latin1');
    let node = leaf;
    let level = 0;
    for (let index = this.#size; index % 2 === 1; index = (index - 1) / 2) {
      const pair = this.#pairs[level];
      if (pair === undefined) break;
      pair.write(node, 1 + HASH, 'latin1');
      node = hash('sha256', pair, 'binary');
      level += 1;
      this.#keep(level, (index - 1) / 2, node);
    }
    this.#pairs[level]?.write(node, 1, 'latin1');
    this.#size += 1;
  }

  #keep(level: number, index: number, node: Digest): void {
    if (level % 8 === 0) this.#tiles[level / 8]?.write(node, (index % TILE) * HASH, 'latin1');
  }

  /** The tiles of hashes whose last hash is of the event that was appended last. At the end of a ledger also those that are not full. */
  *tiles(atEnd = false): Generator<{ readonly level: number; readonly index: number; readonly hashes: Buffer }> {
    for (
      let [level, count] = [0, this.size];
      level < LEVELS && count >= 1;
      level += 1, count = Math.floor(count / TILE)
    ) {
      const width = ((count - 1) % TILE) + 1;
      const isNew = this.size === count * TILE ** level;
      if (isNew ? width === TILE || atEnd : atEnd && width < TILE)
        yield {
          level,
          index: Math.floor((count - 1) / TILE),
          hashes: Buffer.from(this.#tiles[level]?.subarray(0, width * HASH) ?? []),
        };
      if (!isNew && !atEnd) return;
    }
  }

  /** Hashes from a place of the tile on that is being filled, or was filled last; undefined when they are not there any more. */
  #hashesAt(level: number, index: number, count: number): Uint8Array | undefined {
    const each = TILE ** level;
    const there = Math.floor(this.size / each);
    const begin = Math.floor((there - 1) / TILE) * TILE;
    // What was before an audit went on from the middle was not seen.
    const areKnown = index >= begin && index + count <= there && index * each >= this.#from;
    const from = (index % TILE) * HASH;
    return areKnown ? this.#tiles[level]?.subarray(from, from + count * HASH) : undefined;
  }

  /** Holds hashes that a source keeps of its tree against those of the events. @throws {Tampered} */
  compare({ level, first, hashes }: Hashes): void {
    const count = Math.ceil(hashes.length / HASH);
    const all = this.#hashesAt(level, first, count);
    if (all !== undefined && Buffer.compare(all, hashes) === 0) return;
    const wrong = Array.from({ length: count }).findIndex((_, i) => {
      const own = this.#hashesAt(level, first + i, 1);
      return own !== undefined && !sameBytes(own, hashes.subarray(i * HASH, (i + 1) * HASH));
    });
    if (wrong < 0) return;
    const each = TILE ** level;
    throw new Tampered({
      first: (first + wrong) * each + 1,
      last: (first + wrong + 1) * each,
      what: `hash ${first + wrong} of level ${level} of the stored tree is not that of ${each === 1 ? 'the event' : 'these events'}`,
    });
  }
}

/** Of the full subtrees of a tree: one for each 1 in the binary form of its size, the largest first. */
function levelsIn(size: number): number[] {
  const levels: number[] = [];
  for (let [rest, level] = [size, 0]; rest > 0; rest = Math.floor(rest / 2), level += 1)
    if (rest % 2 === 1) levels.unshift(level);
  return levels;
}
