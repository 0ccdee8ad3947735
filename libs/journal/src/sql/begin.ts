import type pg from 'pg';

/**
 * Starts the append's transaction, with the limits that keep a frozen writer from holding a ledger:
 * - `idle_in_transaction_session_timeout`: a process that is stopped between two statements loses its session;
 * - `tcp_user_timeout`: so does one that is stopped while the server sends it rows that nobody reads: PostgreSQL's own
 *   timeouts do not end a backend that waits for its client to read;
 * - `lock_timeout` is longer than that, so that whoever waits for such a writer outlasts it;
 * - `statement_timeout` ends what is slow; `transaction_timeout` is set by `lockHead`, once the lock is held.
 *
 * Plans are made once for each statement (see `sized`), not five times on trial.
 */
export async function begin(client: pg.ClientBase, holdMs: number): Promise<void> {
  const ms = Math.ceil(holdMs);
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
     SET LOCAL lock_timeout = ${ms + 1_000};
     SET LOCAL statement_timeout = ${ms + 2_000};
     SET LOCAL idle_in_transaction_session_timeout = ${ms};
     SET LOCAL tcp_user_timeout = ${ms};
     SET LOCAL plan_cache_mode = force_generic_plan`,
  );
}
