import { CompactRange } from '#proofs/compactRange';
import { type Hash, sameBytes } from '#proofs/primitives';
import type { Hashes } from './items.ts';
import { Tampered } from './verdict.ts';

const TILE = 256;
const HASH = 32;
/** A tree of 2⁵³ events has no more levels of tiles. */
const LEVELS = 7;

/**
 * The tree of a ledger while its events are read: what it takes to go on, and the tiles that are not full yet, 8 kB a level.
 */
export class GrowingTree {
  readonly #range: CompactRange;
  /** By level of tiles: the hashes of the tile that is being filled, or that was filled last. */
  readonly #tiles: Buffer[] = Array.from({ length: LEVELS }, () => Buffer.alloc(TILE * HASH));
  /** From here on this knows what is in tiles: what came before was not read. */
  readonly #from: number;

  constructor(range: CompactRange = CompactRange.of(0, [])) {
    this.#range = range;
    this.#from = range.size;
  }

  get size(): number {
    return this.#range.size;
  }

  get roots(): readonly Hash[] {
    return this.#range.roots;
  }

  root(): Hash {
    return this.#range.root();
  }

  append(leaf: Hash): void {
    this.#tiles[0]?.set(leaf, (this.#range.size % TILE) * HASH);
    this.#range.append(leaf, (level, index, root) => {
      if (level % 8 === 0) this.#tiles[level / 8]?.set(root, (index % TILE) * HASH);
    });
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

  /** The hash at a place of the tile that is being filled, or was filled last; undefined when it is not there any more. */
  #hashAt(level: number, index: number): Hash | undefined {
    const each = TILE ** level;
    const there = Math.floor(this.size / each);
    const begin = Math.floor((there - 1) / TILE) * TILE;
    // What was before an audit went on from the middle was not seen.
    const isKnown = index >= begin && index < there && index * each >= this.#from;
    return isKnown ? this.#tiles[level]?.subarray((index % TILE) * HASH, (index % TILE) * HASH + HASH) : undefined;
  }

  /** Holds hashes that a source keeps of its tree against those of the events. @throws {Tampered} */
  compare({ level, first, hashes }: Hashes): void {
    const wrong = hashes.findIndex((stored, i) => {
      const own = this.#hashAt(level, first + i);
      return own !== undefined && !sameBytes(own, stored);
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
