import pg from 'pg';
import { type Trouble, troubleOf } from '#platform/database/trouble';

/** What a failed transaction says about trying again. */
type FailureKind =
  /** The database or the way to it: the same batch may well pass in a moment. */
  | 'transient'
  /** The database, and nothing will change in a moment: whoever waits is told now, and the next batch tries again. */
  | 'lasting'
  /** It took too long: a smaller batch may pass. */
  | 'too-slow'
  /** The same batch would fail again: some command of it, or this code, is at fault. */
  | 'permanent';

export function failureOf(error: unknown): FailureKind {
  const trouble = troubleOf(error);
  if (trouble !== undefined) return ofTrouble(trouble, error);
  return isLostCommit(error) ? 'transient' : 'permanent';
}

function ofTrouble({ kind }: Trouble, error: unknown): FailureKind {
  // A lock that somebody else held says nothing about the size of the batch.
  if (kind === 'too-slow' && codeOf(error) !== '55P03') return 'too-slow';
  return kind === 'disk-full' ? 'lasting' : 'transient';
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** A statement before the COMMIT had failed, without telling: see `commit`. */
const isLostCommit = (error: unknown): boolean =>
  error instanceof Error && error.name === 'Error' && error.message.startsWith('COMMIT answered');

/**
 * Whether the server itself said that the transaction failed. It then keeps nothing of it, also where the COMMIT was on its way
 * already. After any other error (the connection broke, or the server ended it: FATAL) the COMMIT may have taken place.
 */
export const isRolledBack = (error: unknown): boolean =>
  isLostCommit(error) || (error instanceof pg.DatabaseError && error.severity === 'ERROR');
