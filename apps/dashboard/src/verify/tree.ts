import { concat, type Hash, hashes, type Primitives, sameBytes } from '#proofs/primitives';

const TILE = 256;
/** Bytes of one. */
const HASH = 32;

/**
 * The Merkle tree of events (RFC 6962), grown a tile at a time with the cryptography of a browser, which answers later: a tile's hashes are
 * asked for together. Of the events, those of the last tile are kept, and one hash of each tile before.
 */
export class Tree {
  readonly #primitives: ReturnType<typeof hashes>;
  readonly #empty: () => Hash | Promise<Hash>;
  /** By level of tiles: the hashes of full subtrees of 256^level events; of level 0, those of the last tile. */
  readonly #levels: Hash[][] = [[]];
  #size = 0;

  constructor(primitives: Primitives) {
    this.#primitives = hashes(primitives);
    this.#empty = () => primitives.sha256(new Uint8Array(0));
  }

  get size(): number {
    return this.#size;
  }

  leavesOf(events: readonly Uint8Array[]): Promise<Hash[]> {
    return Promise.all(events.map(async (bytes) => this.#primitives.leaf(bytes)));
  }

  /** Adds the leaves of the next tile, which is full unless it is the last. */
  async append(leaves: readonly Hash[]): Promise<void> {
    this.#size += leaves.length;
    this.#levels[0] = [...leaves];
    if (leaves.length === TILE) await this.#push(1, await this.#rootOf(leaves));
  }

  async #push(level: number, hash: Hash): Promise<void> {
    const list = (this.#levels[level] ??= []);
    list.push(hash);
    if (list.length % TILE === 0) await this.#push(level + 1, await this.#rootOf(list.slice(-TILE)));
  }

  root(): Promise<Hash> {
    return this.rootWith(this.#size % TILE === 0 ? [] : (this.#levels[0] ?? []));
  }

  /** The root of the full tiles that there are, and of these leaves after them. */
  async rootWith(leaves: readonly Hash[]): Promise<Hash> {
    let rest = leaves.length === 0 ? undefined : await this.#rootOf(leaves);
    for (const list of this.#levels.slice(1)) {
      const left = list.slice(Math.floor(list.length / TILE) * TILE);
      rest = await this.#withRest(left, rest);
    }
    return rest ?? (await this.#empty());
  }

  /** The root of full subtrees of one size, and of what is smaller after them. */
  async #withRest(left: readonly Hash[], rest: Hash | undefined): Promise<Hash | undefined> {
    if (left.length === 0) return rest;
    if (rest === undefined) return this.#rootOf(left);
    const most = 2 ** Math.floor(Math.log2(left.length));
    const [one, other] = [await this.#rootOf(left.slice(0, most)), await this.#withRest(left.slice(most), rest)];
    return this.#primitives.node(one, other ?? rest);
  }

  /** Of at least one hash. */
  async #rootOf(of: readonly Hash[]): Promise<Hash> {
    const [only] = of;
    if (of.length === 1 && only !== undefined) return only;
    const most = 2 ** Math.floor(Math.log2(of.length - 1));
    const [one, other] = await Promise.all([this.#rootOf(of.slice(0, most)), this.#rootOf(of.slice(most))]);
    return this.#primitives.node(one, other);
  }

  /** Whether these, one after the other, are the hashes of this level of tiles from the one with this index on. Of leaves it knows the last tile. */
  has(level: number, first: number, bytes: Uint8Array): boolean {
    const from = first - (level === 0 ? Math.floor((this.#size - 1) / TILE) * TILE : 0);
    const there = (this.#levels[level] ?? []).slice(Math.max(0, from), from + bytes.length / HASH);
    return sameBytes(concat(there), bytes);
  }
}
