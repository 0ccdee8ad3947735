import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompactRange, leafHash } from '#proofs/compactRange';
import { onNode } from '#proofs/onNode';
import { consistencyProof, inclusionProof, rootHash, verifyConsistency, verifyInclusion } from '#proofs/treeProofs';
import { expectTree } from '#test/journal/naiveTree';
import { order } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import type { Journal } from './journal.ts';
import { growTree, readEntries, readNodes, readTile, readTree } from './tree.ts';

describe('the tree of a ledger', () => {
  const SIZE = 8 + 592;
  let journals: TestJournals;
  let journal: Journal;
  let leaves: Buffer[];
  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
    await journals.openLedger(journal, 'book');
    const orders = Array.from({ length: SIZE - 8 }, (_, n) => order(`PO-${n}`, 'tesla', 1));
    await record(journal, 'book', orders);
    leaves = (await readEntries(journals.pool, 'book', 0, SIZE)).map(leafHash);
  });
  afterAll(() => journals.end());

  const roots = () => {
    const tree = new CompactRange();
    return [tree.root(), ...leaves.map((leaf) => (tree.append(leaf), tree.root()))];
  };

  it('proves with what is stored each leaf in trees of all sizes, and that each tree goes on from the ones before it', async () => {
    await expectTree(journals.pool, 'book');
    const rootOf = roots();
    for (const size of [1, 2, 255, 256, 257, 300, 511, 512, 513, 599, SIZE]) {
      const read = readNodes(journals.pool, 'book', size);
      const root = rootOf[size]!;
      expect(Buffer.from(await rootHash(size, read, onNode))).toEqual(root);
      for (const index of [0, 1, 7, 128, 254, 255, 256, 400, 511, 512, size - 1].filter((one) => one < size)) {
        const proof = await inclusionProof(index, size, read, onNode);
        expect(await verifyInclusion({ leaf: leaves[index]!, index, size, root }, proof, onNode)).toBe(true);
        const older = { size: index + 1, root: rootOf[index + 1]! };
        const consistency = await consistencyProof(older.size, size, read, onNode);
        expect(await verifyConsistency(older, { size, root }, consistency, onNode)).toBe(true);
      }
    }
  });

  it('has the tiles of every size that it had, whole and partial, and none of what is not there yet', async () => {
    const tile = (level: number, index: number, width: number) =>
      readTile(journals.pool, 'book', { level, index, width });
    expect(await tile(0, 0, 256)).toEqual(Buffer.concat(leaves.slice(0, 256)));
    expect(await tile(0, 1, 17)).toEqual(Buffer.concat(leaves.slice(256, 273)));
    expect(await tile(0, 2, SIZE - 512)).toEqual(Buffer.concat(leaves.slice(512)));
    expect((await tile(1, 0, 2))?.length).toBe(64);
    for (const [level, index, width] of [[0, 2, SIZE - 511] as const, [0, 3, 1] as const, [1, 0, 3] as const])
      expect(await tile(level, index, width)).toBeUndefined();
    expect(await readTile(journals.pool, 'none', { level: 0, index: 0, width: 1 })).toBeUndefined();
    expect(await readTree(journals.pool, 'none')).toBeUndefined();
    expect(await readEntries(journals.pool, 'book', SIZE - 1, SIZE + 5)).toHaveLength(1);
  });

  it('is not served with a hash that is missing: a proof fails loudly', async () => {
    const client = await journals.pool.connect();
    await client.query('BEGIN');
    await client.query(`DELETE FROM journal.tree_nodes WHERE ledger = 'book' AND index = 0`);
    const proof = inclusionProof(SIZE - 1, SIZE, readNodes(client, 'book', SIZE), onNode);
    await expect(proof).rejects.toThrow('the tree of book lacks hashes of level 1');
    await client.query('ROLLBACK');
    client.release();
  });

  it('catches up with what was written without it: at the next append, or in steps', async () => {
    const { pool } = journals;
    await pool.query(`DELETE FROM journal.tree_nodes WHERE ledger = 'book'`);
    await pool.query(`UPDATE journal.ledgers SET tree_size = 0, tree = '' WHERE ledger = 'book'`);
    for (const size of [300, 550]) expect((await growTree(pool, 'book', size === 300 ? 300 : 250)).size).toBe(size);
    await record(journal, 'book', [order('PO-next', 'tesla', 1)]);
    await expectTree(pool, 'book');
    await pool.query(`UPDATE journal.ledgers SET tree_size = 0, tree = '' WHERE ledger = 'book'`);
    await record(journal, 'book', [order('PO-last', 'tesla', 1)]);
    await expectTree(pool, 'book');
  });

  it('ends where an event is missing, and the ledger goes on', async () => {
    await journals.openLedger(journal, 'torn');
    const { pool } = journals;
    await pool.query(`DELETE FROM journal.events WHERE ledger = 'torn' AND sequence = 5`);
    await pool.query(`UPDATE journal.ledgers SET tree_size = 0, tree = '' WHERE ledger = 'torn'`);
    await record(journal, 'torn', [order('PO-1', 'tesla', 1), order('PO-2', 'tesla', 1)]);
    expect((await readTree(pool, 'torn'))?.size).toBe(4);
  });
});
