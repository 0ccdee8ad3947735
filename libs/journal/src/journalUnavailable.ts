/** When to try again, in seconds. */
const RETRY_AFTER = { unavailable: 5, stopping: 5, busy: 1 } as const;

const MESSAGES = {
  unavailable: 'the journal is not available',
  stopping: 'the journal is being closed',
  busy: 'too many events are waiting for this ledger',
} as const;

/**
 * The journal could not take a command now. `unavailable`: its database did not answer within the command's patience; the cause
 * is its last error. `stopping`: the journal was closed before the command's turn came. `busy`: too many commands wait, and this
 * one was not tried.
 *
 * It is always safe to submit the same id again, and the answer tells what happened to the first attempt.
 */
export class JournalUnavailable extends Error {
  override readonly name = 'JournalUnavailable';
  readonly retryAfter: number;

  constructor(
    readonly reason: keyof typeof RETRY_AFTER,
    /** `no`: nothing of the command was recorded, and nothing will be. `unknown`: it may have been, or may still be. */
    readonly recorded: 'no' | 'unknown',
    options?: ErrorOptions,
  ) {
    super(MESSAGES[reason], options);
    this.retryAfter = RETRY_AFTER[reason];
  }
}
