import pg from 'pg';
import { clientConfig } from '#platform/database/database';
import { pause } from './runner.ts';

/** The right to be the one that does what only one may do, as to publish. It ends with the connection that holds the lock. */
export interface Leadership {
  /**
   * The connection that holds the lock. Everything that only the leader may write goes through this connection: one that was
   * replaced without noticing has lost the connection, and cannot write any more.
   */
  readonly client: pg.Client;
  /** Fires when the leadership is lost. */
  readonly signal: AbortSignal;
  /** Gives the leadership up. */
  end(): Promise<void>;
}

/** PostgreSQL ends the session of a leader that is frozen or cut off, and releases the lock with the session. */
const IDLE_SESSION_MS = 6_000;
const PING_MS = 1_500;
const ASK_MS = 250;

const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';

/**
 * Waits until this process is the one `what` (`lading relay`) of `of`, as of a topic. Rejects when the database is unavailable; undefined when `signal` fires first.
 * The connection must reach PostgreSQL itself, or a pooler in session mode: the lock belongs to the session.
 */
export async function becomeLeader(
  url: string,
  what: string,
  of: string,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const client = new pg.Client(clientConfig(url, { name: `${what} leader` }));
  const over = new AbortController();
  const lost = () => {
    over.abort();
  };
  client.on('error', lost);
  client.on('end', lost);
  await client.connect();
  try {
    await client.query(`SET idle_session_timeout = ${IDLE_SESSION_MS}`);
    // Polled instead of waited for, because a statement that waits would keep an old snapshot open in PostgreSQL.
    while (!signal.aborted) {
      const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK, [`${what} ${of}`]);
      if (rows[0]?.locked === true) {
        const ping = setInterval(() => {
          client.query('SELECT 1').catch(lost);
        }, PING_MS);
        return {
          client,
          signal: over.signal,
          end: async () => {
            clearInterval(ping);
            await client.end().catch(() => undefined);
          },
        };
      }
      await pause(ASK_MS, signal);
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return undefined;
}
