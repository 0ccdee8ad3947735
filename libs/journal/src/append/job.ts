import type { AtomicOutcome, Outcome, Submission } from '../submission.ts';

interface Callbacks<T> {
  readonly resolve: (outcome: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A command that waits for its outcome, or an atomic batch of them. An opening makes the ledger that it is submitted to. */
export type Job =
  | ({ readonly kind: 'single' | 'opening'; readonly submissions: readonly [Submission] } & Callbacks<Outcome>)
  | ({ readonly kind: 'atomic'; readonly submissions: readonly Submission[] } & Callbacks<AtomicOutcome>);

/** A job with what its submitter is to be told, once it is committed. */
export interface Answered {
  readonly job: Job;
  readonly answer: { readonly outcome: Outcome | AtomicOutcome } | { readonly error: unknown };
}
