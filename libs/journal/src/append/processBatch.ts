import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { JournalObserver, JournalOptions } from '../journalOptions.ts';
import { JournalUnavailable } from '../journalUnavailable.ts';
import { lendConnection } from '../sql/transaction.ts';
import type { LedgerState } from '../state/ledgerState.ts';
import { TakesTooLong } from '../takesTooLong.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { appendBatch, type Appended, type InDoubt } from './appendBatch.ts';
import { failureOf } from './failures.ts';
import type { Answered, Job } from './job.ts';

const RETRY_AFTER_SECONDS = 5;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Gets an answer for every job of a batch, whatever happens to the database meanwhile; never throws.
 *
 * After any failure, nothing that was cached counts, and the same batch is run again on a new connection: what was committed
 * without an answer is then found by its ids. That goes on for a bounded time; then everybody gets `JournalUnavailable`. A
 * batch that fails for a reason of its own, or takes too long, is divided until the command at fault stands alone and gets the
 * error.
 */
export async function processBatch(
  pool: pg.Pool,
  state: LedgerState,
  jobs: readonly Job[],
  options: JournalOptions,
  inDoubt: InDoubt = [],
): Promise<Appended> {
  const started = performance.now();
  let pause = FIRST_PAUSE_MS;
  let tooSlow = 0;
  for (let attempts = 1; ; attempts++) {
    try {
      const appended = await lendConnection(pool, attemptLimitMs(options), (client) =>
        appendBatch(client, state, jobs, inDoubt, options),
      );
      tell(options.observer, state.ledger, jobs, appended, (performance.now() - started) / 1000, attempts);
      return appended;
    } catch (error) {
      state.forget();
      if (error instanceof UnknownLedger) return failAll(jobs, error);
      const failure = failureOf(error);
      if (jobs.length > 1 && failure !== 'transient') return divide(pool, state, jobs, options, inDoubt);
      if (failure === 'permanent') return failAll(jobs, error);
      // Once may have been the machine's fault. What is ended again, standing alone, takes too long by itself.
      if (failure === 'too-slow' && ++tooSlow > 1)
        return failAll(jobs, new TakesTooLong(options.holdMs, { cause: error }));
      if (performance.now() - started + pause > options.patienceMs) {
        return failAll(jobs, new JournalUnavailable('unavailable', RETRY_AFTER_SECONDS, { cause: error }));
      }
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }
}

/** Longer than all that the database itself ends: for a connection that falls silent without being closed. */
const attemptLimitMs = ({ holdMs }: JournalOptions): number => 2 * holdMs + 3_000;

async function divide(
  pool: pg.Pool,
  state: LedgerState,
  jobs: readonly Job[],
  options: JournalOptions,
  inDoubt: InDoubt,
): Promise<Appended> {
  const middle = Math.ceil(jobs.length / 2);
  const first = await processBatch(pool, state, jobs.slice(0, middle), options, inDoubt);
  const second = await processBatch(pool, state, jobs.slice(middle), options, inDoubt);
  return { answers: [...first.answers, ...second.answers], events: first.events + second.events };
}

const failAll = (jobs: readonly Job[], error: unknown): Appended => ({
  answers: jobs.map((job) => ({ job, answer: { error } })),
  events: 0,
});

/** Commands of these jobs: an atomic batch counts as many as it has events. */
export const commandsIn = (jobs: readonly Job[]): number =>
  jobs.reduce((sum, { submissions }) => sum + submissions.length, 0);

function tell(
  observer: JournalObserver,
  ledger: string,
  jobs: readonly Job[],
  { answers, events }: Appended,
  seconds: number,
  attempts: number,
): void {
  observer.batch?.({ ledger, seconds, commands: commandsIn(jobs), events, attempts });
  for (const answered of answers) tellRejection(observer, answered);
}

function tellRejection(observer: JournalObserver, { answer }: Answered): void {
  if (!('outcome' in answer)) return;
  const outcome = answer.outcome.status === 'failed' ? answer.outcome.outcome : answer.outcome;
  if (outcome.status === 'rejected') observer.rejection?.(outcome.rejection.code);
}
