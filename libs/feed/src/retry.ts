import { setTimeout as sleep } from 'node:timers/promises';

export interface Backoff {
  /** Milliseconds before the second attempt; doubled each time. */
  readonly first: number;
  /** Milliseconds at most. */
  readonly most: number;
}

export const defaultBackoff: Backoff = { first: 100, most: 5_000 };

/** The milliseconds to wait after `failures` failures in a row: doubling, with up to a quarter of jitter. */
export function delayAfter(failures: number, { first, most }: Backoff = defaultBackoff): number {
  return Math.min(most, first * 2 ** (failures - 1)) * (1 - Math.random() / 4);
}

/** Waits, or returns at once when `signal` fires: who waits looks at the signal afterwards. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** What failed, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
