import { type Hash, hashes, type Maybe, type Primitives, sameBytes } from './primitives.ts';

/** A full subtree: of the leaves from `index` × 2^level on, 2^level many. */
export interface Node {
  readonly level: number;
  readonly index: number;
}

/** Some leaves that follow each other: from the first up to, but without, the last. */
type Leaves = readonly [from: number, to: number];

/** The largest power of two that is smaller: where a tree of so many leaves divides (RFC 6962 §2.1). */
function divide(leaves: number): number {
  let left = 1;
  while (left * 2 < leaves) left *= 2;
  return left;
}

/**
 * The subtrees that an inclusion proof names, from the sibling of the leaf up (RFC 6962 §2.1.1).
 *
 * @throws {RangeError} when the tree has no such leaf
 */
function inclusionPath(index: number, size: number): Leaves[] {
  checkSizes(index + 1, size);
  const path: Leaves[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + divide(to - from);
    if (index < middle) {
      path.push([middle, to]);
      to = middle;
    } else {
      path.push([from, middle]);
      from = middle;
    }
  }
  return path.reverse();
}

/**
 * The subtrees that a consistency proof names (RFC 6962 §2.1.2). None when the older tree is empty or both are one.
 *
 * @throws {RangeError} when the older tree is larger
 */
function consistencyPath(older: number, size: number): Leaves[] {
  checkSizes(older, size);
  if (older === 0 || older === size) return [];
  const path: Leaves[] = [];
  let [from, to] = [0, size];
  // Whether the older tree is, from here on, one whole subtree that its verifier has already.
  let isWhole = true;
  while (older - from !== to - from) {
    const middle = from + divide(to - from);
    if (older <= middle) {
      path.push([middle, to]);
      to = middle;
    } else {
      path.push([from, middle]);
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) path.push([from, to]);
  return path.reverse();
}

function checkSizes(older: number, size: number): void {
  if (!Number.isSafeInteger(older) || !Number.isSafeInteger(size) || older < 0 || older > size)
    throw new RangeError(`a tree of ${size} leaves has no ${older} first ones`);
}

/** Adds the full subtrees, largest first, that leaves are made of which begin where their largest subtree may begin. */
function addNodesOf([from, to]: Leaves, nodes: Node[]): void {
  for (let at = from; at < to; ) {
    let [level, leaves] = [0, 1];
    while (leaves * 2 <= to - at && at % (leaves * 2) === 0) [level, leaves] = [level + 1, leaves * 2];
    nodes.push({ level, index: at / leaves });
    at += leaves;
  }
}

/** Reads the hashes of full subtrees, in the order in which they are named: at most 63 for each hash of a proof. */
type ReadNodes = (nodes: readonly Node[]) => Maybe<readonly Hash[]>;

/**
 * The hashes over the last leaves of a tree of one size, where these are no full subtree, by the first of these leaves. Nearly every proof
 * needs one of the same few, which is made of up to 63 others: whoever makes many proofs keeps them.
 */
export type Edges = Map<number, Hash>;

async function read(
  path: readonly Leaves[],
  readNodes: ReadNodes,
  primitives: Primitives,
  edges: Edges = new Map(),
): Promise<Hash[]> {
  const { node } = hashes(primitives);
  const wanted: Node[] = [];
  // Up to where in `wanted` the nodes of each subtree are: none, where its hash is kept.
  const ends = path.map((leaves) => {
    if (isFull(leaves) || !edges.has(leaves[0])) addNodesOf(leaves, wanted);
    return wanted.length;
  });
  const found = await readNodes(wanted);
  if (found.length !== wanted.length) throw new RangeError('the hash of a subtree is missing');
  const proof: Hash[] = [];
  let begin = 0;
  for (const [n, leaves] of path.entries()) {
    const end = ends[n] ?? begin;
    let hash = end === begin ? edges.get(leaves[0]) : found[end - 1];
    if (hash === undefined) throw new RangeError('the hash of a subtree is missing');
    if (end - begin > 1) for (const left of found.slice(begin, end - 1).reverse()) hash = await node(left, hash);
    if (!isFull(leaves)) edges.set(leaves[0], hash);
    proof.push(hash);
    begin = end;
  }
  return proof;
}

function isFull([from, to]: Leaves): boolean {
  let leaves = to - from;
  while (leaves % 2 === 0) leaves /= 2;
  return leaves === 1;
}

/**
 * The proof that a leaf is in a tree of this size, from the sibling of the leaf up (RFC 6962 §2.1.1).
 *
 * @param index of the leaf, from 0
 * @throws {RangeError} when the tree has no such leaf
 */
export const inclusionProof = async (
  index: number,
  size: number,
  readNodes: ReadNodes,
  primitives: Primitives,
  edges?: Edges,
): Promise<Hash[]> => read(inclusionPath(index, size), readNodes, primitives, edges);

/**
 * The proof that the first leaves of a tree are the whole of an older one (RFC 6962 §2.1.2).
 *
 * @throws {RangeError} when the older tree is larger
 */
export const consistencyProof = async (
  older: number,
  size: number,
  readNodes: ReadNodes,
  primitives: Primitives,
  edges?: Edges,
): Promise<Hash[]> => read(consistencyPath(older, size), readNodes, primitives, edges);

/** The root of a whole tree, of the hashes of its full subtrees. The empty tree has none here. */
export const rootHash = async (size: number, readNodes: ReadNodes, primitives: Primitives): Promise<Hash> => {
  const [root] = await read([[0, size]], readNodes, primitives);
  if (root === undefined) throw new RangeError('the hash of a tree is missing');
  return root;
};

/** Whether the leaf at this index, from 0, is in the tree of this size and root (RFC 9162 §2.1.3.2). */
export async function verifyInclusion(
  { leaf, index, size, root }: { leaf: Hash; index: number; size: number; root: Hash },
  proof: readonly Hash[],
  primitives: Primitives,
): Promise<boolean> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  const { node } = hashes(primitives);
  // What is left of the index, and of the index of the last leaf, at the level where the hash stands.
  let [own, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== 32) return false;
    if (own % 2 === 1 || own === last) {
      hash = await node(sibling, hash);
      // A subtree without a sibling on its right stands for the next levels as it is.
      while (own % 2 === 0 && own !== 0) [own, last] = [own / 2, Math.floor(last / 2)];
    } else {
      hash = await node(hash, sibling);
    }
    [own, last] = [Math.floor(own / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameBytes(hash, root);
}

interface Tree {
  readonly size: number;
  readonly root: Hash;
}

/**
 * Whether the first leaves of a tree are the whole of an older one (RFC 9162 §2.1.4.2). An empty tree is older than any, and a tree as
 * old as itself: both take no proof.
 */
export async function verifyConsistency(
  older: Tree,
  newer: Tree,
  proof: readonly Hash[],
  primitives: Primitives,
): Promise<boolean> {
  const sizes = [older.size, newer.size];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0) || older.size > newer.size) return false;
  if (older.size === 0) return proof.length === 0 && sameBytes(older.root, await primitives.sha256(new Uint8Array()));
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root);
  if (proof.some(({ length }) => length !== 32)) return false;
  const { node } = hashes(primitives);
  let [own, last] = [older.size - 1, newer.size - 1];
  while (own % 2 === 1) [own, last] = [Math.floor(own / 2), Math.floor(last / 2)];
  // An older tree that is one full subtree is known by its root, and not named by the proof.
  const [start, ...rest] = own === 0 ? [older.root, ...proof] : proof;
  if (start === undefined) return false;
  let [before, after] = [start, start];
  for (const hash of rest) {
    if (last === 0) return false;
    if (own % 2 === 1 || own === last) {
      before = await node(hash, before);
      after = await node(hash, after);
      while (own % 2 === 0 && own !== 0) [own, last] = [own / 2, Math.floor(last / 2)];
    } else {
      after = await node(after, hash);
    }
    [own, last] = [Math.floor(own / 2), Math.floor(last / 2)];
  }
  return last === 0 && sameBytes(before, older.root) && sameBytes(after, newer.root);
}
