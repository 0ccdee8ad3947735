import type pg from 'pg';

/** The connections that have their limits, and which. */
const limited = new WeakMap<pg.ClientBase, number>();

/**
 * Begins the append's transaction. A connection that comes for the first time gets the limits that keep a frozen writer from
 * holding a ledger; it keeps them, which spares every batch a tenth of a millisecond:
 * - `idle_in_transaction_session_timeout`: a process that is stopped between two statements loses its session;
 * - `tcp_user_timeout`: so does one that is stopped while the server sends it rows that nobody reads: PostgreSQL's own
 *   timeouts do not end a backend that waits for its client to read;
 * - `lock_timeout` is longer than that, so that whoever waits for such a writer outlasts it;
 * - `statement_timeout` ends what is slow; `transaction_timeout` is set by `lockHead`, once the lock is held.
 *
 * And its plans are made once for each statement (see `sized`), not five times on trial.
 */
export async function begin(client: pg.ClientBase, holdMs: number): Promise<void> {
  const ms = Math.ceil(holdMs);
  const before: Promise<unknown>[] = [];
  if (limited.get(client) !== ms) {
    limited.set(client, ms);
    // Before BEGIN: what is set in a transaction that is rolled back is rolled back too.
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
