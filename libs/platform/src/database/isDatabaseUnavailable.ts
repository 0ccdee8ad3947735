/** The codes of the operating system for a connection that cannot be made or that broke. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATEs of conditions that pass by themselves: connection exceptions (class 08), too many connections (53300), shutting down and
 * starting (57P01–57P03), a transaction that was ended because it was idle (25P03), and a lock or a statement that took too long
 * (55P03, 57014).
 */
const SQLSTATE = /^(08...|53300|57P0[123]|25P03|55P03|57014)$/;

/** Messages of pg itself, which have no code. */
const MESSAGE =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)/;

/** Whether an error means that PostgreSQL cannot answer at the moment, so that another try may succeed. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (CONNECTION.has(code) || SQLSTATE.test(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  return MESSAGE.test(error.message);
}
