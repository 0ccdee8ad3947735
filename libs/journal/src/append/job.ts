import type { AtomicOutcome, Outcome, Submission } from '../submission.ts';

interface Callbacks<T> {
  readonly resolve: (outcome: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A command that waits for its outcome, or an atomic batch of them. An opening makes the ledger that it is submitted to. */
export type Command =
  | ({ readonly kind: 'single' | 'opening'; readonly submissions: readonly [Submission] } & Callbacks<Outcome>)
  | ({ readonly kind: 'atomic'; readonly submissions: readonly Submission[] } & Callbacks<AtomicOutcome>);

/** A command in the queue of its ledger, or in the batch that is being committed. */
export type Job = Command & {
  /** When its submitter is answered at the latest, on the clock of `performance.now()`. */
  readonly until: number;
  /**
   * What is known while it waits. `waiting`: nothing of it is recorded. `under-way`: a transaction decides it at this moment.
   * `in-doubt`: a COMMIT with it was sent whose answer did not come. `answered`: nobody waits for it any more.
   */
  stands: 'waiting' | 'under-way' | 'in-doubt' | 'answered';
};

/** A job with what its submitter is to be told, once it is committed. */
export interface Answered {
  readonly job: Job;
  readonly answer: { readonly outcome: Outcome | AtomicOutcome } | { readonly error: unknown };
}
