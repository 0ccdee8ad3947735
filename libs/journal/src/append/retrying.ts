import { setTimeout as sleep } from 'node:timers/promises';
import { JournalUnavailable } from '../journalUnavailable.ts';

const RETRY_AFTER_SECONDS = 5;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Runs `attempt` until it resolves, with growing pauses. Throws its error when `mayRetry` says so, and `JournalUnavailable`
 * when `patienceMs` are over.
 */
export async function retrying<T>(
  attempt: (number: number) => Promise<T>,
  patienceMs: number,
  mayRetry: (error: unknown) => boolean,
): Promise<T> {
  const started = performance.now();
  let pause = FIRST_PAUSE_MS;
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!mayRetry(error)) throw error;
      if (performance.now() - started + pause > patienceMs) {
        throw new JournalUnavailable('unavailable', RETRY_AFTER_SECONDS, { cause: error });
      }
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }
}
