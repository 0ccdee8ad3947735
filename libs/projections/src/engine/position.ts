import type { Hint } from '#feed/feed';
import { ID } from './table.ts';
import type { Db } from '../reading/readModel.ts';
import { momentOf } from './values.ts';

// The sequence is the truth, partition and offset are a hint. `accounts` is the next account's number, `recorded` the recorded
// time of the last event applied, `head` the newest that the source is known to hold.
export const positionsTable = `
  CREATE TABLE positions (
    ledger ${ID} NOT NULL PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0, accounts int NOT NULL DEFAULT 0,
    recorded timestamptz, applied timestamptz, head bigint, head_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'hole', 'parked')), reason text,
    partition int, "offset" text, log text
  ) WITH (fillfactor = 50);`;

export interface Position {
  readonly sequence: number;
  readonly accounts: number;
  readonly state: 'running' | 'hole' | 'parked';
}

/** Locks a ledger's position for the transaction. It fences: whoever comes second sees what the first applied, and skips it. */
export async function lockPosition(db: Db, ledger: string): Promise<Position> {
  const LOCK = 'SELECT sequence, accounts, state FROM positions WHERE ledger = $1 FOR UPDATE';
  const locked = (await db.query<Position>(LOCK, [ledger])).rows[0];
  if (locked !== undefined) return locked;
  await db.query('INSERT INTO positions (ledger) VALUES ($1) ON CONFLICT DO NOTHING', [ledger]);
  const made = (await db.query<Position>(LOCK, [ledger])).rows[0];
  if (made === undefined) throw new Error(`the position of ledger ${ledger} went away while it was being locked`);
  return made;
}

export interface Moved {
  readonly sequence: number;
  readonly accounts: number;
  /** In microseconds since 1970. */
  readonly recorded: number;
}

/** Moves the position after a batch; the ledger runs again if it stood still. */
export async function movePosition(db: Db, ledger: string, { sequence, accounts, recorded }: Moved): Promise<void> {
  await db.query(
    `UPDATE positions SET sequence = $2, accounts = $3, recorded = ${momentOf('$4::float8')}, applied = clock_timestamp(),
       head = greatest(head, $2), state = 'running', reason = NULL WHERE ledger = $1`,
    [ledger, sequence, accounts, recorded],
  );
}

export async function storeHint(db: Db, ledger: string, { partition, offset, log }: Hint): Promise<void> {
  await db.query('UPDATE positions SET partition = $2, "offset" = $3, log = $4 WHERE ledger = $1', [
    ledger,
    partition,
    offset,
    log,
  ]);
}
