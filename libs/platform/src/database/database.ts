import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** How long the database may keep a caller waiting. All in milliseconds; 0 means for ever. */
interface Timeouts {
  /** For a connection, from the pool or a new one. */
  readonly connect: number;
  readonly statement: number;
  /** After the statement's own time, for a server that is frozen or cut off and so does not end it. */
  readonly unanswered: number;
  /** For the lock of a row or a table. */
  readonly lock: number;
  /** Between two statements of one transaction. A frozen process loses its locks after this time. */
  readonly idleInTransaction: number;
}

const defaultTimeouts: Timeouts = {
  connect: 5_000,
  statement: 30_000,
  unanswered: 5_000,
  lock: 5_000,
  idleInTransaction: 5_000,
};

interface PoolOptions {
  /** Shown in pg_stat_activity: `lading shipments`. */
  readonly name?: string;
  readonly max?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Sends each statement without waiting for the answer to the one before, which makes the journal faster. It excludes cursors. */
  readonly pipeline?: boolean;
  /**
   * Plans that do not depend on statistics, which are missing after a crash until the tables have changed enough: rows are read in the
   * order of an index, instead of collecting a whole ledger in a bitmap and sorting it to keep a page.
   */
  readonly ordered?: boolean;
  /** Statements that every new connection runs before it is used. */
  readonly prepare?: string;
  /** Called when an idle connection breaks. The pool makes a new one when it is asked for one. */
  readonly onError?: (error: Error) => void;
}

/**
 * A pool of connections to PostgreSQL. No wait in it lasts for ever, and it survives restarts of the database.
 *
 * Values: `int8` is a number (beyond 2⁵³−1 a RangeError, never a rounded number), `date` is the text `2023-12-31` (a Date would be
 * midnight in this machine's time zone), `timestamptz` is a Date, `numeric` is text, `bytea` is a Buffer.
 */
export function createPool(url: string, options: PoolOptions = {}): pg.Pool {
  const connections = new Set<pg.Client>();
  const { query_timeout = 0, ...config } = clientConfig(url, options);
  class ConnectionOf extends Connection {
    constructor(config?: pg.ClientConfig) {
      super(config, query_timeout);
      connections.add(this);
      this.once('end', () => connections.delete(this));
    }
  }
  const prepare = `${options.ordered === true ? ORDERED : ''}${options.prepare ?? ''}`;
  const pool = new pg.Pool({
    ...config,
    pipeline: options.pipeline ?? false,
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
    Client: ConnectionOf,
    ...(prepare !== '' && {
      // The pool awaits it, although its types do not say so.
      onConnect: (client: pg.ClientBase) => client.query(prepare) as never,
    }),
  });
  connectionsOf.set(pool, connections);
  const onError = options.onError ?? (() => undefined);
  pool.on('error', (error) => {
    // `end` does not wait for the server, so errors of connections after it mean nothing.
    if (!pool.ending) onError(error);
  });
  // The pool listens to idle clients only. Without this listener, a connection that breaks during a query would emit an error event
  // that nobody handles, and that ends the process. The query itself rejects with the error anyway.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return endingInTime(pool);
}

const ORDERED = 'SET enable_bitmapscan = off; SET enable_seqscan = off;';

/** All connections of a pool: idle ones, those that are used, and those that are being made. */
const connectionsOf = new WeakMap<pg.Pool, Set<pg.Client>>();

/** Cuts all connections of a pool: whoever waits for the database gets an error now. */
export function cutConnections(pool: pg.Pool): void {
  for (const client of connectionsOf.get(pool) ?? []) cutConnection(client);
}

/** How long a pool that is ended waits for the server, and for who uses a connection. */
const END_MS = 500;

/** `end` of pg waits for ever for a server that is frozen, and for whoever waits for it. This one then cuts the connections. */
function endingInTime(pool: pg.Pool): pg.Pool {
  const end: () => Promise<void> = pool.end.bind(pool);
  pool.end = async () => {
    const cut = setTimeout(() => {
      cutConnections(pool);
    }, END_MS).unref();
    await Promise.race([end(), sleep(2 * END_MS, undefined, { ref: false })]);
    if (connectionsOf.get(pool)?.size === 0) clearTimeout(cut);
  };
  return pool;
}

const corked = new WeakSet<object>();

/** What a pipelined connection is asked for until the end of this turn goes out in one write: it wakes the database once. */
export function writeTogether(db: object): void {
  if (!isPipelined(db) || corked.has(db)) return;
  const { stream } = db.connection;
  corked.add(db);
  stream.cork();
  process.nextTick(() => {
    corked.delete(db);
    stream.uncork();
  });
}

/** Whether a connection sends each statement without waiting for the answer to the one before (`createPool`). */
export const isPipelined = (db: object): db is pg.Client => 'pipeline' in db && db.pipeline === true;

/** Ends a connection at once, without a word to the server; whatever waits for its answers fails. */
export function cutConnection(client: pg.ClientBase): void {
  // Not `end`, which would wait for the answers that do not come.
  (client as unknown as pg.Client).connection.stream.destroy();
}

/** The settings of one connection, for users outside a pool: LISTEN, advisory locks. */
export function clientConfig(url: string, { name, timeouts }: PoolOptions = {}): pg.ClientConfig {
  const { connect, statement, unanswered, lock, idleInTransaction } = { ...defaultTimeouts, ...timeouts };
  return {
    connectionString: url,
    application_name: name ?? 'lading',
    connectionTimeoutMillis: connect,
    statement_timeout: statement,
    ...(statement > 0 && { query_timeout: statement + unanswered }),
    lock_timeout: lock,
    idle_in_transaction_session_timeout: idleInTransaction,
    keepAlive: true,
    types: { getTypeParser },
  };
}

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) => {
  if (format !== 'binary' && oid === pg.types.builtins.INT8) return safeInteger;
  if (format !== 'binary' && oid === pg.types.builtins.DATE) return String;
  return pg.types.getTypeParser(oid, format) as (value: unknown) => unknown;
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the integers that a number can hold`);
  return value;
}

type Done = (error: Error | undefined, result?: unknown) => void;

/** A statement with its own patience, as pg takes it beside its text. */
type Asked = string | (pg.QueryConfig & { readonly query_timeout?: number });

/** What pg sends, and tells of the answer. COPY is one of ours. */
interface Sent extends pg.Submittable {
  callback: Done;
}

/**
 * A connection that keeps nothing of a statement once it is answered.
 *
 * V8 puts a function that is written as `object.property = () => …` among the old objects at once, and whatever a dead old object
 * names stays until the next full collection. pg writes two such functions for each statement, and the answer, the rows and the whole
 * request hang on them: each of the next collections copied them, 10 to 20 ms a few times a second. So here they are arguments.
 */
class Connection extends pg.Client {
  /**
   * @param config what pg takes, without its `query_timeout`
   * @param patience for an answer, in milliseconds; 0: for ever. A statement may have another, as its `query_timeout`. An error with the
   * words of pg's own follows, and the connection is cut: what comes of it later would be taken for the answer to the next.
   */
  constructor(
    config: pg.ClientConfig | undefined,
    private readonly patience: number,
  ) {
    super(config);
  }

  /** All that pg's own takes, and answers what it does: never is what fits all of its signatures. */
  override query(...asked: never[]): never {
    return this.#query(...(asked as unknown as [Asked | Sent, ...unknown[]])) as never;
  }

  #query(asked: Asked | Sent, ...rest: unknown[]): unknown {
    if (typeof asked === 'object' && 'submit' in asked) {
      this.#send(asked, asked.callback);
      return asked;
    }
    const values = rest.find((one) => Array.isArray(one)) as unknown[] | undefined;
    const sent = new pg.Query(asked, values) as pg.Query & Sent;
    const patience = typeof asked === 'object' ? asked.query_timeout : undefined;
    const callback = rest.find((one) => typeof one === 'function') as Done | undefined;
    if (callback !== undefined) {
      this.#send(sent, callback, patience);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const settle: Done = (error, result) => {
        if (error == null) resolve(result);
        else reject(error);
      };
      this.#send(sent, settle, patience);
    }).catch(asOfCaller);
  }

  #send(sent: Sent, callback: Done, patience = this.patience): void {
    let isOpen = true;
    const done: Done = (error, result) => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      callback(error, result);
    };
    const giveUp = (): void => {
      done(new Error('Query read timeout'));
      this.connection.stream.destroy();
    };
    const timer = patience > 0 ? setTimeout(giveUp, patience) : undefined;
    sent.callback = done;
    super.query(sent);
  }
}

/** An error of the server knows where it was read. Its stack is to say who asked. */
function asOfCaller(error: Error): never {
  Error.captureStackTrace(error);
  throw error;
}
