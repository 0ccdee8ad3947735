import pg from 'pg';
import type { ReadModel } from './readModel.ts';

/** There is no version of the read models to answer from: no projector has run on this database yet. */
export class NoReadModels extends Error {
  constructor() {
    super('there are no read models yet: a projector makes them when it starts');
    this.name = 'NoReadModels';
  }
}

// One trip to the database. The search path is fixed in the statement that picks the version, inside the snapshot that everything else
// is read from: so a request never mixes two versions, whenever the switch happens.
const begin = (ledger: string): string => `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SELECT version, set_config('search_path', 'rm_' || version, true) FROM read_model_active;
  SELECT sequence FROM positions WHERE ledger = ${pg.escapeLiteral(ledger)}`;

/** The schema went away between picking it and reading it: the request was older than the grace of a retired version. */
const isGone = (error: unknown): boolean => ['42P01', '3F000'].includes((error as { code?: string }).code ?? '');

/**
 * Runs `read` on one ledger's read models: one version, one snapshot. All that it reads stands at the same sequence. The pool is one
 * of the platform's (`createPool`): its int8 are numbers.
 *
 * @throws {NoReadModels} when no version is active
 */
export async function withReadModels<T>(
  pool: pg.Pool,
  ledger: string,
  read: (model: ReadModel) => Promise<T>,
): Promise<T> {
  try {
    return await readOnce(pool, ledger, read);
  } catch (error) {
    if (!isGone(error)) throw error;
    const { rowCount } = await pool.query('SELECT FROM read_model_active');
    if (rowCount === 0) throw new NoReadModels();
    return readOnce(pool, ledger, read);
  }
}

async function readOnce<T>(pool: pg.Pool, ledger: string, read: (model: ReadModel) => Promise<T>): Promise<T> {
  const db = await pool.connect();
  try {
    return await read({ db, ledger, ...(await standing(db, ledger)) });
  } finally {
    // Nobody waits for it. It only read: there is nothing to keep, and a connection that cannot even say so is of no use to the next one.
    db.query('ROLLBACK').then(
      () => {
        db.release();
      },
      (error: unknown) => {
        db.release(error as Error);
      },
    );
  }
}

async function standing(db: pg.PoolClient, ledger: string): Promise<Pick<ReadModel, 'version' | 'sequence'>> {
  const results = (await db.query(begin(ledger))) as unknown as [unknown, Rows<'version'>, Rows<'sequence'>];
  const version = results[1].rows[0]?.version;
  if (version === undefined) throw new NoReadModels();
  return { version, sequence: results[2].rows[0]?.sequence ?? 0 };
}

type Rows<C extends string> = pg.QueryResult<Record<C, number>>;

/** Where the active version stands in a ledger: for waiting until a write is visible (channel `lading_applied` tells when to look). */
export async function appliedSequence(pool: pg.Pool, ledger: string): Promise<number> {
  return withReadModels(pool, ledger, async ({ sequence }) => sequence);
}
