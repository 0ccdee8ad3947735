import type pg from 'pg';
import type { EventRow } from './reader.ts';
import { rfc3339, statementName } from './sql/values.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** An event with everything that its row has beside it, as an auditor holds the one against the other. */
export interface KeptEvent extends Omit<EventRow, 'ledger'> {
  readonly leafHash: Buffer;
}

// The upper bound is for a planner without fresh statistics, as in reader.ts.
const KEPT_AFTER = `
  SELECT sequence, bytes, leaf_hash AS "leafHash", source, id, type, subject,
         ${rfc3339('occurred')} AS occurred, ${rfc3339('recorded')} AS recorded
    FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $3::bigint
   ORDER BY sequence`;

/** The rows of a ledger's events after a sequence, up to another: also where rows are missing. */
export async function readKept(db: Queryable, ledger: string, after: number, upTo: number): Promise<KeptEvent[]> {
  const { rows } = await db.query<Omit<KeptEvent, 'sequence'> & { sequence: string | number }>({
    name: statementName('journal-read-kept', after),
    text: KEPT_AFTER,
    values: [ledger, after, upTo],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

const ENDS = `
  SELECT l.sequence AS head, l.tree_size AS "treeSize", l.tree,
         (SELECT coalesce(max(sequence), 0) FROM journal.events AS e WHERE e.ledger = $1) AS last
    FROM journal.ledgers AS l WHERE l.ledger = $1`;

interface Ends {
  /** What the head says is the last sequence. */
  readonly head: number;
  /** The last sequence that there is. */
  readonly last: number;
  /** How many events the tree in the head is of, and the roots of its full subtrees, one after the other. */
  readonly treeSize: number;
  readonly tree: Buffer;
}

/** The head of a ledger and the last of its events, at one moment. Undefined when there is no such ledger. */
export async function readEnds(db: Queryable, ledger: string): Promise<Ends | undefined> {
  const { rows } = await db.query<Record<Exclude<keyof Ends, 'tree'>, string | number> & { tree: Buffer }>(ENDS, [
    ledger,
  ]);
  const [row] = rows;
  return row && { head: Number(row.head), last: Number(row.last), treeSize: Number(row.treeSize), tree: row.tree };
}

const NODES = `
  SELECT level, index, hash FROM journal.tree_nodes
   WHERE ledger = $1 AND level = $2 AND index >= $3::bigint AND index < $4::bigint ORDER BY index`;

/** The hashes that the tree keeps of one level of tiles, those with these indexes: fewer where some are missing. */
export async function readTreeNodes(
  db: Queryable,
  ledger: string,
  { level, from, to }: { readonly level: number; readonly from: number; readonly to: number },
): Promise<{ readonly index: number; readonly hash: Buffer }[]> {
  const { rows } = await db.query<{ index: string | number; hash: Buffer }>(NODES, [ledger, level, from, to]);
  return rows.map(({ index, hash }) => ({ index: Number(index), hash }));
}
