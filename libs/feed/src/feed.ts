import type { LedgerEvent } from '#contracts/cloudEvent';

/** One event of the feed: the exact bytes that the ledger keeps, and what they say. */
export interface FeedEvent {
  readonly ledger: string;
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly event: LedgerEvent;
}

/** Where an adapter found a batch, so that it can go on from there: a hint, the sequence is the truth. */
export interface Hint {
  readonly partition: number;
  readonly offset: string;
}

export type Applied =
  /** All of it is applied now; `sequence` is where the ledger stands. What was applied before was skipped. */
  | { readonly outcome: 'applied'; readonly sequence: number }
  /** The next event in the batch is not `sequence + 1`: nothing after `sequence` was applied. */
  | { readonly outcome: 'hole'; readonly sequence: number; readonly got: number }
  /** An event could not be applied; the ledger stands still, the reason is in its status. */
  | { readonly outcome: 'parked'; readonly sequence: number; readonly reason: string };

/** What consumes a feed. All of it is by ledger; events come in ascending sequence, repeats and holes may occur. */
export interface Sink {
  /** The last sequence applied in each ledger; a ledger that is not there stands at 0. */
  positions(): Promise<ReadonlyMap<string, number>>;
  /** Applies a batch of one ledger in one transaction, with the position. Throws when it should be tried again. */
  apply(ledger: string, events: readonly FeedEvent[], hint?: Hint): Promise<Applied>;
  /** A hole that could not be filled: the ledger waits with the status `hole`. */
  stopAtHole(ledger: string, sequence: number, got: number): Promise<void>;
  /** The newest sequence that the source is known to hold, for lag; called about once a second at most. */
  head?(ledger: string, sequence: number, at: Date): Promise<void>;
}

/** A source of every ledger's events in order: Kafka, the journal, a file. */
export interface Feed {
  /** Feeds the sink until stopped, or until the source's end where it has one (a file). Rejects when it cannot go on. */
  run(sink: Sink): Promise<void>;
  stop(): Promise<void>;
}
