/**
 * The journal could not take a command now. `unavailable`: its database did not answer in time, and nothing is known to be
 * kept; it is safe to submit the same id again, and the answer tells what happened. `busy`: too many commands wait, and this
 * one was not tried.
 */
export class JournalUnavailable extends Error {
  override readonly name = 'JournalUnavailable';

  constructor(
    readonly reason: 'unavailable' | 'busy',
    /** When to try again, in seconds. */
    readonly retryAfter: number,
    options?: ErrorOptions,
  ) {
    super(reason === 'busy' ? 'too many events are waiting for this ledger' : 'the journal is not available', options);
  }
}
