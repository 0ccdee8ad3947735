import { setImmediate } from 'node:timers/promises';
import type pg from 'pg';
import type { EntityShelf } from '../state/entityCache.ts';
import { type Answered, commandsIn, give, type Job } from './job.ts';
import type { JournalOptions } from '../journalOptions.ts';
import { JournalUnavailable } from '../journalUnavailable.ts';
import { processBatch } from './processBatch.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { WriterState } from '../state/ledgerState.ts';

export interface WriterEvents {
  /** New events can be read. */
  committed(): void;
  /** There is no such ledger. */
  unknown(): void;
}

/**
 * Takes a ledger's commands in, in the order they come: while one batch is being committed the next one gathers.
 * Any number of processes may have a writer for the same ledger.
 */
export class LedgerWriter {
  private readonly state: WriterState;
  private queue: Job[] = [];
  private waiting = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    readonly ledger: string,
    shelf: EntityShelf,
    private readonly options: JournalOptions,
    private readonly told: WriterEvents,
  ) {
    this.state = new WriterState(ledger, shelf);
  }

  /** Commands that wait for their batch. */
  get queued(): number {
    return commandsIn(this.queue);
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  /** Queues a job, in the order of the calls. Throws `JournalUnavailable` when too many wait. */
  add(job: Job): void {
    const { length } = job.submissions;
    if (this.waiting > 0 && this.waiting + length > this.options.queueLimit) throw new JournalUnavailable('busy', 1);
    this.queue.push(job);
    this.waiting += length;
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      // Those that were just answered, and those that come together, get into this batch.
      await setImmediate();
      const batch = this.take();
      const { answers, events } = await processBatch(this.pool, this.state, batch, this.options);
      this.waiting -= commandsIn(batch);
      if (events > 0) this.told.committed();
      else if (answers.some(isUnknownLedger)) this.told.unknown();
      answers.forEach(give);
    }
    // In the same step as the last look at the queue: whoever comes next must find either a running loop or none.
    this.running = undefined;
  }

  /** The oldest jobs, up to the batch size; a larger atomic batch goes alone. */
  private take(): Job[] {
    let commands = 0;
    let jobs = 0;
    for (const { submissions } of this.queue) {
      commands += submissions.length;
      if (jobs > 0 && commands > this.options.batchSize) break;
      jobs++;
    }
    return this.queue.splice(0, jobs);
  }
}

const isUnknownLedger = ({ answer }: Answered): boolean => 'error' in answer && answer.error instanceof UnknownLedger;
