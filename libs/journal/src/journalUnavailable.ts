/**
 * The journal could not take a command now. `unavailable`: its database did not answer in time, and nothing is known to be
 * kept: submitting the same id again is safe and tells. `busy`: too many commands wait; nothing of this one was tried.
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
