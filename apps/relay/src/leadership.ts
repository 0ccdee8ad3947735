import pg from 'pg';
import { clientConfig } from '#platform/database/database';
import { pause } from '#feed/runner';

/** Being the one relay that publishes to a topic. Ends with the connection that holds the lock. */
export interface Leadership {
  /**
   * The connection that holds the lock. What only the leader may write goes through it and no other: then a relay that was
   * replaced without noticing cannot write any more.
   */
  readonly client: pg.Client;
  /** Fires when it is lost. */
  readonly signal: AbortSignal;
  /** Gives it up. */
  end(): Promise<void>;
}

/** PostgreSQL itself ends the session of a leader that is frozen or cut off, and with it the lock. */
const IDLE_SESSION_MS = 6_000;
const PING_MS = 1_500;
const ASK_MS = 250;

const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';

/**
 * Waits until this process is the leader of `topic`. Rejects when the database is away; undefined when `signal` fires first.
 * The connection must reach PostgreSQL itself, or a pooler in session mode: the lock belongs to the session.
 */
export async function becomeLeader(url: string, topic: string, signal: AbortSignal): Promise<Leadership | undefined> {
  const client = new pg.Client(clientConfig(url, { name: 'lading relay leader' }));
  const over = new AbortController();
  const lost = () => {
    over.abort();
  };
  client.on('error', lost);
  client.on('end', lost);
  await client.connect();
  try {
    await client.query(`SET idle_session_timeout = ${IDLE_SESSION_MS}`);
    // Asked for again and again instead of waited for, so that PostgreSQL sees a short statement and no old snapshot.
    while (!signal.aborted) {
      const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK, [`lading relay ${topic}`]);
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
