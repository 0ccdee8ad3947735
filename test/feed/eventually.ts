import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again until `check` throws nothing any more; rejects with what it threw last when the deadline is over. What is waited for takes
 * milliseconds, as a rule: the deadline is there for what never happens, and so late that no machine is too slow for it.
 */
export async function eventually<T>(check: () => T | Promise<T>, milliseconds = 60_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}
