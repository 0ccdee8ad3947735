import { hash } from 'node:crypto';
import { CompactRange } from '#proofs/compactRange';
import { type Hash, sameBytes } from '#proofs/primitives';
import type { Hashes } from './items.ts';
import { Tampered } from './verdict.ts';

const TILE = 256;
const HASH = 32;
/** A tree of 2⁵³ events has no more levels of tiles. */
const LEVELS = 7;

const scratch = Buffer.alloc(65_536 + 1);

/** SHA-256(0x00 ‖ bytes), RFC 6962 §2.1. A digest as text costs half of what a new buffer for each costs. */
export function hashLeaf(bytes: Uint8Array): Hash {
  scratch[0] = 0;
  scratch.set(bytes, 1);
  return Buffer.from(hash('sha256', scratch.subarray(0, bytes.length + 1), 'binary'), 'latin1');
}

function hashPair(pair: Buffer): string {
  scratch[0] = 1;
  scratch.set(pair, 1);
  return hash('sha256', scratch.subarray(0, 2 * HASH + 1), 'binary');
}

/** The root of 256 hashes, of which each is `HASH` bytes of the buffer. */
function rootOf(hashes: Buffer): Hash {
  const level = Buffer.from(hashes);
  for (let count = TILE; count > 1; count /= 2)
    for (let at = 0; at < count; at += 2)
      level.write(hashPair(level.subarray(at * HASH, (at + 2) * HASH)), (at / 2) * HASH, 'latin1');
  return level.subarray(0, HASH);
}

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
    this.#range.append(leaf);
    let hashOf = leaf;
    for (let [level, count] = [0, this.#range.size]; level < LEVELS; level += 1, count /= TILE) {
      const tile = this.#tiles[level];
      const at = (count - 1) % TILE;
      tile?.set(hashOf, at * HASH);
      if (at !== TILE - 1 || tile === undefined) return;
      hashOf = rootOf(tile);
    }
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
