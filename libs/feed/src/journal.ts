import type pg from 'pg';
import { readHeads } from '#journal/reader';
import { listen } from '#platform/database/listen';
import { Consumption, type ConsumptionOptions, type Fill } from './consumption.ts';
import type { Feed, FeedState, Sink } from './feed.ts';
import { fillFromJournal } from './fillFromJournal.ts';
import { type FeedLog, silent } from './observer.ts';
import { PageSize } from './pageSize.ts';
import { delayAfter, pause, reasonOf } from './retry.ts';
import { Wake } from './wake.ts';

export interface JournalFeedOptions extends Omit<ConsumptionOptions, 'fill'> {
  readonly pool: pg.Pool;
  /** The database of `pool`, for the connection that listens. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name?: string | undefined;
  /** Milliseconds between two looks at all heads: what finds an event whose notification was lost. */
  readonly pollEvery?: number | undefined;
}

/** Ledgers that are read at the same time. */
const CONCURRENTLY = 3;
/** Two pages of each are in memory. */
const PAGE_BYTES = 8_388_608;

/**
 * Every ledger's events from the journal itself: where there is no Kafka, and for rebuilding. Woken by NOTIFY, and polling
 * underneath, for notifications get lost with their connection.
 */
export class JournalFeed implements Feed {
  readonly #options: JournalFeedOptions;
  readonly #log: FeedLog;
  readonly #read: Fill;
  readonly #stopping = new AbortController();
  readonly #wake = new Wake(this.#stopping.signal);
  /** Ledgers with news. */
  readonly #dirty = new Set<string>();
  readonly #pages = new PageSize();
  #lookAtHeads = true;
  #consumption: Consumption | undefined;
  #running: Promise<void> | undefined;
  #state: FeedState['state'] = 'starting';
  #reason: string | undefined;

  constructor(options: JournalFeedOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#read = fillFromJournal(options.pool);
  }

  /** Never ends by itself: while the database is away it waits, says so, and goes on when it is back. */
  run(sink: Sink): Promise<void> {
    this.#running ??= this.#run(sink);
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    this.#state = 'stopped';
  }

  state(): FeedState {
    const failing = this.#consumption?.failing;
    const reason = this.#reason ?? failing;
    return {
      state: this.#state === 'running' && failing !== undefined ? 'retrying' : this.#state,
      ...(reason !== undefined && { reason }),
      parked: this.#consumption?.parked ?? [],
    };
  }

  async #run(sink: Sink): Promise<void> {
    const { signal } = this.#stopping;
    const consumption = new Consumption(sink, signal, this.#options);
    this.#consumption = consumption;
    const all = () => {
      this.#lookAtHeads = true;
      this.#wake.now();
    };
    const listener = listen({
      url: this.#options.url,
      channels: ['lading_events'],
      name: this.#options.name ?? 'lading feed',
      onListening: all,
      onNotification: (ledger) => {
        this.#dirty.add(ledger);
        this.#wake.now();
      },
    });
    const poll = setInterval(all, this.#options.pollEvery ?? 1_000);
    try {
      for (let failures = 0, loaded = false; !signal.aborted; ) {
        try {
          if (!loaded) await consumption.load();
          loaded = true;
          if (failures === 0) this.#state = 'running';
          await this.#round(consumption);
          failures = 0;
          this.#state = 'running';
          this.#reason = undefined;
          await this.#wake.wait();
        } catch (error) {
          failures += 1;
          this.#lookAtHeads = true;
          await this.#failed(error, failures);
        }
      }
    } finally {
      clearInterval(poll);
      await listener.close();
    }
  }

  async #failed(error: unknown, failures: number): Promise<void> {
    const delay = delayAfter(failures, this.#options.backoff);
    this.#state = 'retrying';
    this.#reason = `cannot read the journal: ${reasonOf(error)}`;
    this.#log.warn({ failures, err: error }, `${this.#reason}; trying again in ${Math.round(delay)} ms`);
    this.#options.observer?.retried?.(error);
    await pause(delay, this.#stopping.signal);
  }

  /** Reads on in every ledger that has news, until there are none. */
  async #round(consumption: Consumption): Promise<void> {
    if (this.#lookAtHeads) {
      this.#lookAtHeads = false;
      for (const [ledger, sequence] of await readHeads(this.#options.pool)) {
        await consumption.head(ledger, sequence);
        if (sequence > consumption.position(ledger)) this.#dirty.add(ledger);
      }
    }
    const readers = Array.from({ length: CONCURRENTLY }, async () => {
      for (;;) {
        const [ledger] = this.#dirty;
        if (ledger === undefined || this.#stopping.signal.aborted) return;
        this.#dirty.delete(ledger);
        await this.#drain(ledger, consumption);
      }
    });
    const failed = (await Promise.allSettled(readers)).find((reader) => reader.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** One page is read while the one before it is applied. */
  async #drain(ledger: string, consumption: Consumption): Promise<void> {
    const most = this.#options.batch ?? 1_000;
    const read = async (after: number) => {
      const limit = this.#pages.within(PAGE_BYTES, most);
      const page = await this.#read(ledger, after, limit);
      this.#pages.learn(page);
      return { page, more: page.length === limit };
    };
    let { page, more } = await read(consumption.position(ledger));
    while (page.length > 0) {
      const last = page.at(-1)?.sequence ?? 0;
      const next = more ? read(last) : Promise.resolve({ page: [], more: false });
      next.catch(() => undefined);
      await consumption.head(ledger, last);
      const taken = await consumption.take(ledger, page);
      if (taken !== 'done' && taken !== 'held') return;
      ({ page, more } = await next);
    }
  }
}
