import type { FeedEvent } from './feedEvent.ts';
import type { RunState } from './runner.ts';

/**
 * From where an adapter can go on: a hint, the sequence is the truth. A sink stores the latest one beside each ledger's
 * position, in the same transaction, and hands all of them back as they are.
 */
export interface Hint {
  readonly partition: number;
  /** Where to read on: every event of any ledger before it on the partition is applied. A decimal number. */
  readonly offset: string;
  /** Which log the offset is of: a topic that was deleted and made again has another, and the hint is worth nothing. */
  readonly log: string;
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
  /** Every stored hint, one a ledger at most, in any order. Without it a feed reads everything again and skips. */
  hints?(): Promise<readonly Hint[]>;
  /** Applies a batch of one ledger in one transaction, with the position. Throws when it should be tried again. */
  apply(ledger: string, events: readonly FeedEvent[], hint?: Hint): Promise<Applied>;
  /** A hole that could not be filled: the ledger waits with the status `hole`. */
  stopAtHole(ledger: string, sequence: number, got: number): Promise<void>;
  /** An event fails each time, or cannot be read: the ledger waits before it with the status `parked`. */
  park?(ledger: string, reason: string): Promise<void>;
  /** The newest sequence that the source is known to hold, for lag; called about once a second a ledger at most. */
  head?(ledger: string, sequence: number, at: Date): Promise<void>;
}

/** How a feed is doing, for health and status. */
export interface FeedState extends RunState {
  /** The ledgers that stand still while the others go on. */
  readonly parked: readonly ParkedLedger[];
}

export interface ParkedLedger {
  readonly ledger: string;
  readonly state: 'hole' | 'parked';
  /** The last sequence that was applied. */
  readonly sequence: number;
  readonly reason: string;
}

/** A source of every ledger's events in order: Kafka, the journal, a file. */
export interface Feed {
  /** Feeds the sink until stopped, or until the source's end where it has one (a file). Rejects when it cannot go on. */
  run(sink: Sink): Promise<void>;
  /** Ends `run` after what is being applied; what was applied and its position stay. */
  stop(): Promise<void>;
  state(): FeedState;
}

/** The state of a feed that runs, with what its consumption waits for. */
export function feedState(
  run: RunState,
  consumption: { readonly parked: readonly ParkedLedger[]; readonly failing: string | undefined } | undefined,
): FeedState {
  const parked = consumption?.parked ?? [];
  const reason = run.reason ?? consumption?.failing;
  if (reason === undefined || run.state === 'stopped') return { ...run, parked };
  return { ...run, state: 'retrying', reason, parked };
}
