import type { RejectionCode } from '#contracts/rejections';

/** One batch that was answered. */
interface BatchObservation {
  readonly ledger: string;
  /** From taking the batch off the queue to its COMMIT, retries included. */
  readonly seconds: number;
  /** Commands in it: an atomic batch counts as many as it has events. */
  readonly commands: number;
  /** Events that were written. */
  readonly events: number;
  /** Transactions that it took; 1 unless something failed. */
  readonly attempts: number;
}

/** Told about what the journal does, so that it can be counted; it never throws. */
export interface JournalObserver {
  batch?(batch: BatchObservation): void;
  /** A single event was answered with a rejection, or an atomic batch with that of its first event that fails. */
  rejection?(code: RejectionCode): void;
  /** A transaction failed because of the database, or of the way to it. */
  failure?(error: unknown): void;
}

export interface JournalOptions {
  /** Commands that one transaction takes at most, unless a single atomic batch is larger. */
  readonly batchSize: number;
  /** Lines of their events, and one for each event: 256 commands may have 77,000 lines, or 300. A larger job goes alone. */
  readonly batchLines: number;
  /** While several jobs come at a time: the longest that a batch waits for more, from the end of the one before it. Milliseconds. */
  readonly gatherMs: number;
  /** Commands that may wait for one ledger; more are answered with `busy`. */
  readonly queueLimit: number;
  /** Ledgers that this process keeps a writer for; the one that was not used for longest makes room. */
  readonly writers: number;
  /** Bytes, roughly, of entities kept in memory, over all ledgers. */
  readonly cacheBytes: number;
  /** How long one transaction may hold a ledger while its process does nothing (frozen, cut off). Milliseconds. */
  readonly holdMs: number;
  /** How long a command waits for its outcome, from its submission on, before its submitter is told that it is not known. Milliseconds. */
  readonly patienceMs: number;
  /** Events of one stream after which a snapshot is kept. */
  readonly snapshotEvery: number;
  /** Events of other writers that are read while the ledger is locked; when there are more, the cached entities are forgotten instead. */
  readonly foldLimit: number;
  readonly observer: JournalObserver;
}

export const defaultJournalOptions: JournalOptions = {
  batchSize: 256,
  batchLines: 5_000,
  gatherMs: 5,
  queueLimit: 10_000,
  writers: 1_000,
  cacheBytes: 128 * 1024 * 1024,
  holdMs: 5_000,
  patienceMs: 20_000,
  snapshotEvery: 500,
  foldLimit: 2_000,
  observer: {},
};
