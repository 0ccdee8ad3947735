/** What the process says to the program that called it. The README lists them. */
export const exitCodes = {
  ok: 0,
  /** A fault of ours: something that should not happen did. */
  failed: 1,
  /** The command line, a setting or a file is wrong. */
  usage: 2,
  /** The ledger refused an event (all others were kept). */
  rejected: 3,
  /** The service, the database or the broker did not answer. */
  unavailable: 4,
  /** The key is missing, wrong, or may not do this. */
  denied: 5,
  /** A stream is not what a ledger promises: it has a hole, or holds something else. */
  broken: 6,
} as const;

/** A mistake that a person can mend: printed as one line, without a stack. */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}
