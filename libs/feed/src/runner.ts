import { setTimeout as sleep } from 'node:timers/promises';
import { troubleOf } from '#platform/database/trouble';
import { type FeedLog, silent } from './observer.ts';

export interface Backoff {
  /** Milliseconds before the second attempt; doubled each time. */
  readonly first: number;
  /** Milliseconds at most. */
  readonly most: number;
}

const defaultBackoff: Backoff = { first: 100, most: 5_000 };

/** The milliseconds to wait after `failures` failures in a row: doubling, with up to a quarter of jitter. */
function delayAfter(failures: number, { first, most }: Backoff): number {
  return Math.min(most, first * 2 ** (failures - 1)) * (1 - Math.random() / 4);
}

/** Waits, or returns at once when `stop` is aborted: who waits looks at it afterwards. */
export async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}

/** What failed, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** One attempt that failed. */
export interface FailedAttempt {
  readonly error: unknown;
  /** In a row, with this one. */
  readonly failures: number;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
}

interface Attempts {
  readonly stop: AbortSignal;
  readonly backoff?: Backoff | undefined;
  /** Told of every failure, before the pause. */
  readonly onFailure: (failure: FailedAttempt) => void;
}

/**
 * Does `work` until it succeeds, with growing pauses. Work that goes on for long says by `running` that it does: its next failure
 * is then the first one again.
 * @returns undefined when it was stopped
 */
export async function persist<T>(
  work: (running: () => void) => Promise<T>,
  { stop, backoff = defaultBackoff, onFailure }: Attempts,
): Promise<T | undefined> {
  const ended = () => stop.aborted;
  let failures = 0;
  const running = () => {
    failures = 0;
  };
  while (!ended()) {
    try {
      return await work(running);
    } catch (error) {
      // What fails because it was stopped is no failure.
      if (ended()) return undefined;
      failures += 1;
      const delay = Math.round(delayAfter(failures, backoff));
      onFailure({ error, failures, delay });
      await pause(delay, stop);
    }
  }
  return undefined;
}

export interface RunState {
  readonly state: 'starting' | 'running' | 'retrying' | 'stopped';
  /** What it is waiting for, in words for people. */
  readonly reason?: string;
}

interface RunnerOptions {
  /** What it cannot do while it fails: `cannot read the journal`. Without it the first failure ends the work. */
  readonly failing?: string;
  readonly backoff?: Backoff | undefined;
  readonly log?: FeedLog | undefined;
}

/** Keeps one piece of work going from `run` to `stop`, and begins it anew, after a growing pause, whenever it fails. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #state: RunState = { state: 'starting' };

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Aborted when the work is to end. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Until it is stopped, or the work ends. The second call begins nothing. */
  run(work: (running: () => void) => Promise<void>): Promise<void> {
    this.#running ??= this.#run(work).finally(() => {
      this.#state = { state: 'stopped' };
    });
    return this.#running;
  }

  /** Resolves when the work has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    this.#state = { state: 'stopped' };
  }

  state(): RunState {
    return this.#state;
  }

  async #run(work: (running: () => void) => Promise<void>): Promise<void> {
    const { failing, backoff, log = silent } = this.#options;
    const attempt = (running: () => void) =>
      work(() => {
        running();
        this.#state = { state: 'running' };
      });
    if (failing === undefined) return attempt(() => undefined);
    let logged = '';
    await persist(attempt, {
      stop: this.stopping,
      backoff,
      onFailure: ({ error, failures, delay }) => {
        const reason = `${failing}: ${troubleOf(error)?.detail ?? reasonOf(error)}`;
        this.#state = { state: 'retrying', reason };
        // What goes on failing for the same reason is logged once.
        if (failures === 1 || reason !== logged)
          log.warn({ failures, err: error }, `${reason}; trying again in ${delay} ms`);
        logged = reason;
      },
    });
  }
}
