import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { JournalObserver, JournalOptions } from '../journalOptions.ts';
import { JournalUnavailable } from '../journalUnavailable.ts';
import { lendConnection } from '../sql/transaction.ts';
import type { AtomicOutcome, Outcome } from '../submission.ts';
import type { LedgerState } from '../state/ledgerState.ts';
import { TakesTooLong } from '../takesTooLong.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { appendBatch, type Appended, type InDoubt } from './appendBatch.ts';
import { failureOf, isRolledBack } from './failures.ts';
import type { Answered, Job } from './job.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Gets an answer for every job of a batch that somebody still waits for, whatever happens to the database meanwhile; never throws.
 *
 * After any failure, nothing that was cached counts, and the same batch is run again on a new connection: what was committed
 * without an answer is then found by its ids. That goes on for as long as anybody waits: each job's patience is its own (see
 * `LedgerWriter`), and one that is over leaves the batch. A batch that fails for a reason of its own, or takes too long, is divided
 * until the command at fault stands alone and gets the error.
 *
 * Jobs at the end that there was no time for are `left`: they wait as before.
 */
export async function processBatch(
  pool: pg.Pool,
  state: LedgerState,
  batch: readonly Job[],
  options: JournalOptions,
  inDoubt: InDoubt = [],
): Promise<Appended> {
  const started = performance.now();
  let pause = FIRST_PAUSE_MS;
  let tooSlow = 0;
  for (let attempts = 1; ; attempts++) {
    let jobs = batch.filter(isAwaited);
    if (jobs.length === 0) return NOTHING;
    const sent = inDoubt.length;
    let began = Infinity;
    try {
      const appended = await lendConnection(pool, attemptLimitMs(options), async (client) => {
        // It may have taken seconds to get the connection.
        jobs = jobs.filter(isAwaited);
        if (jobs.length === 0) return NOTHING;
        for (const job of jobs) job.stands = 'under-way';
        began = performance.now();
        return appendBatch(client, state, jobs, inDoubt, options);
      });
      const decided = jobs.length - appended.left;
      for (const job of jobs.slice(decided)) if (isAwaited(job)) job.stands = 'waiting';
      if (appended !== NOTHING) {
        const seconds = (performance.now() - started) / 1000;
        tell(options.observer, state.ledger, jobs.slice(0, decided), appended, seconds, attempts);
      }
      return appended;
    } catch (error) {
      state.forget();
      if (isRolledBack(error)) inDoubt.length = sent;
      jobs = jobs.filter(isAwaited);
      for (const job of jobs) job.stands = inDoubt.length > 0 ? 'in-doubt' : 'waiting';
      if (error instanceof UnknownLedger) return failAll(jobs, error);
      const failure = failureOf(error);
      // However the connection broke: what holds it for longer than anything may would do so again.
      const isLong = performance.now() - began > options.holdMs;
      if (failure === 'lasting') {
        options.observer.failure?.(error);
        for (const job of jobs) giveUp(job, 'unavailable', error);
        return NOTHING;
      }
      if (jobs.length > 1 && (failure !== 'transient' || isLong)) {
        if (failure === 'transient') options.observer.failure?.(error);
        return divide(pool, state, jobs, options, inDoubt);
      }
      if (failure === 'permanent') return failAll(jobs, error);
      // Once may have been the machine's fault. What is ended again, standing alone, takes too long by itself.
      if (failure === 'too-slow' && ++tooSlow > 1)
        return failAll(jobs, new TakesTooLong(options.holdMs, { cause: error }));
      options.observer.failure?.(error);
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }
}

const NOTHING: Appended = { answers: [], events: 0, left: 0 };

export const isAwaited = ({ stands }: Job): boolean => stands !== 'answered';

/** Tells a submitter what became of its job; not twice. */
export function settle({ job, answer }: Answered): void {
  if (!isAwaited(job)) return;
  job.stands = 'answered';
  if ('error' in answer) job.reject(answer.error);
  // The outcome of an atomic batch is an `AtomicOutcome`, that of any other job an `Outcome`.
  else (job.resolve as (outcome: Outcome | AtomicOutcome) => void)(answer.outcome);
}

/** Tells a submitter that its job is not waited for any longer, and what is known about it. */
export function giveUp(job: Job, reason: 'unavailable' | 'stopping', cause: unknown): void {
  const recorded = job.stands === 'waiting' ? 'no' : 'unknown';
  settle({ job, answer: { error: new JournalUnavailable(reason, recorded, { cause }) } });
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
  // The order of the commands: nothing is decided before what there was no time for.
  if (first.left > 0) return { ...first, left: first.left + jobs.length - middle };
  const { answers, events, left } = await processBatch(pool, state, jobs.slice(middle), options, inDoubt);
  return { answers: [...first.answers, ...answers], events: first.events + events, left };
}

const failAll = (jobs: readonly Job[], error: unknown): Appended => ({
  answers: jobs.map((job) => ({ job, answer: { error } })),
  events: 0,
  left: 0,
});

/** Commands of these jobs: an atomic batch counts as many as it has events. */
export const commandsIn = (jobs: readonly Job[]): number =>
  jobs.reduce((sum, { submissions }) => sum + submissions.length, 0);

/** What deciding a job costs: its events, their lines, legs or whatever they list, and the serial numbers that are named one by one. */
export const linesOf = ({ submissions }: Job): number =>
  submissions.reduce((sum, { event }) => sum + 1 + Object.values(event.data).reduce(addLength, 0), 0);

const addLength = (sum: number, value: unknown): number => {
  if (!Array.isArray(value)) return sum;
  let length = value.length;
  for (const { serials } of value as { serials?: unknown }[]) if (Array.isArray(serials)) length += serials.length;
  return sum + length;
};

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
