import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { CompactRange } from './compactRange.ts';
import { inBrowser } from './inBrowser.ts';
import { onNode } from './onNode.ts';
import { type Hash, hashes } from './primitives.ts';
import {
  consistencyProof,
  inclusionProof,
  type Node,
  rootHash,
  verifyConsistency,
  verifyInclusion,
} from './treeProofs.ts';

const sha256 = (...parts: readonly Uint8Array[]): Hash => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (hash: Hash): string => Buffer.from(hash).toString('hex');

/** MTH and PATH and SUBPROOF, word for word from RFC 6962 §2.1, with the leaves' hashes for D. */
const half = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
function mth(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = half(leaves.length);
  return sha256(Uint8Array.of(1), remembered(leaves.slice(0, k)), remembered(leaves.slice(k)));
}
const memory = new Map<string, Hash>();
/** The leaves below are all different: so the first one and their number name a subtree. */
function remembered(leaves: readonly Hash[]): Hash {
  const key = `${hex(leaves[0]!)}${leaves.length}`;
  let hash = memory.get(key);
  if (hash === undefined) memory.set(key, (hash = mth(leaves)));
  return hash;
}
function path(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 1) return [];
  const k = half(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), remembered(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), remembered(leaves.slice(0, k))];
}
function subproof(m: number, leaves: readonly Hash[], isWhole: boolean): Hash[] {
  if (m === leaves.length) return isWhole ? [] : [remembered(leaves)];
  const k = half(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), remembered(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), remembered(leaves.slice(0, k))];
}

const SIZES = 300;
/** All small trees, and of the larger ones those around the powers of two and every seventh. (All of them are tried with LADING_PROOFS=all.) */
const sizes = Array.from({ length: SIZES }, (_, i) => i + 1).filter(
  (size) =>
    process.env.LADING_PROOFS === 'all' ||
    size <= 72 ||
    size % 14 === 0 ||
    [127, 128, 129, 255, 256, 257, 299].includes(size),
);
const leaves = Array.from({ length: SIZES + 1 }, (_, i) => sha256(Uint8Array.of(0), Buffer.from(`leaf ${i}`)));
const readNodes = async (nodes: readonly Node[]): Promise<Hash[]> =>
  nodes.map(({ level, index }) => remembered(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));

/** The same proof, wrong: a bit of each of its hashes, one less at either end, one more at either end. */
function spoilt(proof: readonly Hash[], n: number): Hash[][] {
  const flipped = proof.map((hash, i) => {
    const other = Uint8Array.from(hash);
    other[(n + i) % 32]! ^= 1 << ((n + i) % 8);
    return [...proof.slice(0, i), other, ...proof.slice(i + 1)];
  });
  const more = leaves[n % SIZES]!;
  return [
    ...flipped,
    ...(proof.length > 0 ? [proof.slice(1), proof.slice(0, -1)] : []),
    [more, ...proof],
    [...proof, more],
    ...(proof.length > 1 ? [[...proof].reverse()] : []),
  ];
}

/** Which proofs are tried with each thing wrong: all of small trees, and of larger ones enough for all shapes and places. */
const isSpoilt = (size: number, place: number): boolean => size <= 33 || (size * 7 + place) % 11 === 0;

describe('a proof over a Merkle tree', () => {
  it('has the roots that implementations of Certificate Transparency share as their vectors', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const tree = new CompactRange();
    expect(hex(tree.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const roots = inputs.map((input) => {
      tree.append(onNode.sha256(Buffer.from(`00${input}`, 'hex')));
      return hex(tree.root());
    });
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('is for every size up to 300 as the definition has it: roots, and a growing tree goes on from its stored hashes', async () => {
    let tree = new CompactRange();
    for (let size = 1; size <= SIZES; size++) {
      tree = CompactRange.of(tree.size, tree.roots);
      tree.append(leaves[size - 1]!);
      const root = hex(mth(leaves.slice(0, size)));
      expect(hex(tree.root())).toBe(root);
      expect(hex(await rootHash(size, readNodes, onNode))).toBe(root);
    }
  });

  it('of inclusion verifies for every leaf of trees up to 300; with one thing wrong, it never does', async () => {
    let spoiltOnes = 0;
    for (const size of sizes) {
      const root = mth(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const tree = { leaf: leaves[index]!, index, size, root };
        const proof = await inclusionProof(index, size, readNodes, onNode);
        if (size % 7 === 0) expect(proof.map(hex)).toEqual(path(index, leaves.slice(0, size)).map(hex));
        if (!(await verifyInclusion(tree, proof, onNode))) throw new Error(`leaf ${index} of ${size} is not proved`);
        if (!isSpoilt(size, index)) continue;
        const wrong = [
          ...spoilt(proof, size + index).map((other) => verifyInclusion(tree, other, onNode)),
          verifyInclusion({ ...tree, leaf: leaves[index + 1]! }, proof, onNode),
          verifyInclusion({ ...tree, index: index + 1 }, proof, onNode),
          verifyInclusion({ ...tree, index: index - 1 }, proof, onNode),
          verifyInclusion({ ...tree, root: leaves[SIZES]! }, proof, onNode),
        ];
        if ((await Promise.all(wrong)).includes(true)) throw new Error(`a wrong proof of leaf ${index} of ${size}`);
        spoiltOnes += wrong.length;
      }
    }
    expect(spoiltOnes).toBeGreaterThan(10_000);
  });

  it('of inclusion does not hold for a neighbouring size, but where the path is the same and only the root says it', async () => {
    for (let size = 2; size <= SIZES; size++) {
      for (const index of [0, 1, Math.floor(size / 2), size - 1]) {
        const proof = await inclusionProof(index, size, readNodes, onNode);
        const tree = { leaf: leaves[index]!, index, root: mth(leaves.slice(0, size)) };
        for (const other of [size - 1, size + 1]) {
          const samePath = other > index && path(index, leaves.slice(0, other)).length === proof.length;
          // The root is of one size only: with the root of the other size, the proof is wrong, whatever its length.
          const root = mth(leaves.slice(0, other));
          expect(await verifyInclusion({ ...tree, size: other, root }, proof, onNode)).toBe(false);
          if (!samePath) expect(await verifyInclusion({ ...tree, size: other }, proof, onNode)).toBe(false);
        }
      }
    }
  });

  it('of consistency verifies for trees up to 300 and all that they grew from; with one thing wrong, it never does', async () => {
    for (const size of sizes) {
      const newer = { size, root: mth(leaves.slice(0, size)) };
      for (let first = 0; first <= size; first++) {
        const older = { size: first, root: mth(leaves.slice(0, first)) };
        const proof = await consistencyProof(first, size, readNodes, onNode);
        if (first > 0 && size % 7 === 0)
          expect(proof.map(hex)).toEqual(subproof(first, leaves.slice(0, size), true).map(hex));
        if (!(await verifyConsistency(older, newer, proof, onNode)))
          throw new Error(`${first} in ${size} is not proved`);
        if (!isSpoilt(size, first)) continue;
        const other = leaves[SIZES]!;
        const wrong = [
          ...spoilt(proof, size + first).map((spoiltOne) => verifyConsistency(older, newer, spoiltOne, onNode)),
          verifyConsistency({ ...older, root: other }, newer, proof, onNode),
          verifyConsistency({ ...older, size: first - 1 }, newer, proof, onNode),
          // The empty tree is older than any tree, also than a wrong one: nothing is proved by it.
          first === 0 ? Promise.resolve(false) : verifyConsistency(older, { ...newer, root: other }, proof, onNode),
        ];
        if ((await Promise.all(wrong)).includes(true)) throw new Error(`a wrong proof of ${first} in ${size}`);
      }
    }
  });

  it('is refused for what is no size or no leaf, and nothing is thrown', async () => {
    const root = leaves[0]!;
    for (const [index, size] of [
      [-1, 1],
      [1, 1],
      [0, 0],
      [0.5, 1],
      [NaN, 1],
      [0, 2 ** 60],
      [0, Infinity],
    ] as const)
      expect(await verifyInclusion({ leaf: root, index, size, root: leaves[1]! }, [], onNode)).toBe(false);
    for (const [older, newer] of [
      [2, 1],
      [-1, 1],
      [0.5, 1],
      [NaN, NaN],
      [1, Infinity],
    ] as const)
      expect(await verifyConsistency({ size: older, root }, { size: newer, root }, [], onNode)).toBe(false);
    await expect(inclusionProof(1, 1, readNodes, onNode)).rejects.toThrow('a tree of 1 leaves has no 2 first ones');
    expect(() => CompactRange.of(3, [root])).toThrow('a tree of 3 leaves has 2 full subtrees');
    expect(() => CompactRange.of(1, [root.subarray(1)])).toThrow('with a hash of 32 bytes each');
  });

  it('holds for trees beyond 2³², where numbers of 32 bits would be cut', async () => {
    // All leaves are the same, so that each level has one hash only.
    const { node } = hashes(onNode);
    const levels: Hash[] = [leaves[0]!];
    for (let level = 1; level < 50; level++) levels.push(await node(levels[level - 1]!, levels[level - 1]!));
    const same = async (nodes: readonly Node[]) => nodes.map(({ level }) => levels[level]!);
    for (const size of [2 ** 32 + 1, 2 ** 40 - 1, 2 ** 45 + 12_345]) {
      const root = await rootHash(size, same, onNode);
      for (const index of [0, 2 ** 32 - 1, size - 1]) {
        const proof = await inclusionProof(index, size, same, onNode);
        expect(await verifyInclusion({ leaf: leaves[0]!, index, size, root }, proof, onNode)).toBe(true);
      }
      const older = 2 ** 31 + 7;
      const proof = await consistencyProof(older, size, same, onNode);
      const before = { size: older, root: await rootHash(older, same, onNode) };
      expect(await verifyConsistency(before, { size, root }, proof, onNode)).toBe(true);
    }
  });

  it('verifies alike with what a browser has', async () => {
    const tree = { leaf: leaves[7]!, index: 7, size: 13, root: mth(leaves.slice(0, 13)) };
    const proof = await inclusionProof(7, 13, readNodes, inBrowser);
    expect(await verifyInclusion(tree, proof, inBrowser)).toBe(true);
    expect(await verifyInclusion({ ...tree, index: 6 }, proof, inBrowser)).toBe(false);
  });
});
