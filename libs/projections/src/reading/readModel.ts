import pg from 'pg';
import { isUnanswered } from '#platform/database/trouble';
import { writeTogether } from '#platform/database/database';

/** Whatever runs SQL: a client inside the one transaction of a request. */
export interface Db extends Pick<pg.ClientBase, 'query'> {
  /** Runs a COPY of rows that are written in its text format; a connection that has it not inserts them. */
  copy?(text: string, rows: string): Promise<void>;
}

/** A moment on both axes of time. */
export interface Moment {
  /** By which what depends on the clock is judged: `at`, else when it was asked, of a walk over pages its first one. */
  readonly occurred: Date;
  /** Only what had occurred by then: RFC 3339 in UTC, to the microsecond. Undefined: whatever the ledger was told. */
  readonly at: string | undefined;
  /** The last sequence that the ledger had recorded by then. */
  readonly known: number;
}

/** What is asked about; what is left out is now, and no bound. */
export type AskedAbout = { readonly [K in keyof Moment]?: Moment[K] | undefined };

/** One ledger in one version of the read models, as of a moment, for the length of one transaction. */
export interface ReadModel {
  readonly db: Db;
  readonly ledger: string;
  readonly version: number;
  /** The last sequence that was applied; 0 when nothing of this ledger was yet. */
  readonly sequence: number;
  /** What is asked about. `known` is `sequence` unless a question or the first page of a walk says less. */
  readonly asOf: Moment;
  /** Whose question it is: only what is this party's own is answered. Undefined: whoever asks may see everything. */
  readonly party?: string | undefined;
  /** Of what a list has, only these, by id: all else in these tables is there for their sake. */
  readonly among?: readonly string[] | undefined;
  /**
   * Reads at the same time, as of the same moment, on a second connection: two cores answer a long question sooner. Undefined where more than
   * half of the connections are taken; and in the end, where there is no second one to be had.
   */
  readonly beside?: (<T>(read: (model: ReadModel) => Promise<T>) => Promise<T | undefined> | undefined) | undefined;
}

/** Whether a question is not about all that the ledger was told by now. */
export const isPast = ({ asOf, sequence }: Pick<ReadModel, 'asOf' | 'sequence'>): boolean =>
  asOf.at !== undefined || asOf.known < sequence;

/** By which what depends on the clock is judged, for the database: `at` as exactly as it was asked for. */
export const clockOf = ({ asOf: { at, occurred } }: Pick<ReadModel, 'asOf'>): string => at ?? occurred.toISOString();

/** The day that it is then, by UTC: a window, or a day on which something is expected, is over when this day is later. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/** There is no version of the read models to answer from: no projector has run on this database yet. */
export class NoReadModels extends Error {
  constructor() {
    super('there are no read models yet: a projector makes them when it starts');
    this.name = 'NoReadModels';
  }
}

/**
 * Runs `read` on one ledger's read models: one version, one snapshot, and one moment, which is now unless told. The pool is one of the
 * platform's (`createPool`): its int8 are numbers.
 *
 * @param party - for which alone it is asked, if any
 * @throws {NoReadModels} when no version is active
 */
export async function withReadModels<T>(
  pool: pg.Pool,
  ledger: string,
  read: (model: ReadModel) => Promise<T>,
  moment: AskedAbout = {},
  party?: string,
): Promise<T> {
  try {
    return await readOnce(pool, ledger, read, moment, party);
  } catch (error) {
    if (!isGone(error)) throw error;
    const { rowCount } = await pool.query('SELECT FROM read_model_active');
    if (rowCount === 0) throw new NoReadModels();
    return readOnce(pool, ledger, read, moment, party);
  }
}

/** The last sequence that the active version has applied of a ledger (channel `lading_applied` tells when to look again). */
export async function appliedSequence(pool: pg.Pool, ledger: string): Promise<number> {
  return withReadModels(pool, ledger, async ({ sequence }) => sequence);
}

/** Why a ledger stands still in the version that answers; undefined when it goes on. */
export async function standsStill(pool: pg.Pool, ledger: string): Promise<string | undefined> {
  return withReadModels(pool, ledger, async ({ db }) => {
    const { rows } = await db.query<{ reason: string | null }>(
      `SELECT reason FROM positions WHERE ledger = $1 AND state = 'parked'`,
      [ledger],
    );
    const [parked] = rows;
    return parked === undefined ? undefined : (parked.reason ?? 'parked');
  });
}

/** The schema went away between picking it and reading it: the request was older than the grace of a retired version. */
const isGone = (error: unknown): boolean => ['42P01', '3F000'].includes((error as { code?: string }).code ?? '');

/**
 * Every question reads rows in the order of an index, and few of them. PostgreSQL knows that only while it has statistics: without them,
 * as after a crash, it collects a ledger's rows in a bitmap and sorts them, to keep a hundred. So the plans do not depend on statistics:
 * what reads a whole ledger is chosen only where there is no other way.
 */
const ORDERED_READS = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  .map((name) => `set_config('${name}', 'off', true)`)
  .join(', ');

/** Makes a statement of its text. */
export type Planned = (text: string, values: unknown[]) => pg.QueryConfig;
export const unplanned: Planned = (text, values) => ({ text, values });

/** Statements whose plans are kept, by their text. Plans take memory of each connection: so only those that were asked first. */
const planned = new Map<string, string>();
const MOST_PLANNED = 40;

/**
 * Lets statements be planned once a connection: those that take as long to plan as to run, and whose plan is the same for all values. It
 * is so for the rest of the transaction.
 *
 * @returns what makes such a statement of its text
 */
export function plannedOnce({ db, version }: Pick<ReadModel, 'db' | 'version'>): Planned {
  writeTogether(db);
  // Nobody waits for it: what it fails of, the statement after it fails of, too.
  db.query(`SELECT set_config('plan_cache_mode', 'force_generic_plan', true)`).catch(() => undefined);
  return (text, values) => {
    const name = planned.get(text) ?? `planned-${planned.size}`;
    if (!planned.has(text) && planned.size === MOST_PLANNED) return { text, values };
    planned.set(text, name);
    // Another version may have other columns.
    return { name: `${name}-of-${version}`, text, values };
  };
}

// One trip to the database. The search path is fixed in the statement that picks the version, inside the snapshot that everything else
// is read from: so a request never mixes two versions, whenever the switch happens.
const begin = (ledger: string, before: string): string => `
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SELECT version, set_config('search_path', '${before}rm_' || version, true), ${ORDERED_READS} FROM read_model_active;
  SELECT sequence FROM positions WHERE ledger = ${pg.escapeLiteral(ledger)}`;

type Rows<C extends string> = pg.QueryResult<Record<C, number>>;

/**
 * Begins a transaction that reads one ledger in the version that answers, as of a moment.
 *
 * @param before schemas that are looked into before it
 * @throws {NoReadModels} when no version is active
 */
export async function beginning(db: Db, ledger: string, moment: AskedAbout, before = ''): Promise<ReadModel> {
  const results = (await db.query(begin(ledger, before))) as unknown as [unknown, Rows<'version'>, Rows<'sequence'>];
  const version = results[1].rows[0]?.version;
  if (version === undefined) throw new NoReadModels();
  const sequence = results[2].rows[0]?.sequence ?? 0;
  const { occurred = new Date(), at, known = sequence } = moment;
  return { db, ledger, version, sequence, asOf: { occurred, at, known } };
}

async function readOnce<T>(
  pool: pg.Pool,
  ledger: string,
  read: (model: ReadModel) => Promise<T>,
  moment: AskedAbout,
  party: string | undefined,
): Promise<T> {
  return readOn(await pool.connect(), ledger, moment, (model) => {
    const beside: ReadModel['beside'] = (also) =>
      hasRoom(pool) ? besideOn(pool, { ...model, party }, also) : undefined;
    return read({ ...model, party, beside });
  });
}

/** @returns undefined where PostgreSQL has no connection left: the first one can answer alone */
async function besideOn<T>(
  pool: pg.Pool,
  { ledger, asOf, party }: ReadModel,
  read: (model: ReadModel) => Promise<T>,
): Promise<T | undefined> {
  const second = await pool.connect().catch(() => undefined);
  return second && readOn(second, ledger, asOf, (model) => read({ ...model, party }));
}

async function readOn<T>(
  db: pg.PoolClient,
  ledger: string,
  moment: AskedAbout,
  read: (model: ReadModel) => Promise<T>,
): Promise<T> {
  let unanswered = false;
  try {
    return await read(await beginning(db, ledger, moment));
  } catch (error) {
    unanswered = isUnanswered(error);
    throw error;
  } finally {
    endRead(db, unanswered);
  }
}

/** Whether most connections are free: so whoever has one and asks for a second never waits for others who do the same. */
const hasRoom = ({ waitingCount, totalCount, idleCount, options }: pg.Pool): boolean =>
  waitingCount === 0 && 2 * (totalCount - idleCount) < options.max;

/**
 * Gives a connection back whose transaction only read: nobody waits for its end. One that cannot even end it is of no use to the next
 * request, nor is one that is `spent`.
 */
export function endRead(db: pg.PoolClient, spent: boolean): void {
  if (spent) {
    db.release(true);
    return;
  }
  db.query('ROLLBACK').then(
    () => {
      db.release();
    },
    (error: unknown) => {
      db.release(error as Error);
    },
  );
}
