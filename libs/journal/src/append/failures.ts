import pg from 'pg';

/** What a failed transaction says about trying again. */
type FailureKind =
  /** The database or the way to it: the same batch may well pass in a moment. */
  | 'transient'
  /** It took too long: a smaller batch may pass. */
  | 'too-slow'
  /** The same batch would fail again: some command of it, or this code, is at fault. */
  | 'permanent';

// statement timeout; transaction timeout
const TOO_SLOW = new Set(['57014', '25P04']);
// connection, authorisation, no such database, rolled back by a conflict, out of resources, lock not to be had, shut down or
// starting, system error; 25P03: this process was frozen in a transaction, and its session was ended
const TRANSIENT = /^(08|28|3D|40|53|55|57P|58)|^25P03$/;

export function failureOf(error: unknown): FailureKind {
  if (!(error instanceof pg.DatabaseError)) return isOfConnection(error) ? 'transient' : 'permanent';
  const code = error.code ?? '';
  if (TOO_SLOW.has(code)) return 'too-slow';
  return TRANSIENT.test(code) ? 'transient' : 'permanent';
}

/** A connection's errors come from Node, with the code of a system call, or from pg, with nothing but a message. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return true;
  return error.name === 'Error' && /connect|terminat|timeout|queryable|COMMIT/i.test(error.message);
}
