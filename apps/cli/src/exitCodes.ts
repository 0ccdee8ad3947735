/** The exit codes of the process. The README lists them. */
export const exitCodes = {
  ok: 0,
  /** An internal error: a fault of Lading. */
  failed: 1,
  /** The command line, a setting or a file is wrong. */
  usage: 2,
  /** The ledger refused an event (all others were kept). */
  rejected: 3,
  /** The service, the database or the broker did not answer. */
  unavailable: 4,
  /** The key is missing, wrong, or may not do this. */
  denied: 5,
  /** A stream of events is broken: it was tampered with, has a hole, or holds something that is not an event. */
  broken: 6,
  /** Nothing is wrong as far as it goes, and it does not go far enough to say that nothing is. */
  unknown: 7,
} as const;

/** A mistake that the user can correct: printed as one line, without a stack. */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}
