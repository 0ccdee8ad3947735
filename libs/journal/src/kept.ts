import type pg from 'pg';
import { rfc3339, statementName } from './sql/values.ts';

/** An event with everything that its row has beside it, as an auditor holds the one against the other. */
export interface KeptEvent {
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly leafHash: Buffer;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** RFC 3339, UTC. */
  readonly occurred: string;
  readonly recorded: string;
}

// The upper bound is for a planner without fresh statistics, as in reader.ts.
const KEPT_AFTER = `
  SELECT sequence, bytes, leaf_hash AS "leafHash", source, id, type, subject,
         ${rfc3339('occurred')} AS occurred, ${rfc3339('recorded')} AS recorded
    FROM journal.events
   WHERE ledger = $1 AND sequence > $2::bigint AND sequence <= $3::bigint
   ORDER BY sequence`;

/** The rows of a ledger's events after a sequence, up to another: also where rows are missing. */
export async function readKept(
  db: Pick<pg.ClientBase, 'query'>,
  ledger: string,
  after: number,
  upTo: number,
): Promise<KeptEvent[]> {
  const { rows } = await db.query<Omit<KeptEvent, 'sequence'> & { sequence: string | number }>({
    name: statementName('journal-read-kept', after),
    text: KEPT_AFTER,
    values: [ledger, after, upTo],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

const LAST_KEPT = `
  SELECT l.sequence AS head,
         (SELECT coalesce(max(sequence), 0) FROM journal.events AS e WHERE e.ledger = l.ledger) AS last
    FROM journal.ledgers AS l WHERE l.ledger = $1`;

/** What the head of a ledger says, and the last sequence that its events have: at one moment. Undefined when there is no such ledger. */
export async function readEnds(
  db: Pick<pg.ClientBase, 'query'>,
  ledger: string,
): Promise<{ readonly head: number; readonly last: number } | undefined> {
  const { rows } = await db.query<{ head: string | number; last: string | number }>(LAST_KEPT, [ledger]);
  return rows[0] && { head: Number(rows[0].head), last: Number(rows[0].last) };
}
