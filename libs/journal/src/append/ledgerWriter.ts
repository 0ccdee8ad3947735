import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { withMore } from '#contracts/cloudEvent';
import type { JournalOptions } from '../journalOptions.ts';
import { JournalUnavailable } from '../journalUnavailable.ts';
import { EVENTS_CHANNEL } from '../reader.ts';
import type { CachePartition } from '../state/entities.ts';
import { LedgerState } from '../state/ledgerState.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import type { Answered, Command, Job } from './job.ts';
import { commandsIn, giveUp, isAwaited, linesOf, processBatch, settle } from './processBatch.ts';

/** The least time between two notifications: under load they would cost every batch as much as one of its statements. */
const NOTIFY_PAUSE_MS = 10;

/** A batch that has this many jobs waits for no more: by then the fixed part of its cost is a small one. */
const ENOUGH = 64;

/**
 * Takes a ledger's commands in, in the order in which they come: while one batch is being committed, the next one gathers.
 * Any number of processes may have a writer for the same ledger.
 */
export class LedgerWriter {
  readonly #state: LedgerState;
  readonly #options: JournalOptions;
  #queue: Job[] = [];
  /** The batch that is being committed. */
  #batch: readonly Job[] = [];
  /** Gives up the jobs whose patience is over; runs while a job waits. */
  #patience: NodeJS.Timeout | undefined;
  /** The last failure, while nothing has been committed since. */
  #failure: unknown;
  /** Commands in the queue and in the batch that is being committed. */
  #waiting = 0;
  #running: Promise<void> | undefined;
  /** When the last batch ended (`performance.now()`), and how many jobs it and the queue behind it had: as many may come again soon. */
  #last = { ended: -Infinity, jobs: 0 };
  /** While a batch gathers: how many jobs it waits for, and what to call when they are there. */
  #gathering: { readonly jobs: number; readonly complete: () => void } | undefined;
  /** Whether readers were notified just now, and whether there is more to notify them of. */
  #notified: 'no' | 'just-now' | 'more-since' = 'no';

  /** @param onUnknown is called when there is no such ledger */
  constructor(
    private readonly pool: pg.Pool,
    readonly ledger: string,
    partition: CachePartition,
    options: JournalOptions,
    private readonly onUnknown: () => void,
  ) {
    this.#state = new LedgerState(ledger, partition);
    const failure = (error: unknown): void => {
      this.#failure = error;
      options.observer.failure?.(error);
    };
    this.#options = { ...options, observer: { ...options.observer, failure } };
  }

  /** Commands that wait for their batch. */
  get queued(): number {
    return commandsIn(this.#queue);
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Queues a command, in the order of the calls. Throws `JournalUnavailable` when too many commands wait. */
  add(command: Command): void {
    const { length } = command.submissions;
    if (this.#waiting > 0 && this.#waiting + length > this.#options.queueLimit)
      throw new JournalUnavailable('busy', 'no');
    const until = performance.now() + this.#options.patienceMs;
    this.#queue.push(withMore(command, { until, stands: 'waiting' as const }));
    this.#waiting += length;
    this.#patience ??= setTimeout(this.#giveUpLate, this.#options.patienceMs);
    this.#running ??= this.#run();
    if (this.#gathering !== undefined && this.#queue.length >= this.#gathering.jobs) this.#gathering.complete();
  }

  /** Answers everybody who waits that it is not waited for any longer. What is under way goes on, and nobody hears of it. */
  giveUpAll(): void {
    this.#giveUp(this.#queue.length, 'stopping');
    for (const job of this.#batch) giveUp(job, 'stopping', this.#failure);
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      // Submitters who were just answered, and those who come together, get their next commands into this batch.
      await setImmediate();
      const batch = this.#takeBatch();
      this.#batch = batch;
      const { answers, events, left } = await processBatch(this.pool, this.#state, batch, this.#options);
      this.#batch = [];
      if (answers.length > 0) this.#failure = undefined;
      if (events > 0) this.#notify();
      else if (answers.some(isUnknownLedger)) this.onUnknown();
      this.#last = { ended: performance.now(), jobs: batch.length + this.#queue.length };
      answers.forEach(settle);
      const waiting = left > 0 ? batch.filter(isAwaited) : [];
      this.#queue.unshift(...waiting);
      this.#waiting -= commandsIn(batch) - commandsIn(waiting);
    }
    clearTimeout(this.#patience);
    this.#patience = undefined;
    // No `await` between the last look at the queue and this line, or a job added in between would wait for ever.
    this.#running = undefined;
  }

  /**
   * Most of what a small batch costs does not depend on how many jobs it has. So while several come at a time, a batch begins when as
   * many are there as the last one had and as came meanwhile, or `gatherMs` after the last one ended. Who submits one job after the
   * other never waits, nor does the first after a pause.
   */
  async #gather(): Promise<void> {
    const jobs = Math.min(this.#last.jobs, ENOUGH);
    const most = this.#last.ended + this.#options.gatherMs - performance.now();
    if (most <= 0 || this.#queue.length >= jobs) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, most);
      const complete = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#gathering = { jobs, complete };
    });
    this.#gathering = undefined;
  }

  /** The oldest waits at the front: in the batch, and then in the queue. */
  readonly #giveUpLate = (): void => {
    const now = performance.now();
    const isEarly = ({ until }: Job): boolean => until > now;
    for (const job of this.#batch) if (!isEarly(job)) giveUp(job, 'unavailable', this.#failure);
    const early = this.#queue.findIndex(isEarly);
    this.#giveUp(early < 0 ? this.#queue.length : early, 'unavailable');
    const next = this.#batch.find(isAwaited) ?? this.#queue[0];
    this.#patience = next && setTimeout(this.#giveUpLate, next.until - now + 1);
  };

  /** Gives up this many of the queue's oldest jobs. */
  #giveUp(jobs: number, reason: 'unavailable' | 'stopping'): void {
    const given = this.#queue.splice(0, jobs);
    this.#waiting -= commandsIn(given);
    for (const job of given) giveUp(job, reason, this.#failure);
  }

  /** Takes the oldest jobs off the queue, up to what a batch may hold. A larger job goes alone, and so does an opening. */
  #takeBatch(): Job[] {
    const { batchSize, batchLines } = this.#options;
    let commands = 0;
    let lines = 0;
    let jobs = 0;
    for (const job of this.#queue) {
      commands += job.submissions.length;
      lines += linesOf(job);
      if (jobs > 0 && (commands > batchSize || lines > batchLines || job.kind === 'opening')) break;
      jobs++;
      if (job.kind === 'opening') break;
    }
    return this.#queue.splice(0, jobs);
  }

  /**
   * Notifies readers of new events after they were committed: inside of the transaction NOTIFY would serialise all commits of
   * the database. A notification may be lost: readers poll as well. The first commit is notified at once, and all commits
   * within the pause after it by one more notification.
   */
  #notify(): void {
    if (this.#notified === 'no') void this.#sendNotifications();
    else this.#notified = 'more-since';
  }

  async #sendNotifications(): Promise<void> {
    const notify = { name: 'journal-notify', text: 'SELECT pg_notify($1, $2)', values: [EVENTS_CHANNEL, this.ledger] };
    do {
      this.#notified = 'just-now';
      await this.pool.query(notify).catch(() => undefined);
      await sleep(NOTIFY_PAUSE_MS);
    } while (this.#hasMoreToNotify());
    this.#notified = 'no';
  }

  #hasMoreToNotify(): boolean {
    return this.#notified === 'more-since';
  }
}

const isUnknownLedger = ({ answer }: Answered): boolean => 'error' in answer && answer.error instanceof UnknownLedger;
