import type { AtomicOutcome, Outcome } from './submission.ts';

export type Answer = Outcome['status'] | AtomicOutcome['status'];

/** One batch that was answered. */
export interface BatchObservation {
  readonly ledger: string;
  /** From taking the batch off the queue to its COMMIT, retries included. */
  readonly seconds: number;
  /** Commands in it: an atomic batch counts as many as it has events. */
  readonly commands: number;
  /** Events that were written. */
  readonly events: number;
  /** Transactions that it took; 1 unless something failed. */
  readonly attempts: number;
  /** How the submitters were answered, an atomic batch as one. */
  readonly answers: Readonly<Partial<Record<Answer, number>>>;
}

/** Told about what the journal does, so that it can be counted; it never throws. */
export interface JournalObserver {
  batch?(batch: BatchObservation): void;
  /** A transaction failed and its batch will be tried again, or was given up. */
  failure?(ledger: string, error: unknown): void;
}
