import type pg from 'pg';
import { readBytes } from '#journal/reader';
import { JournalTail } from '#journal/tail';
import { Consumption, type ConsumptionOptions, type Fill } from './consumption.ts';
import { type Feed, type FeedState, feedState, type Sink } from './feed.ts';
import { toFeedEvent } from './feedEvent.ts';
import { Runner } from './runner.ts';

interface JournalFeedOptions extends Omit<ConsumptionOptions, 'fill'> {
  readonly pool: pg.Pool;
  /** The database of `pool`, for the connection that listens. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name?: string | undefined;
  /** Milliseconds between two comparisons of all heads, which find an event whose notification was lost. */
  readonly pollEvery?: number | undefined;
}

/** Ledgers that are read at the same time. */
const CONCURRENTLY = 3;
/** Two pages of each are in memory. */
const PAGE_BYTES = 2_097_152;

/** Every ledger's events from the journal itself: where there is no Kafka, and for rebuilding. */
export class JournalFeed implements Feed {
  readonly #options: JournalFeedOptions;
  readonly #runner: Runner;
  #consumption: Consumption | undefined;

  constructor(options: JournalFeedOptions) {
    this.#options = options;
    const { log, backoff } = options;
    this.#runner = new Runner({ failing: 'cannot read the journal', log, backoff });
  }

  /** Never ends by itself: while the database is unavailable the feed waits, reports so, and continues afterwards. */
  run(sink: Sink): Promise<void> {
    return this.#runner.run((running) => this.#follow(sink, running));
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  state(): FeedState {
    return feedState(this.#runner.state(), this.#consumption);
  }

  async #follow(sink: Sink, running: () => void): Promise<void> {
    const { pool, url, pollEvery, name = 'lading feed' } = this.#options;
    const stop = this.#runner.stopping;
    const consumption = new Consumption(sink, stop, this.#options);
    this.#consumption = consumption;
    await consumption.load();
    const tail = new JournalTail({
      ...{ pool, url, name, pollEvery, stop },
      positions: consumption.positions(),
      onHead: (ledger, head) => consumption.head(ledger, head),
    });
    try {
      while (!stop.aborted) {
        await tail.lookAtHeads();
        // It runs as soon as the journal answers. After a failure it runs again when a whole round succeeded.
        if (this.#runner.state().state === 'starting') running();
        await this.#readAll(tail, consumption);
        running();
        await tail.wait();
      }
    } finally {
      await tail.close();
    }
  }

  /** Reads on in every ledger that has new events, until none has. */
  async #readAll(tail: JournalTail, consumption: Consumption): Promise<void> {
    const readers = Array.from({ length: CONCURRENTLY }, async () => {
      for (let ledger = tail.nextLedger(); ledger !== undefined; ledger = tail.nextLedger()) {
        if (this.#runner.stopping.aborted) return;
        await this.#readOne(ledger, tail, consumption);
      }
    });
    const failed = (await Promise.allSettled(readers)).find((reader) => reader.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #readOne(ledger: string, tail: JournalTail, consumption: Consumption): Promise<void> {
    const limits = { events: this.#options.batch ?? 1_000, bytes: PAGE_BYTES };
    for await (const page of tail.pages(ledger, consumption.position(ledger), limits)) {
      await consumption.head(ledger, page.at(-1)?.sequence ?? 0);
      const taken = await consumption.take(
        ledger,
        page.map((event) => toFeedEvent(event.bytes)),
      );
      if (taken !== 'done' && taken !== 'held') return;
    }
  }
}

/** Fills holes from the journal, which is the source of every other source. */
export function fillFromJournal(pool: pg.Pool): Fill {
  return async (ledger, after, limit) =>
    (await readBytes(pool, ledger, after, limit)).map(({ bytes }) => toFeedEvent(bytes));
}
