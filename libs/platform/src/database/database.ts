import pg from 'pg';

/** How long a database may keep anybody waiting. All in milliseconds; 0: for ever. */
export interface Timeouts {
  /** To get a connection: from the pool, or a new one. */
  readonly connect: number;
  readonly statement: number;
  /** To get a row's or a table's lock. */
  readonly lock: number;
  /** Between two statements of one transaction: a frozen process loses its locks after this. */
  readonly idleInTransaction: number;
}

export const defaultTimeouts: Timeouts = { connect: 5_000, statement: 30_000, lock: 5_000, idleInTransaction: 5_000 };

export interface PoolOptions {
  /** Shown in pg_stat_activity: `lading shipments`. */
  readonly name?: string;
  readonly max?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** Sends the next statement without waiting for the answer to the one before: the journal is faster so. No cursors then. */
  readonly pipeline?: boolean;
  /** Told when a connection breaks; the pool makes a new one when it is asked for one. */
  readonly onError?: (error: Error) => void;
}

/**
 * A pool of connections to PostgreSQL that waits for nothing for ever and survives the database's restarts.
 *
 * Values: `int8` is a number (a RangeError beyond 2⁵³−1, never a number that is a little wrong), `date` the text
 * `2023-12-31` (a Date would be midnight of this machine's zone), `timestamptz` a Date, `numeric` text, `bytea` a Buffer.
 */
export function createPool(url: string, options: PoolOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url, options),
    pipeline: options.pipeline ?? false,
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
  });
  const onError = options.onError ?? (() => undefined);
  pool.on('error', (error) => {
    // `end` does not wait until the server has taken note: what it does to connections after that is nobody's trouble.
    if (!pool.ending) onError(error);
  });
  // The pool listens to idle clients only. Without this, a connection that breaks while somebody uses it is an error event
  // that nobody hears, which ends the process; its user gets the error from the query anyway.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** The settings of one connection, for those who need it outside a pool (LISTEN, advisory locks). */
export function clientConfig(url: string, { name, timeouts }: PoolOptions = {}): pg.ClientConfig {
  const { connect, statement, lock, idleInTransaction } = { ...defaultTimeouts, ...timeouts };
  return {
    connectionString: url,
    application_name: name ?? 'lading',
    connectionTimeoutMillis: connect,
    statement_timeout: statement,
    // PostgreSQL keeps the statement's time itself; this is for one that is frozen or cut off and keeps nothing.
    ...(statement > 0 && { query_timeout: statement + 5_000 }),
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
