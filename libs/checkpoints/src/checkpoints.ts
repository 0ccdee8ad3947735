import { counted } from '#proofs/text';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** A checkpoint as it is published: a signed note, with what it says. */
export interface StoredCheckpoint {
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

/** The signer listens to this channel, for who cannot wait until it signs by itself; the payload is the ledger's id. */
export const SIGN_CHANNEL = 'lading_sign';
const LOOK_AGAIN_MS = 50;

/** As `checkpointAt`; when there is none yet, one is demanded and waited for. Undefined when none comes in time. */
export async function demandCheckpoint(
  db: Queryable,
  ledger: string,
  minSize: number,
  patienceMs: number,
): Promise<StoredCheckpoint | undefined> {
  const deadline = performance.now() + patienceMs;
  for (let asked = false; ; asked = true) {
    const found = await checkpointAt(db, ledger, minSize);
    if (found !== undefined || performance.now() > deadline) return found;
    if (!asked) await db.query('SELECT pg_notify($1, $2)', [SIGN_CHANNEL, ledger]);
    await sleep(LOOK_AGAIN_MS);
  }
}

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

/** At most `limit` published checkpoints of a ledger after one of this size and origin, in this order. */
export async function checkpointsPage(
  db: Queryable,
  ledger: string,
  [size, origin]: readonly [number, string],
  limit: number,
): Promise<StoredCheckpoint[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM journal.checkpoints WHERE ledger = $1 AND (size, origin) > ($2, $3) AND published IS NOT NULL
      ORDER BY size, origin LIMIT $4`,
    [ledger, size, origin, limit],
  );
  return rows.map(withNumber);
}

/** One checkpoint, published or only stored. */
export const checkpointOf = (
  db: Queryable,
  ledger: string,
  size: number,
  origin: string,
): Promise<StoredCheckpoint | undefined> =>
  first(db, `SELECT ${COLUMNS} FROM journal.checkpoints WHERE ledger = $1 AND size = $2 AND origin = $3`, [
    ledger,
    size,
    origin,
  ]);

// A ledger has many checkpoints, so that each one's newest is looked for by itself.
const NEWEST = `
  SELECT c.ledger, c.origin, c.size, c.root FROM journal.ledgers AS l
    JOIN LATERAL (SELECT * FROM journal.checkpoints AS c
                   WHERE c.ledger = l.ledger AND c.origin = $1 || '/' || l.ledger
                   ORDER BY c.size DESC LIMIT 1) AS c ON true`;

/** The newest checkpoint of each ledger under these origins, published or only stored. */
export async function newestStored(
  db: Queryable,
  base: string,
): Promise<Pick<StoredCheckpoint, 'ledger' | 'origin' | 'size' | 'root'>[]> {
  const { rows } = await db.query<Row>(NEWEST, [base]);
  return rows.map(withNumber);
}

/** Whether anything was ever signed here. */
export async function hasCheckpoints(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>('SELECT EXISTS (SELECT FROM journal.checkpoints) AS has');
  return rows[0]?.has === true;
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
export class Forked extends Error {
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
    throw new Forked(`a checkpoint of ${origin} with ${counted(size, 'event')} and another root is stored already`);
}

/** Whoever waits for checkpoints may listen to this channel; the payload is the ledger's id. */
const CHECKPOINTS_CHANNEL = 'lading_checkpoints';

const PUBLISH = `
  WITH shown AS (
    UPDATE journal.checkpoints SET published = coalesce(published, now())
     WHERE ledger = $1 AND size = $2 AND origin = $3 RETURNING note
  ), at AS (
    INSERT INTO journal.signer_positions (ledger, sequence, state) VALUES ($1, $2, 'running')
    ON CONFLICT (ledger) DO UPDATE
      SET sequence = excluded.sequence, state = 'running', reason = NULL, advice = NULL, since = NULL
  )
  SELECT note, pg_notify('${CHECKPOINTS_CHANNEL}', $1) FROM shown`;

/** From now on it is handed out. @returns its note, with the cosignatures that came meanwhile; undefined when it is not stored */
export async function publishCheckpoint(
  db: Queryable,
  { ledger, size, origin }: Pick<StoredCheckpoint, 'ledger' | 'size' | 'origin'>,
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ note: Buffer }>(PUBLISH, [ledger, size, origin]);
  return rows[0]?.note;
}

const COSIGN = `
  WITH known AS (
    INSERT INTO journal.verifier_keys (ledger, key, kind) VALUES ($1, $5, 'witness') ON CONFLICT DO NOTHING
  )
  UPDATE journal.checkpoints SET note = note || $4::bytea
   WHERE ledger = $1 AND size = $2 AND origin = $3 AND position($4::bytea IN note) = 0
  RETURNING note`;

/** Adds the line of a cosignature to a stored checkpoint. @returns its note now; undefined when it has the line, or is not stored */
export async function addCosignature(
  db: Queryable,
  { ledger, size, origin }: Pick<StoredCheckpoint, 'ledger' | 'size' | 'origin'>,
  line: Buffer,
  verifierKey: string,
): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ note: Buffer }>(COSIGN, [ledger, size, origin, line, verifierKey]);
  return rows[0]?.note;
}

/** The witnesses that are asked from now on, by their verifier keys: of all others nobody waits for a cosignature any more. */
export async function noteAskedWitnesses(db: Queryable, keys: readonly string[]): Promise<void> {
  await db.query(
    `UPDATE journal.verifier_keys SET asked = key = ANY ($1) WHERE kind = 'witness' AND asked <> (key = ANY ($1))`,
    [keys],
  );
}

const PARK = `
  INSERT INTO journal.signer_positions AS p (ledger, sequence, state, reason, advice, since)
  VALUES ($1, 0, 'parked', $2, $3, now())
  ON CONFLICT (ledger) DO UPDATE
    SET state = 'parked', reason = excluded.reason, advice = excluded.advice, since = now()
    WHERE p.reason IS DISTINCT FROM excluded.reason`;

/** Notes that a ledger is not signed any more, why, and what to do. */
export async function parkSigner(db: Queryable, ledger: string, reason: string, advice: string): Promise<void> {
  await db.query(PARK, [ledger, reason, advice]);
}
