import pg from 'pg';
import { clientConfig } from '#platform/database/database';
import { troubleOf } from '#platform/database/trouble';
import type { FeedLog } from './observer.ts';
import { type FailedAttempt, pause, persist, reasonOf, Runner } from './runner.ts';

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
async function becomeLeader(
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

/** Between two attempts of a leader. Milliseconds. */
export const BACKOFF = { first: 100, most: 3_000 };

export interface LeaderState<Doing extends string> {
  /** `standing-by`: another one leads. `waiting`: something that is needed is away; the reason says what. */
  readonly state: 'starting' | 'standing-by' | Doing | 'waiting' | 'stopped';
  readonly reason?: string;
}

interface Office {
  readonly url: string;
  /** `what` and `of` as for `becomeLeader`. */
  readonly what: string;
  readonly of: string;
  /** For the log: `another relay publishes`, `cannot publish`. */
  readonly words: { readonly another: string; readonly cannot: string };
  readonly log: FeedLog;
  /** Says by `running` that it got to work: what fails after that is the first failure again. */
  readonly lead: (leadership: Leadership, running: () => void) => Promise<void>;
}

/**
 * Does what only one may do. One leads, any number of others stand by. It never ends by itself: it waits while what it needs is away, and
 * for the lock, again each time that the lock was lost.
 */
export class Leader<Doing extends string> {
  readonly #office: Office;
  readonly #runner = new Runner({});
  #state: LeaderState<Doing> = { state: 'starting' };

  constructor(office: Office) {
    this.#office = office;
  }

  /** Aborted when the work is to end. */
  get stopping(): AbortSignal {
    return this.#runner.stopping;
  }

  get state(): LeaderState<Doing> {
    return this.#state;
  }

  run(): Promise<void> {
    return this.#runner.run(() => this.#run());
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
    this.#state = { state: 'stopped' };
  }

  /** What it does from now on. */
  enter(state: LeaderState<Doing>): void {
    const { log, words } = this.#office;
    if (state.state === 'standing-by' && this.#state.state !== 'standing-by')
      log.info({}, `${words.another}: standing by`);
    if (!this.stopping.aborted) this.#state = state;
  }

  /** It waits for something. What goes on failing for the same reason is logged once, also a broker whose log is full. */
  wait(reason: string, { error, failures, delay }: FailedAttempt): void {
    const { log, words } = this.#office;
    const isNew = failures === 1 || this.#state.reason !== reason;
    this.enter({ state: 'waiting', reason });
    if (isNew) log.warn({ failures, err: error }, `${words.cannot}: ${reason}; trying again in ${delay} ms`);
  }

  async #run(): Promise<void> {
    const { url, what, of, lead } = this.#office;
    const stop = this.stopping;
    const attempt = async (running: () => void) => {
      const standingBy = setTimeout(() => {
        this.enter({ state: 'standing-by' });
      }, 1_000);
      const leadership = await becomeLeader(url, what, of, stop).finally(() => {
        clearTimeout(standingBy);
      });
      if (leadership !== undefined) await lead(leadership, running);
    };
    while (!stop.aborted)
      await persist(attempt, {
        ...{ stop, backoff: BACKOFF },
        onFailure: (failure) => {
          this.wait(troubleOf(failure.error)?.detail ?? reasonOf(failure.error), failure);
        },
      });
  }
}
