import type pg from 'pg';
import type { Feed, FeedState } from '#feed/feed';
import { ReadModels } from '../readModels.ts';

interface Ended {
  readonly why: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Undefined when the last source came to its end. */
  readonly error?: unknown;
}

/** Feeds one version of the read models: from its sources one after the other, until the last one ends or it is stopped. */
export class Feeder {
  /** Why nothing more comes. */
  ended: Ended | undefined;
  readonly #models: ReadModels;
  readonly #sources: readonly (() => Feed)[];
  #current: Feed | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;

  /** @param sources each is made when it is its turn */
  constructor(pool: pg.Pool, version: number, sources: readonly (() => Feed)[]) {
    this.#models = new ReadModels(pool, version);
    this.#sources = sources;
  }

  get started(): boolean {
    return this.#running !== undefined;
  }

  /** Whether it was started, and has read nothing of its source yet. */
  get isToBegin(): boolean {
    return this.started && this.ended === undefined && this.state().state !== 'running';
  }

  /** The second call begins nothing. */
  start(): void {
    this.#running ??= this.#run().then(
      () => {
        this.ended = { why: 'the source has ended', at: Date.now() };
      },
      (error: unknown) => {
        this.ended = { why: (error as Error).message, at: Date.now(), error };
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#current?.stop();
    await this.#running;
  }

  state(): FeedState {
    if (this.ended !== undefined)
      return { state: 'retrying', reason: `a feed has ended: ${this.ended.why}`, parked: [] };
    return this.#current?.state() ?? { state: 'starting', parked: [] };
  }

  async #run(): Promise<void> {
    for (const source of this.#sources) {
      if (this.#stopping) return;
      this.#current = source();
      await this.#current.run(this.#models);
    }
  }
}
