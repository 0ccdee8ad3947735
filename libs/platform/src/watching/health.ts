import { Injectable } from '@nestjs/common';

/** Succeeds when all is well; rejects, or takes more than two seconds, when not. A string that it returns is shown as the detail. */
type Check = () => unknown;

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly status: 'up' | 'down'; readonly detail?: string }>>;
}

const PATIENCE_MS = 2_000;

/** A reason that everybody may see. The message of any other error is not shown. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

/** The checks of what a service needs to do its work. Each part registers its own. */
@Injectable()
export class HealthChecks {
  readonly #checks = new Map<string, Check>();
  #running: Promise<Readiness> | undefined;

  register(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** Whoever asks meanwhile gets the same answer: nobody has a key here, and many may ask. */
  run(): Promise<Readiness> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<Readiness> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    return { ready: results.every(([, { status }]) => status === 'up'), checks: Object.fromEntries(results) };
  }
}

async function outcome(check: Check): Promise<Readiness['checks'][string]> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new NotReady(`no answer within ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
  });
  try {
    const detail = await Promise.race([Promise.resolve().then(check), tooLate]);
    return typeof detail === 'string' ? { status: 'up', detail } : { status: 'up' };
  } catch (error) {
    return { status: 'down', detail: error instanceof NotReady ? error.message : 'does not answer' };
  } finally {
    clearTimeout(timer);
  }
}
