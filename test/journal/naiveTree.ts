import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type pg from 'pg';
import { readTree } from '#journal/tree';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The Merkle tree hash of leaves, straight from the definition (RFC 6962 §2.1). */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(Buffer.of(1), naiveRoot(leaves.slice(0, left)), naiveRoot(leaves.slice(left)));
}

/** Expects that what the journal keeps of a ledger's tree is exactly what its events' bytes make. */
export async function expectTree(db: pg.Pool, ledger: string): Promise<void> {
  const { rows } = await db.query<{ bytes: Buffer; leaf: Buffer }>(
    'SELECT bytes, leaf_hash AS leaf FROM journal.events WHERE ledger = $1 ORDER BY sequence',
    [ledger],
  );
  const leaves = rows.map(({ bytes }) => sha256(Buffer.of(0), bytes));
  expect(rows.map(({ leaf }) => leaf.toString('hex'))).toEqual(leaves.map((leaf) => leaf.toString('hex')));
  const tree = await readTree(db, ledger);
  expect(tree && [tree.size, Buffer.from(tree.root())]).toEqual([leaves.length, naiveRoot(leaves)]);

  const expected: string[] = [];
  for (let level = 1, width = 256; width <= leaves.length; level++, width *= 256)
    for (let index = 0; (index + 1) * width <= leaves.length; index++)
      expected.push(`${level}/${index} ${naiveRoot(leaves.slice(index * width, (index + 1) * width)).toString('hex')}`);
  const nodes = await db.query<{ node: string }>(
    `SELECT level || '/' || index || ' ' || encode(hash, 'hex') AS node FROM journal.tree_nodes
      WHERE ledger = $1 ORDER BY level, index`,
    [ledger],
  );
  expect(nodes.rows.map(({ node }) => node)).toEqual(expected);
}
