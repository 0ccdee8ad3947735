import type pg from 'pg';
import { appendBatch, type Appended, type InDoubt } from './appendBatch.ts';
import { failureOf } from './failures.ts';
import { commandsIn, type Job } from './job.ts';
import type { JournalObserver, JournalOptions } from '../journalOptions.ts';
import { JournalUnavailable } from '../journalUnavailable.ts';
import { retrying } from './retrying.ts';
import { UnknownLedger } from '../unknownLedger.ts';
import { withConnection } from '../sql/withConnection.ts';
import type { WriterState } from '../state/ledgerState.ts';

/**
 * Gets an answer for every job of a batch, whatever happens to the database meanwhile; never throws.
 *
 * After any failure nothing that was cached counts, and the same batch is run again on a new connection: what was committed
 * without an answer is then found by its ids. That goes on for a bounded time; then everybody is told `JournalUnavailable`.
 * A batch that fails for a reason of its own is divided until the command that is at fault stands alone and gets the error.
 */
export async function processBatch(
  pool: pg.Pool,
  state: WriterState,
  jobs: readonly Job[],
  options: JournalOptions,
  inDoubt: InDoubt = [],
): Promise<Appended> {
  const { observer } = options;
  const started = performance.now();
  try {
    return await retrying(
      async (attempts) => {
        const appended = await withConnection(pool, attemptLimit(options), (client) =>
          appendBatch(client, state, jobs, inDoubt, options),
        );
        observer.batch?.({
          ledger: state.ledger,
          seconds: (performance.now() - started) / 1000,
          commands: commandsIn(jobs),
          events: appended.events,
          attempts,
        });
        tellRejections(appended, observer);
        return appended;
      },
      options.patienceMs,
      (error) => {
        state.forget();
        if (error instanceof UnknownLedger) return false;
        const failure = failureOf(error);
        return failure === 'transient' || (failure === 'too-slow' && jobs.length === 1);
      },
    );
  } catch (error) {
    const forAll = error instanceof UnknownLedger || error instanceof JournalUnavailable || jobs.length === 1;
    return forAll ? failAll(jobs, error) : divide(pool, state, jobs, options, inDoubt);
  }
}

/** Longer than all that the database itself ends: for a connection that is cut without a word. */
export const attemptLimit = ({ holdMs }: JournalOptions): number => 2 * holdMs + 3_000;

async function divide(
  pool: pg.Pool,
  state: WriterState,
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

function tellRejections({ answers }: Appended, observer: JournalObserver): void {
  for (const { answer } of answers) {
    if (!('outcome' in answer)) continue;
    const outcome = answer.outcome.status === 'failed' ? answer.outcome.outcome : answer.outcome;
    if (outcome.status === 'rejected') observer.rejection?.(outcome.rejection.code);
  }
}
