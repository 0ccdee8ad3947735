import type pg from 'pg';
import { type EventBytes, readBytes } from '#journal/reader';
import { JournalTail } from '#journal/tail';
import { Turns } from '#platform/service/turns';
import { Consumption, type ConsumptionOptions } from './consumption.ts';
import { type Feed, type FeedState, feedState, type Sink } from './feed.ts';
import { type FeedEvent, toFeedEvent } from './feedEvent.ts';
import type { Fill } from './ledgerProgress.ts';
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
    const readers = new Set<Promise<void>>();
    const failures: unknown[] = [];
    try {
      while (!stop.aborted && failures.length === 0) {
        await tail.lookAtHeads();
        // It runs as soon as the journal answers. After a failure it runs again when a ledger was read to its end, or when there is
        // nothing to read: a service that is not ready may get no event any more.
        if (this.#runner.state().state === 'starting') running();
        // No ledger waits for another to be read: one may be tried again and again.
        while (readers.size < CONCURRENTLY) {
          const ledger = tail.nextLedger();
          if (ledger === undefined) break;
          const reader = this.#readOne(ledger, tail, consumption)
            .then(running, (error: unknown) => {
              failures.push(error);
            })
            .finally(() => {
              readers.delete(reader);
              tail.wake();
            });
          readers.add(reader);
        }
        if (readers.size === 0) running();
        await tail.wait();
      }
      if (failures.length > 0) throw failures[0];
    } finally {
      await Promise.all(readers);
      await tail.close();
    }
  }

  async #readOne(ledger: string, tail: JournalTail, consumption: Consumption): Promise<void> {
    if (!consumption.mayRead(ledger)) return;
    const limits = { events: this.#options.batch ?? 1_000, bytes: PAGE_BYTES };
    for await (const { last, events, unreadable } of tail.pages(
      ledger,
      consumption.position(ledger),
      limits,
      readable,
    )) {
      await consumption.head(ledger, last);
      const taken = await consumption.take(ledger, events);
      if (taken !== 'done' && taken !== 'held') return;
      if (unreadable !== undefined) {
        await consumption.unreadable(ledger, unreadable.sequence, unreadable.error);
        return;
      }
    }
  }
}

/** The events of a page up to the first one whose bytes are not an event. */
async function readable(page: readonly EventBytes[]): Promise<{
  /** The last sequence of the page. */
  readonly last: number;
  readonly events: readonly FeedEvent[];
  readonly unreadable?: { readonly sequence: number; readonly error: unknown };
}> {
  const events: FeedEvent[] = [];
  const last = page.at(-1)?.sequence ?? 0;
  const turns = new Turns();
  for (const { ledger, sequence, bytes } of page) {
    if (turns.over) await turns.next();
    try {
      events.push(toFeedEvent(bytes, { ledger, sequence }));
    } catch (error) {
      return { last, events, unreadable: { sequence, error } };
    }
  }
  return { last, events };
}

/** Events that are read at once: 2 MB, when they are as large as events can be. Whoever wants more asks again. */
const FILLED_AT_ONCE = PAGE_BYTES / 65_536;

/** Fills holes from the journal, which is the source of every other source. */
export function fillFromJournal(pool: pg.Pool): Fill {
  return async (ledger, after, limit) => {
    const turns = new Turns();
    const events: FeedEvent[] = [];
    for (const { bytes } of await readBytes(pool, ledger, after, Math.min(limit, FILLED_AT_ONCE))) {
      if (turns.over) await turns.next();
      events.push(toFeedEvent(bytes));
    }
    return events;
  };
}
