import pg from 'pg';
import { cutConnection } from '#platform/database/database';

/**
 * Lends a connection to `work`. A connection on which anything failed never goes back to the pool. When `work` is not done
 * within `limitMs`, the connection is cut, which makes whatever waits for its answers fail.
 */
export async function lendConnection<T>(
  pool: pg.Pool,
  limitMs: number,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks reports it twice: to the query, and in an error event, which ends the process if nobody listens.
  const ignore = () => undefined;
  client.on('error', ignore);
  const watchdog = setTimeout(() => {
    cutConnection(client);
  }, limitMs);
  // Statements are under way together, and any of those after the one that failed may be the first whose failure is noticed.
  let first: unknown;
  const { connection } = client as unknown as pg.Client;
  const remember = (error: unknown): void => void (first ??= error);
  connection.on('errorMessage', remember);
  let broken = true;
  try {
    const result = await work(client);
    broken = false;
    return result;
  } catch (error) {
    throw isOfAbortedTransaction(error) ? first : error;
  } finally {
    clearTimeout(watchdog);
    connection.off('errorMessage', remember);
    client.release(broken);
    client.off('error', ignore);
  }
}

/** "Current transaction is aborted": a statement before this one failed. */
const isOfAbortedTransaction = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '25P02';

/** The connections whose timeouts are set, and to how many milliseconds. */
const timeoutsOf = new WeakMap<pg.ClientBase, number>();

/**
 * Begins the append's transaction. A connection that is used for the first time gets the timeouts that keep a frozen writer
 * from holding a ledger. It keeps them, which saves every batch a tenth of a millisecond:
 * - `idle_in_transaction_session_timeout`: a process that is stopped between two statements loses its session;
 * - `tcp_user_timeout`: so does a process that is stopped while the server sends it rows that it does not read: PostgreSQL's
 *   own timeouts do not end a backend that waits for its client to read;
 * - `lock_timeout` is longer than these two, so that whoever waits for such a writer outlasts it;
 * - `statement_timeout` ends a slow statement; `transaction_timeout` is set by `lockHead`, once the lock is held.
 *
 * Each statement is planned once (see `statementName`), instead of five times on trial.
 */
export async function begin(client: pg.ClientBase, holdMs: number): Promise<void> {
  const ms = Math.ceil(holdMs);
  const before: Promise<unknown>[] = [];
  if (timeoutsOf.get(client) !== ms) {
    timeoutsOf.set(client, ms);
    // Before BEGIN: a setting made in a transaction that is rolled back is rolled back too.
    const set = client.query(
      `SET lock_timeout = ${ms + 1_000};
       SET statement_timeout = ${ms + 2_000};
       SET idle_in_transaction_session_timeout = ${ms};
       SET tcp_user_timeout = ${ms};
       SET plan_cache_mode = force_generic_plan`,
    );
    before.push(set);
  }
  await Promise.all([...before, client.query('BEGIN ISOLATION LEVEL READ COMMITTED')]);
}

/** COMMIT of a transaction in which a statement failed is a ROLLBACK without an error: here it is an error. */
export async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error(`COMMIT answered ${command}: a statement before it had failed`);
}

/**
 * Runs statements in order. A pipelined connection (`pipeline: true`) gets all of them at once and answers each in its turn:
 * that is one round trip, and each side is woken once. Every step must be right whatever the steps before it answer: after
 * one that fails, PostgreSQL refuses the rest of the transaction, COMMIT included.
 */
export async function inOrder<T extends readonly unknown[]>(
  client: pg.ClientBase,
  steps: { readonly [K in keyof T]: () => Promise<T[K]> },
): Promise<T> {
  if (isPipelined(client)) return (await Promise.all(inOneWrite(client, steps))) as unknown as T;
  const answers: unknown[] = [];
  for (const step of steps) answers.push(await step());
  return answers as unknown as T;
}

/** A write costs a tenth of a millisecond, most of it for waking the other side. */
function inOneWrite<R>(client: pg.Client, steps: readonly (() => R)[]): R[] {
  const { stream } = client.connection;
  stream.cork();
  try {
    return steps.map((step) => step());
  } finally {
    stream.uncork();
  }
}

export const isPipelined = (client: pg.ClientBase): client is pg.Client =>
  'pipeline' in client && client.pipeline === true;
