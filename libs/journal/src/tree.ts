import { hash } from 'node:crypto';
import type pg from 'pg';
import { CompactRange, nodeHash } from '#proofs/compactRange';
import type { Hash } from '#proofs/primitives';
import { type Tile, tileOf } from '#proofs/tiles';
import type { Node } from '#proofs/treeProofs';
import { growBy } from './append/draft.ts';
import { DamagedLedger } from './damagedLedger.ts';
import { insertNodes, type TreeNode } from './sql/head.ts';
import { intArray, statementName } from './sql/values.ts';
import { UnknownLedger } from './unknownLedger.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

const TILE = 256;
const HASH_BYTES = 32;

interface StoredTree {
  readonly sequence: string | number;
  readonly treeSize: string | number;
  readonly tree: Buffer;
}
const TREE = 'SELECT sequence, tree_size AS "treeSize", tree FROM journal.ledgers WHERE ledger = $1';

/** The tree of a ledger, over all of its events (see `LockedHead`); undefined when there is no such ledger. Takes no lock. */
export async function readTree(db: Queryable, ledger: string): Promise<CompactRange | undefined> {
  const { rows } = await db.query<StoredTree>({ name: 'journal-read-tree', text: TREE, values: [ledger] });
  return rows[0] && CompactRange.fromBytes(Number(rows[0].treeSize), rows[0].tree);
}

// Level 0 are the hashes of the events themselves. An aggregate, because 256 rows cost three times as much on their way.
const HASHES = `
  SELECT r.n, string_agg(h.hash, ''::bytea ORDER BY h.index) AS hashes
    FROM unnest($2::int[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS r (level, first, last, n)
   CROSS JOIN LATERAL (
      SELECT sequence - 1 AS index, leaf_hash AS hash FROM journal.events
       WHERE r.level = 0 AND ledger = $1 AND sequence > r.first AND sequence <= r.last
      UNION ALL
      SELECT index, hash FROM journal.tree_nodes
       WHERE r.level > 0 AND ledger = $1 AND level = r.level AND index >= r.first AND index < r.last
   ) AS h
   GROUP BY r.n`;

/** Hashes of one level of tiles that follow each other: from the index `first` up to, but without, `end`. */
interface Run {
  readonly level: number;
  readonly first: number;
  readonly end: number;
}

const NOTHING = Buffer.alloc(0);

/** The bytes of each run, in their order; empty or short where the ledger does not have all of it. */
async function readRuns(db: Queryable, ledger: string, runs: readonly Run[]): Promise<Buffer[]> {
  const found: Buffer[] = runs.map(() => NOTHING);
  if (runs.length === 0) return found;
  const { rows } = await db.query<{ n: string | number; hashes: Buffer }>({
    name: statementName('journal-read-hashes', Math.max(...runs.map(({ level, first }) => first * TILE ** level))),
    text: HASHES,
    values: [
      ledger,
      intArray(runs.map(({ level }) => level)),
      intArray(runs.map(({ first }) => first)),
      intArray(runs.map(({ end }) => end)),
    ],
  });
  for (const { n, hashes } of rows) found[Number(n) - 1] = hashes;
  return found;
}

/** The hashes of a tile, one after the other; undefined when the ledger does not have all of them. */
export async function readTile(
  db: Queryable,
  ledger: string,
  { level, index, width }: Omit<Tile, 'level'> & { readonly level: number },
): Promise<Buffer | undefined> {
  const [hashes] = await readRuns(db, ledger, [{ level, first: index * TILE, end: index * TILE + width }]);
  return hashes?.length === width * HASH_BYTES ? hashes : undefined;
}

const ENTRIES = `
  SELECT bytes FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $3::bigint ORDER BY sequence`;

/**
 * The leaves of the tree, which are the bytes of events: from the index `from`, which is that of the event after it, up to, but without,
 * `to`. Fewer when the ledger does not have all of them. An event has up to 65,535 bytes: ask for no more than there is room for.
 */
export async function readEntries(db: Queryable, ledger: string, from: number, to: number): Promise<Buffer[]> {
  const { rows } = await db.query<{ bytes: Buffer }>({
    name: statementName('journal-read-entries', from),
    text: ENTRIES,
    values: [ledger, from, to],
  });
  return rows.map(({ bytes }) => bytes);
}

interface Described {
  readonly count: string | number;
  readonly bytes: string | number | null;
  readonly hashes: Buffer | null;
}
const DESCRIBE = `
  SELECT count(*) AS count, sum(2 + octet_length(bytes)) AS bytes, string_agg(leaf_hash, ''::bytea ORDER BY sequence) AS hashes
    FROM journal.events WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $3::bigint`;

/**
 * An entry bundle of these leaves, without reading them: its bytes, and a hash that stands for all of them. Undefined when the ledger does
 * not have all of them.
 */
export async function describeEntries(
  db: Queryable,
  ledger: string,
  from: number,
  to: number,
): Promise<{ readonly bytes: number; readonly hash: string } | undefined> {
  const { rows } = await db.query<Described>({
    name: statementName('journal-describe-entries', from),
    text: DESCRIBE,
    values: [ledger, from, to],
  });
  const { count, bytes, hashes } = rows[0] ?? { count: 0, bytes: 0, hashes: null };
  if (Number(count) !== to - from || hashes === null) return undefined;
  return { bytes: Number(bytes), hash: hash('sha256', hashes, 'base64url') };
}

/**
 * Reads the hashes of full subtrees of the tree that a ledger had at this size, for proofs: one statement for all of them, of at most
 * 8 KB for each tile that they are in.
 */
export const readNodes =
  (db: Queryable, ledger: string, size: number) =>
  async (nodes: readonly Node[]): Promise<Hash[]> => {
    const runs = new Map<string, { level: number; first: number; end: number; hashes: Buffer }>();
    const parts = nodes.map((node) => {
      const { tile, from, count } = tileOf(node, size);
      const first = tile.index * TILE + from;
      const end = first + count;
      const run = runs.get(`${tile.level}/${tile.index}`) ?? { level: Number(tile.level), first, end, hashes: NOTHING };
      runs.set(`${tile.level}/${tile.index}`, run);
      run.first = Math.min(run.first, first);
      run.end = Math.max(run.end, end);
      return { run, first, end };
    });
    const asked = [...runs.values()];
    const read = await readRuns(db, ledger, asked);
    for (const [n, run] of asked.entries()) {
      run.hashes = read[n] ?? NOTHING;
      if (run.hashes.length !== (run.end - run.first) * HASH_BYTES)
        throw new DamagedLedger(
          `the tree of ${ledger} lacks hashes of level ${run.level} between ${run.first} and ${run.end}`,
        );
    }
    return parts.map(({ run: { first: start, hashes }, first, end }) =>
      subtreeRoot(hashes.subarray((first - start) * HASH_BYTES, (end - start) * HASH_BYTES)),
    );
  };

/** Of the hashes of full subtrees, a power of two. */
function subtreeRoot(hashes: Buffer): Hash {
  if (hashes.length <= HASH_BYTES) return hashes;
  const middle = hashes.length / 2;
  return nodeHash(subtreeRoot(hashes.subarray(0, middle)), subtreeRoot(hashes.subarray(middle)));
}

const LOCK_TREE = `${TREE} FOR UPDATE`;
const LEAVES = `
  SELECT sequence, leaf_hash AS "leafHash" FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $3::bigint ORDER BY sequence`;
const STORE_TREE = 'UPDATE journal.ledgers SET tree_size = $2::bigint, tree = $3::bytea WHERE ledger = $1';

/**
 * Takes at most `limit` leaves that the tree of a ledger does not have yet into it, up to the head, and locks the head. The tree ends
 * before an event that is missing. For what wrote events without their tree: a version of Lading that had none, or an import.
 */
export async function growTree(db: Queryable, ledger: string, limit: number): Promise<CompactRange> {
  const [stored] = (await db.query<StoredTree>(LOCK_TREE, [ledger])).rows;
  if (stored === undefined) throw new UnknownLedger(ledger);
  const tree = CompactRange.fromBytes(Number(stored.treeSize), stored.tree);
  const end = Math.min(Number(stored.sequence), tree.size + limit);
  const nodes: TreeNode[] = [];
  const leaves = await db.query<{ sequence: string | number; leafHash: Buffer }>(LEAVES, [ledger, tree.size, end]);
  for (const { sequence, leafHash } of leaves.rows) {
    if (Number(sequence) !== tree.size + 1) break;
    growBy(tree, leafHash, nodes);
  }
  if (nodes.length > 0) await insertNodes(db, ledger, nodes);
  await db.query(STORE_TREE, [ledger, tree.size, tree.toBytes()]);
  return tree;
}
