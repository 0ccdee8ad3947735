import type pg from 'pg';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** A checkpoint as it is published: a signed note, with what it says. */
interface StoredCheckpoint {
  readonly ledger: string;
  /** `<LADING_ORIGIN>/<ledger>`: names the ledger's tree for everybody. */
  readonly origin: string;
  /** The sequence of the last event that it is about. */
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, with the cosignatures that came: what `L/checkpoint` answers. */
  readonly note: Buffer;
  readonly signed: Date;
}

type Row = Omit<StoredCheckpoint, 'size'> & { readonly size: string | number };
const withNumber = (row: Row): StoredCheckpoint => ({ ...row, size: Number(row.size) });

const COLUMNS = 'ledger, origin, size, root, note, signed';

async function first(db: Queryable, text: string, values: unknown[]): Promise<StoredCheckpoint | undefined> {
  const { rows } = await db.query<Row>(text, values);
  return rows[0] && withNumber(rows[0]);
}

/** The newest published checkpoint of a ledger; undefined when none was signed yet. */
export const latestCheckpoint = (db: Queryable, ledger: string): Promise<StoredCheckpoint | undefined> =>
  first(
    db,
    `SELECT ${COLUMNS} FROM journal.checkpoints WHERE ledger = $1 AND published IS NOT NULL
      ORDER BY size DESC, signed DESC LIMIT 1`,
    [ledger],
  );

/** The smallest published checkpoint of a ledger that has at least so many events: the same one for ever, once there is one. */
export const checkpointAt = (db: Queryable, ledger: string, minSize: number): Promise<StoredCheckpoint | undefined> =>
  first(
    db,
    `SELECT ${COLUMNS} FROM journal.checkpoints WHERE ledger = $1 AND size >= $2 AND published IS NOT NULL
      ORDER BY size, signed LIMIT 1`,
    [ledger, minSize],
  );

/** At most `limit` published checkpoints of a ledger that are larger than `after`, the smallest first. */
export async function checkpointsAfter(
  db: Queryable,
  ledger: string,
  after: number,
  limit: number,
): Promise<StoredCheckpoint[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM journal.checkpoints WHERE ledger = $1 AND size > $2 AND published IS NOT NULL
      ORDER BY size, signed LIMIT $3`,
    [ledger, after, limit],
  );
  return rows.map(withNumber);
}

interface VerifierKeys {
  readonly log: readonly string[];
  readonly witnesses: readonly string[];
}

/**
 * The verifier keys of all who signed checkpoints of a ledger, past and present, the oldest first. They prove nothing to who has them
 * from here alone: whoever wrote the events may have written them as well.
 */
export async function verifierKeysOf(db: Queryable, ledger: string): Promise<VerifierKeys> {
  const { rows } = await db.query<{ key: string; kind: 'log' | 'witness' }>(
    'SELECT key, kind FROM journal.verifier_keys WHERE ledger = $1 ORDER BY since, key',
    [ledger],
  );
  const of = (kind: 'log' | 'witness') => rows.filter((row) => row.kind === kind).map(({ key }) => key);
  return { log: of('log'), witnesses: of('witness') };
}

/** Two checkpoints of one size that disagree: one of them is a lie, and both are the evidence. */
class Forked extends Error {
  override readonly name = 'Forked';
}

// Another root for a size of a log is never stored, whoever asks: the statement then finds no row to write.
const STORE = `
  WITH known AS (
    INSERT INTO journal.verifier_keys (ledger, key, kind)
    SELECT $1, unnest($6::text[]), 'log' ON CONFLICT DO NOTHING
  )
  INSERT INTO journal.checkpoints AS c (ledger, size, origin, root, note) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (ledger, size, origin) DO UPDATE SET note = excluded.note WHERE c.root = excluded.root
  RETURNING size`;

/**
 * Stores a checkpoint, which is not published by that. The same one again gets the new note: with the signature of another key.
 *
 * @param keys the verifier keys of the log's own signatures
 * @throws {Forked} when there is one of that size with another root
 */
export async function storeCheckpoint(
  db: Queryable,
  { ledger, origin, size, root, note }: Omit<StoredCheckpoint, 'signed'>,
  keys: readonly string[],
): Promise<void> {
  const { rows } = await db.query(STORE, [ledger, size, origin, root, note, keys]);
  if (rows.length === 0)
    throw new Forked(`a checkpoint of ${origin} with ${size} events and another root is stored already`);
}

/** From now on it is handed out. */
export async function publishCheckpoint(
  db: Queryable,
  { ledger, size, origin }: Pick<StoredCheckpoint, 'ledger' | 'size' | 'origin'>,
): Promise<void> {
  await db.query(
    `UPDATE journal.checkpoints SET published = coalesce(published, now()) WHERE ledger = $1 AND size = $2 AND origin = $3`,
    [ledger, size, origin],
  );
}
