import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { Drain } from '../http/drain.ts';

const PATIENCE_MS = 5_000;
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Finishes what is being answered, tells open streams to end, and closes everything. */
export async function stopGracefully(app: NestFastifyApplication): Promise<void> {
  await app.get(Drain).finish(PATIENCE_MS);
  await app.close();
}

/** npm and a terminal may both pass one Ctrl-C on: within this time a second signal is the same wish. Milliseconds. */
const SAME_WISH_MS = 1_000;

/** Stops cleanly on the first signal, with status 0; at once on a later one. */
export function stopOnSignals(app: NestFastifyApplication, logger: Logger): void {
  let since: number | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (Date.now() - since > SAME_WISH_MS) process.exit(130);
      return;
    }
    since = Date.now();
    logger.info({ signal }, 'stopping');
    stopGracefully(app).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, stop);
}
