import { hash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { LedgerWriter } from './append/ledgerWriter.ts';
import { DryRun, dryRunLimits } from './dryRun.ts';
import { defaultJournalOptions, type JournalOptions } from './journalOptions.ts';
import { JournalUnavailable } from './journalUnavailable.ts';
import { EntityCache } from './state/entities.ts';
import type { AtomicOutcome, OpeningOutcome, Outcome, Submission } from './submission.ts';

/** With what a ledger is opened. */
interface LedgerTerms {
  readonly name: string;
  /** The party that keeps the ledger. */
  readonly keeper: string;
}

/**
 * Takes events into ledgers. Everything that it answers is committed. Any number of processes may have one on the same
 * database; the ledger's row lock is what orders them.
 *
 * It throws `UnknownLedger`, and `JournalUnavailable` when a command could not be taken in, or nothing is known about it: it is
 * safe to submit the same again.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #cache: EntityCache;
  readonly #writers: LRUCache<string, LedgerWriter>;
  /** Writers that had to make room while they worked: they finish what they have. */
  readonly #leaving = new Set<LedgerWriter>();
  #closed = false;
  /** Dry runs that are under way. */
  #dryRuns = 0;
  readonly #tries = new EventEmitter().setMaxListeners(0);

  /**
   * @param pool of connections to a migrated database, for the journal alone, since it sets their timeouts; best made with
   *   `pipeline: true`. Whoever made it ends it. A writer that works holds one of them.
   */
  constructor(
    private readonly pool: pg.Pool,
    options: Partial<JournalOptions> = {},
  ) {
    this.#options = { ...defaultJournalOptions, ...options };
    this.#cache = new EntityCache(this.#options.cacheBytes);
    this.#writers = new LRUCache({
      max: this.#options.writers,
      dispose: (writer) => {
        this.#leaving.add(writer);
        void writer.settled().then(() => this.#leaving.delete(writer));
      },
    });
  }

  /** Opens a ledger: its first event is `lading.ledger.opened.v1`. The same again answers `same`. */
  async open(ledger: string, terms: LedgerTerms, actor: string): Promise<OpeningOutcome> {
    const { status } = await new Promise<Outcome>((resolve, reject) => {
      this.#writer(ledger).add({ kind: 'opening', submissions: [opening(ledger, terms, actor)], resolve, reject });
    });
    if (status === 'recorded') return 'opened';
    return status === 'replayed' ? 'same' : 'different';
  }

  /** Decides about one event and, when it is accepted, keeps it. Events are decided in the order of the calls. */
  async submit(ledger: string, submission: Submission): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#writer(ledger).add({ kind: 'single', submissions: [submission], resolve, reject });
    });
  }

  /** Keeps all of the events, decided in order, each on what those before it left; or none of them. */
  async submitAtomic(ledger: string, submissions: readonly Submission[]): Promise<AtomicOutcome> {
    if (submissions.length === 0) return { status: 'recorded', receipts: [] };
    return new Promise((resolve, reject) => {
      this.#writer(ledger).add({ kind: 'atomic', submissions, resolve, reject });
    });
  }

  /**
   * Tries events without keeping them: `work` submits them to a dry run. Throws `JournalUnavailable` with the reason `busy` when
   * as many are under way as may be, and none of them ends soon.
   */
  async dryRun<T>(ledger: string, work: (dryRun: DryRun) => Promise<T>): Promise<T> {
    // One that was answered is not over for a moment: who tries one after the other must not be told to come back.
    let patience: AbortSignal | undefined;
    while (this.#dryRuns >= dryRunLimits.atOnce) {
      patience ??= AbortSignal.timeout(dryRunLimits.waitMs);
      await once(this.#tries, 'over', { signal: patience }).catch(() => {
        throw new JournalUnavailable('busy', 'no');
      });
    }
    if (this.#closed) throw new JournalUnavailable('stopping', 'no');
    this.#dryRuns += 1;
    try {
      return await DryRun.on(this.pool, ledger, this.#cache.partition(), work);
    } finally {
      this.#dryRuns -= 1;
      this.#tries.emit('over');
    }
  }

  /** How many commands of each ledger wait for their batch at this moment. */
  *queued(): Iterable<{ readonly ledger: string; readonly commands: number }> {
    for (const { ledger, queued } of this.#allWriters()) yield { ledger, commands: queued };
  }

  /**
   * Takes nothing more in and resolves when everybody was answered: who still waits after `patienceMs` is refused then, and at
   * once when this is called again with less patience.
   */
  async close(patienceMs = this.#options.patienceMs): Promise<void> {
    this.#closed = true;
    let late: NodeJS.Timeout | undefined;
    const refused = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        for (const writer of this.#allWriters()) writer.giveUpAll();
        resolve();
      }, patienceMs);
    });
    await Promise.race([Promise.all(this.#allWriters().map((writer) => writer.settled())), refused]);
    clearTimeout(late);
  }

  #allWriters(): LedgerWriter[] {
    return [...this.#writers.values(), ...this.#leaving];
  }

  #writer(ledger: string): LedgerWriter {
    if (this.#closed) throw new JournalUnavailable('stopping', 'no');
    let writer = this.#writers.get(ledger);
    if (writer === undefined) {
      // Names that somebody tries out must not take the room of ledgers that exist.
      const onUnknown = () => void this.#writers.delete(ledger);
      writer = new LedgerWriter(this.pool, ledger, this.#cache.partition(), this.#options, onUnknown);
      this.#writers.set(ledger, writer);
    }
    return writer;
  }
}

/** A ledger's first event as a submission. Its id is the ledger's, and its time is set when it is recorded. */
const opening = (ledger: string, { name, keeper }: LedgerTerms, actor: string): Submission => ({
  event: {
    id: ledger,
    source: 'urn:lading:ledger',
    type: 'lading.ledger.opened.v1',
    time: new Date().toISOString(),
    data: { name, keeper },
  },
  hash: hash('sha256', JSON.stringify({ keeper, name }), 'buffer'),
  actor,
});
