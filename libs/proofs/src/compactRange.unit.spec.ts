import { describe, expect, it } from 'vitest';
import { CompactRange, leafHash, nodeHash } from './compactRange.ts';

describe('leafHash', () => {
  it('the hash of a leaf is that of RFC 6962: it gives the published test vectors', () => {
    // The leaves of the reference tree that certificate-transparency implementations share.
    expect(leafHash(Buffer.alloc(0)).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(leafHash(Buffer.of(0x00)).toString('hex')).toBe(
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    );
  });

  it('the hash of a leaf differs from the plain hash, so that no inner node can pass for an event', () => {
    expect(leafHash(Buffer.from('event'))).not.toEqual(leafHash(Buffer.from('\0event')));
  });
});

describe('a tree that grows', () => {
  it('tells of every subtree that a leaf makes full, with its place and its root', () => {
    const leaves = Array.from({ length: 300 }, (_, n) => leafHash(Buffer.of(n % 256, n >> 8)));
    const told = new Map<string, string>();
    const tree = new CompactRange();
    for (const leaf of leaves)
      tree.append(leaf, (level, index, root) => {
        expect(told.has(`${level}/${index}`)).toBe(false);
        told.set(`${level}/${index}`, Buffer.from(root).toString('hex'));
      });
    let below = leaves;
    let expected = 0;
    for (let level = 1; below.length > 1; level++) {
      below = Array.from({ length: Math.floor(below.length / 2) }, (_, n) =>
        nodeHash(below[2 * n]!, below[2 * n + 1]!),
      );
      for (const [index, root] of below.entries()) expect(told.get(`${level}/${index}`)).toBe(root.toString('hex'));
      expected += below.length;
    }
    expect(told.size).toBe(expected);
  });

  it('goes on from its bytes, and takes none that are not those of a tree of its size', () => {
    const tree = new CompactRange();
    for (let size = 0; size < 40; size++) {
      const again = CompactRange.fromBytes(size, tree.toBytes());
      expect(again.root()).toEqual(tree.root());
      const wrong = [Buffer.concat([tree.toBytes(), Buffer.alloc(32)]), Buffer.concat([tree.toBytes(), Buffer.of(0)])];
      for (const bytes of wrong) expect(() => CompactRange.fromBytes(size, bytes)).toThrow(RangeError);
      tree.append(leafHash(Buffer.of(size)));
    }
  });
});
