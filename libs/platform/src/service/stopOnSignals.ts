import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { Drain } from '../http/drain.ts';

const PATIENCE_MS = 5_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** npm and a terminal may both pass on one Ctrl-C: a second signal within this time counts as the same. */
const SAME_PRESS_MS = 1_000;

/** Finishes the requests that are being answered, tells open streams to end, and closes everything. */
export async function stopGracefully(app: NestFastifyApplication): Promise<void> {
  await app.get(Drain).finish(PATIENCE_MS);
  await app.close();
}

/** Stops cleanly on the first signal, with status 0, and at once on a later one. */
export function stopOnSignals(app: NestFastifyApplication, logger: Logger): void {
  onStopSignal(130, (signal) => {
    logger.info({ signal }, 'stopping');
    stopGracefully(app).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  });
}

/** Calls `stop` on the first signal to stop. A later one ends the process at once, with `exitCode`. */
export function onStopSignal(exitCode: number, stop: (signal: NodeJS.Signals) => void): void {
  let since: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (since !== undefined) {
        if (Date.now() - since > SAME_PRESS_MS) process.exit(exitCode);
        return;
      }
      since = Date.now();
      stop(signal);
    });
  }
}
