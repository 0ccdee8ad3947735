import type pg from 'pg';
import { CompactRange } from '#proofs/compactRange';
import { intArray, rfc3339 } from './values.ts';

/** Where a ledger stands. */
export interface Head {
  readonly sequence: number;
  /** When an event that is written now is recorded: by the database's clock, never before the head's last. RFC 3339. */
  readonly now: string;
}

/** The head of a ledger whose lock this transaction holds. */
export interface LockedHead extends Head {
  /** Of all events up to the head; of fewer where a version of Lading without trees wrote the last ones, or where one is missing. */
  readonly tree: CompactRange;
}

/** The root of a full subtree of 256^level leaves, the one with this index among those of its level. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

// The head row's lock is what makes sequence order commit order: take it before the first insert, in every path.
//
// The clock is read outside of the locking part, which is materialized: beside FOR UPDATE the clock would be read before the
// wait for the lock. From here on the transaction may last `$2` ms and no longer, the wait for the lock not counted (a setting
// of PostgreSQL 17 and later).
//
// The last column: whatever the database's default is, this transaction's COMMIT is answered when it is on the disk. The
// stronger settings (`remote_write`, `remote_apply`) and `local` stay as they are.
const LOCK_HEAD = `
  WITH head AS MATERIALIZED (
    SELECT sequence, recorded, tree_size, tree FROM journal.ledgers WHERE ledger = $1 FOR UPDATE
  )
  SELECT sequence, tree_size AS "treeSize", tree,
         ${rfc3339('greatest(recorded, clock_timestamp())')} AS now,
         CASE WHEN current_setting('server_version_num')::int >= 170000
              THEN set_config('transaction_timeout', $2, true) END AS limited,
         CASE WHEN current_setting('synchronous_commit') = 'off'
              THEN set_config('synchronous_commit', 'on', true) END AS durable
    FROM head`;

/** Takes the ledger's lock, waiting for it at most `lock_timeout`; undefined when there is no such ledger. */
export async function lockHead(client: pg.ClientBase, ledger: string, holdMs: number): Promise<LockedHead | undefined> {
  const { rows } = await client.query<{
    sequence: string | number;
    now: string;
    treeSize: string | number;
    tree: Buffer;
  }>({
    name: 'journal-lock-head',
    text: LOCK_HEAD,
    values: [ledger, String(Math.ceil(holdMs))],
  });
  const head = rows[0];
  if (head === undefined) return undefined;
  const tree = CompactRange.fromBytes(Number(head.treeSize), head.tree);
  return { sequence: Number(head.sequence), now: head.now, tree };
}

const HEAD_AND_CLOCK = `
  SELECT sequence, ${rfc3339('greatest(recorded, clock_timestamp())')} AS now FROM journal.ledgers WHERE ledger = $1`;

/** The same without the lock: for a dry run, which writes nothing. */
export async function readHeadAndClock(client: pg.ClientBase, ledger: string): Promise<Head | undefined> {
  const { rows } = await client.query<{ sequence: string | number; now: string }>(HEAD_AND_CLOCK, [ledger]);
  const head = rows[0];
  return head && { sequence: Number(head.sequence), now: head.now };
}

// Whoever opens the same ledger at the same time waits here until this transaction ends.
const INSERT_HEAD = `
  INSERT INTO journal.ledgers (ledger, sequence, recorded) VALUES ($1, 0, clock_timestamp())
  ON CONFLICT (ledger) DO NOTHING`;

/** Makes the head of a ledger that is being opened, at sequence 0; a ledger that is open stays as it is. */
export async function insertHead(client: pg.ClientBase, ledger: string): Promise<void> {
  await client.query(INSERT_HEAD, [ledger]);
}

// When the head is not where the batch's events begin, the CASE is NULL, which the table refuses: COMMIT may already be on its
// way to the server, and must then answer ROLLBACK.
const MOVE_HEAD = `
  UPDATE journal.ledgers
     SET sequence = CASE WHEN sequence = $2::bigint THEN $3::bigint END, recorded = $4::timestamptz,
         tree_size = $5::bigint, tree = $6::bytea
   WHERE ledger = $1`;

// What a place has already can only be what was made of the same leaves, or is damaged.
const INSERT_NODES = `
  INSERT INTO journal.tree_nodes (ledger, level, index, hash)
  SELECT $1, n.level, n.index, substring($2::bytea FROM 32 * (n.n::int - 1) + 1 FOR 32)
    FROM unnest($3::int[], $4::bigint[]) WITH ORDINALITY AS n (level, index, n)
  ON CONFLICT (ledger, level, index) DO UPDATE SET hash = excluded.hash`;

// One statement: a batch of 256 events has one such node.
const MOVE_HEAD_WITH_NODES = `
  WITH nodes AS (${INSERT_NODES.replaceAll(/\$([234])/g, (_, n) => `$${Number(n) + 5}`)})
  ${MOVE_HEAD}`;

/** Moves the ledger's head, whose lock this transaction holds. Fails the transaction when the head is not at `from`. */
export async function moveHead(
  client: pg.ClientBase,
  ledger: string,
  from: number,
  to: number,
  recorded: string,
  { tree, nodes }: { readonly tree: CompactRange; readonly nodes: readonly TreeNode[] },
): Promise<void> {
  const values = [ledger, from, to, recorded, tree.size, tree.toBytes()];
  await client.query(
    nodes.length === 0
      ? { name: 'journal-move-head', text: MOVE_HEAD, values }
      : { name: 'journal-move-head-with-nodes', text: MOVE_HEAD_WITH_NODES, values: [...values, ...columnsOf(nodes)] },
  );
}

/** Writes nodes of the tree. */
export async function insertNodes(
  client: Pick<pg.ClientBase, 'query'>,
  ledger: string,
  nodes: readonly TreeNode[],
): Promise<void> {
  await client.query(INSERT_NODES, [ledger, ...columnsOf(nodes)]);
}

const columnsOf = (nodes: readonly TreeNode[]): unknown[] => [
  Buffer.concat(nodes.map(({ hash }) => hash)),
  intArray(nodes.map(({ level }) => level)),
  intArray(nodes.map(({ index }) => index)),
];
