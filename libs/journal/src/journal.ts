import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { EntityCache } from './state/entityCache.ts';
import { failureOf } from './append/failures.ts';
import { defaultJournalOptions, type JournalOptions } from './journalOptions.ts';
import { JournalUnavailable } from './journalUnavailable.ts';
import { LedgerWriter } from './append/ledgerWriter.ts';
import { Notifier } from './append/notifier.ts';
import { type LedgerTerms, type Opening, openLedger } from './append/openLedger.ts';
import { attemptLimit } from './append/processBatch.ts';
import { retrying } from './append/retrying.ts';
import type { AtomicOutcome, Outcome, Submission } from './submission.ts';
import { withConnection } from './sql/withConnection.ts';

/**
 * Takes events into ledgers. Everything that it answers is committed. Any number of processes may have one on the same
 * database; the ledger's row lock is what orders them.
 *
 * It throws `UnknownLedger`, and `JournalUnavailable` when nothing is known to be kept: submitting the same again is safe.
 */
export class Journal {
  private readonly options: JournalOptions;
  private readonly cache: EntityCache;
  private readonly writers: LRUCache<string, LedgerWriter>;
  private readonly notifier: Notifier;
  /** Writers that had to make room while they worked: they finish what they have. */
  private readonly leaving = new Set<LedgerWriter>();
  private closed = false;

  /**
   * @param pool of connections to a migrated database, for the journal alone, since it sets their timeouts; best made with
   *   `pipeline: true`. It stays the caller's to end. A writer that works holds one of them.
   */
  constructor(
    private readonly pool: pg.Pool,
    options: Partial<JournalOptions> = {},
  ) {
    this.options = { ...defaultJournalOptions, ...options };
    this.cache = new EntityCache(this.options.cacheBytes);
    this.notifier = new Notifier(pool);
    this.writers = new LRUCache({
      max: this.options.writers,
      dispose: (writer) => {
        this.leaving.add(writer);
        void writer.settled().then(() => this.leaving.delete(writer));
      },
    });
  }

  /** Opens a ledger: writes its first event, `lading.ledger.opened.v1`. The same again answers `same`. */
  async open(ledger: string, terms: LedgerTerms, actor: string): Promise<Opening> {
    const inDoubt = new Set<string>();
    const opening = await retrying(
      () =>
        withConnection(this.pool, attemptLimit(this.options), (client) =>
          openLedger(client, ledger, terms, actor, this.options.holdMs, inDoubt),
        ),
      this.options.patienceMs,
      (error) => failureOf(error) !== 'permanent',
    );
    if (opening === 'opened') this.notifier.committed(ledger);
    return opening;
  }

  /** Decides about one event and, when it is accepted, keeps it. Events are decided in the order of the calls. */
  async submit(ledger: string, submission: Submission): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.writer(ledger).add({ kind: 'single', submissions: [submission], resolve, reject });
    });
  }

  /** Keeps all of the events, decided in order, each on what those before it left; or none of them. */
  async submitAtomic(ledger: string, submissions: readonly Submission[]): Promise<AtomicOutcome> {
    if (submissions.length === 0) return { status: 'recorded', receipts: [] };
    return new Promise((resolve, reject) => {
      this.writer(ledger).add({ kind: 'atomic', submissions, resolve, reject });
    });
  }

  /** How many commands of each ledger wait for their batch at this moment. */
  *queued(): Iterable<{ readonly ledger: string; readonly commands: number }> {
    for (const { ledger, queued } of this.allWriters()) yield { ledger, commands: queued };
  }

  /** Takes nothing more in and resolves when everybody was answered. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.allWriters().map((writer) => writer.settled()));
  }

  private allWriters(): LedgerWriter[] {
    return [...this.writers.values(), ...this.leaving];
  }

  private writer(ledger: string): LedgerWriter {
    if (this.closed) throw new JournalUnavailable('unavailable', 5);
    let writer = this.writers.get(ledger);
    if (writer === undefined) {
      writer = new LedgerWriter(this.pool, ledger, this.cache.shelf(), this.options, {
        committed: () => {
          this.notifier.committed(ledger);
        },
        // Names that somebody tries out must not take the room of ledgers that there are.
        unknown: () => this.writers.delete(ledger),
      });
      this.writers.set(ledger, writer);
    }
    return writer;
  }
}
