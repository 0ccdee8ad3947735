import type { Hash } from '#proofs/primitives';

/** The root of a log's tree at a size. */
export interface Tree {
  readonly size: number;
  readonly root: Hash;
}

/** Something that knows what was published, in words for people. */
type Source = 'the database' | 'the file of what was published' | 'Kafka' | `the witness ${string}`;

interface Known extends Tree {
  readonly source: Source;
}

/**
 * The newest checkpoint that was published of each log, by all who know of any. The largest decides: each of them may have been set back
 * to what it was before, by a backup.
 */
export class Newest {
  readonly #known = new Map<string, Known>();
  readonly #forks = new Map<string, readonly [Known, Known]>();

  learn(origin: string, tree: Tree, source: Source): void {
    const known = this.#known.get(origin);
    const one = { ...tree, source };
    if (known?.size === tree.size && Buffer.compare(known.root, tree.root) !== 0) this.#forks.set(origin, [known, one]);
    if (known === undefined || tree.size > known.size) this.#known.set(origin, one);
  }

  of(origin: string): Known | undefined {
    return this.#known.get(origin);
  }

  /** Two that were published of one size, and disagree. */
  forkOf(origin: string): readonly [Known, Known] | undefined {
    return this.#forks.get(origin);
  }
}
