import type pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { growTree } from '../tree.ts';

/** Events that one step takes into a tree: their hashes are 2 MB. */
const LEAVES = 65_536;

/**
 * The Merkle tree of each ledger: the roots of its full subtrees stand in the ledger's row, and of every eighth level above the leaves the
 * hashes are kept (32 bytes for 256 events), so that a proof is made of a few rows. Ledgers that are there get theirs from the leaf hashes
 * of their events. Where an event is missing the tree ends, and stays without what comes after it.
 */
export class GrowTrees1764000000900 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE journal.ledgers
        ADD COLUMN tree_size bigint NOT NULL DEFAULT 0 CHECK (tree_size >= 0),
        ADD COLUMN tree bytea NOT NULL DEFAULT '' CHECK (octet_length(tree) % 32 = 0);

      CREATE TABLE journal.tree_nodes (
        ledger text COLLATE "C" NOT NULL,
        level  integer NOT NULL CHECK (level >= 1),
        index  bigint NOT NULL CHECK (index >= 0),
        hash   bytea NOT NULL CHECK (octet_length(hash) = 32),
        PRIMARY KEY (ledger, level, index)
      );
    `);
    const client = (await runner.connect()) as pg.ClientBase;
    const ledgers = await client.query<{ ledger: string }>('SELECT ledger FROM journal.ledgers ORDER BY ledger');
    for (const { ledger } of ledgers.rows) {
      for (let size = -1, next = 0; next > size; ) {
        size = next;
        next = (await growTree(client, ledger, LEAVES)).size;
      }
    }
  }
}
