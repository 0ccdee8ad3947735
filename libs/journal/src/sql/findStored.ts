import type pg from 'pg';
import { textArray } from './arrayLiteral.ts';
import { sized } from './statement.ts';
import { rfc3339 } from './timestamps.ts';

/** What the journal keeps under one source and id. */
export interface Stored {
  readonly source: string;
  readonly id: string;
  readonly sequence: number;
  readonly recordedtime: string;
  readonly requestHash: Buffer;
  readonly leafHash: Buffer;
}

// A statement of its own after the head's lock: in READ COMMITTED it then sees all that was committed before the lock.
const FIND_STORED = `
  SELECT e.source, e.id, e.sequence, ${rfc3339('e.recorded')} AS recordedtime,
         e.request_hash AS "requestHash", e.leaf_hash AS "leafHash"
    FROM unnest($2::text[], $3::text[]) AS asked (source, id)
    CROSS JOIN LATERAL (
      SELECT * FROM journal.events
       WHERE ledger = $1 AND source = asked.source AND id = asked.id
       LIMIT 1
    ) AS e`;

/** Which of these submissions' ids are there already. `head` is the ledger's sequence, as far as it is known. */
export async function findStored(
  client: pg.ClientBase,
  ledger: string,
  head: number,
  ids: readonly { readonly source: string; readonly id: string }[],
): Promise<Stored[]> {
  const { rows } = await client.query<Omit<Stored, 'sequence'> & { sequence: string | number }>({
    name: sized('journal-find-stored', head),
    text: FIND_STORED,
    values: [ledger, textArray(ids.map(({ source }) => source)), textArray(ids.map(({ id }) => id))],
  });
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}
