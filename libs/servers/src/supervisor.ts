import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './postgres/cluster.mjs';

export interface SupervisorOptions {
  /** Starts that may fail in a row, and servers that may end soon after their start, before it is given up. */
  readonly attempts?: number;
  /** Milliseconds before it is started again; doubled each time, up to twenty times as long. */
  readonly pauseMs?: number;
}

const ATTEMPTS = 6;
const PAUSE_MS = 250;
/** A server that ran for so long was well: what ends it is something new. */
const WELL_MS = 10_000;

/** Starts a server again whenever it has ended, with growing pauses, until it is told to stop or it has failed too often. */
export class Supervisor {
  readonly ended: Promise<void>;
  readonly #stopping = new AbortController();
  #cluster: Cluster;
  #since = performance.now();
  #failures = 0;
  #trouble: string | undefined;

  constructor(
    first: Cluster,
    private readonly start: (signal: AbortSignal) => Promise<Cluster>,
    private readonly log: (message: string) => void,
    private readonly options: SupervisorOptions & { readonly folder: string },
  ) {
    this.#cluster = first;
    this.ended = this.#keep();
    // Whoever wants to know awaits it. Where nobody does, the process would end of the rejection.
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#cluster.pid;
  }

  /** Why the server does not run at this moment, and what to do; undefined while it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  async stop(patienceMs?: number): Promise<void> {
    this.#stopping.abort();
    await this.#cluster.stop(patienceMs);
    // A server that is being started again is ended, too, however far it has come.
    await this.ended.catch(() => undefined);
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #keep(): Promise<void> {
    for (;;) {
      const { code, signal } = await this.#cluster.exited;
      if (this.#isStopped()) return;
      if (performance.now() - this.#since > WELL_MS) this.#failures = 0;
      this.log(`PostgreSQL has ended (${signal ?? `status ${String(code)}`}): starting it again`);
      const again = await this.#startAgain();
      if (again === undefined) return;
      this.#cluster = again;
      this.#since = performance.now();
      this.#trouble = undefined;
      this.log('PostgreSQL is up again');
      // It was told to stop while this one was being started.
      if (this.#isStopped()) await again.stop();
    }
  }

  async #startAgain(): Promise<Cluster | undefined> {
    const { attempts = ATTEMPTS, pauseMs = PAUSE_MS, folder } = this.options;
    const { signal } = this.#stopping;
    this.#trouble = 'it has ended, and is started again';
    while (!this.#isStopped()) {
      await sleep(pauseMs * Math.min(20, 2 ** this.#failures), undefined, { signal }).catch(() => undefined);
      if (this.#isStopped()) break;
      this.#failures++;
      try {
        if (this.#failures > attempts) throw new Error('it ends again and again, soon after its start');
        return await this.start(signal);
      } catch (cause) {
        const { message } = cause as Error;
        // Room may be made at any time, and nothing is lost by waiting for it.
        const isFull = message.includes('No space left on device');
        if (isFull) this.#failures = Math.min(this.#failures, attempts - 1);
        if (this.#failures >= attempts && !this.#isStopped())
          throw new Error(
            `PostgreSQL has ended and cannot be started again. Look at ${join(folder, 'postgres.log')}, put right what it says, and start again: what was answered is kept.\n${message}`,
            { cause },
          );
        const why = isFull ? 'the disk is full: make room, and it goes on by itself' : message;
        if (why !== this.#trouble) this.log(`PostgreSQL does not start yet: ${why}`);
        this.#trouble = why;
      }
    }
    return undefined;
  }
}
