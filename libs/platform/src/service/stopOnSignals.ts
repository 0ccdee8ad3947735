import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { Drain } from '../http/drain.ts';
import { MARGIN_MS, onStopSignal, STOP_MS } from './onStopSignal.ts';

/** The part of it in which requests are finished; the rest is for closing connections. */
const FOR_REQUESTS = 0.7;

/**
 * Finishes the requests that are being answered, tells open streams to end, and closes everything. What does not end in time, as a
 * connection to a server that is frozen, is left to the end of the process.
 * @returns whether everything ended in time
 */
export async function stopGracefully(app: NestFastifyApplication, patienceMs = STOP_MS - MARGIN_MS): Promise<boolean> {
  const until = performance.now() + patienceMs;
  await app.get(Drain).finish(patienceMs * FOR_REQUESTS);
  const closed = app.close().then(() => true);
  return Promise.race([closed, sleep(until - performance.now(), false, { ref: false })]);
}

/**
 * Stops cleanly on the first signal, with status 0, and at once on a later one. While the process still starts there is no `app`:
 * nothing is under way that could not be broken off.
 */
export function stopOnSignals(app: () => NestFastifyApplication | undefined, logger: Logger): void {
  onStopSignal(130, (signal) => {
    logger.info({ signal }, 'stopping');
    const started = app();
    if (started === undefined) process.exit(0);
    stopGracefully(started).then(
      (inTime) => {
        if (!inTime) logger.warn(`not everything ended within ${STOP_MS / 1000} s: what was left is cut off`);
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  });
}
