import type pg from 'pg';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import { listen, type Listener } from '#platform/database/listen';
import { Signal } from '#platform/database/signal';
import { type EventBytes, EVENTS_CHANNEL, readBytes, readHeads } from './reader.ts';

/** How much a page may hold; it holds at least one event. */
interface PageLimits {
  readonly events: number;
  /** Of the events' bytes and `overhead` for each of them. */
  readonly bytes: number;
  readonly overhead?: number;
}

export interface Page {
  readonly events: readonly EventBytes[];
  /** Whether the ledger may have more events after these. */
  readonly more: boolean;
}

interface TailOptions {
  readonly pool: pg.Pool;
  /** The database of `pool`, for the connection that listens. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** Milliseconds between two comparisons of all heads, which find an event whose notification was lost. Default 1,000. */
  readonly pollEvery?: number | undefined;
  /** How far each ledger was read before. */
  readonly positions: ReadonlyMap<string, number>;
  /** Told the head of every ledger when heads are compared, and the position up to which the tail has read. */
  readonly onHead?: (ledger: string, head: number, position: number) => void | Promise<void>;
  /** Ends waiting. */
  readonly stop: AbortSignal;
}

/**
 * Reads the journal as it grows: pages of each ledger, in order, from given positions. A notification says which ledger has new
 * events; notifications are lost with their connection, so all heads are compared now and then as well.
 */
export class JournalTail {
  readonly #options: TailOptions;
  readonly #positions: Map<string, number>;
  /** The ledgers with events after their position, the one that waited longest first. */
  readonly #behind = new Set<string>();
  readonly #signal = new Signal();
  /** Those whose `pages` are being read: nobody else reads them meanwhile. */
  readonly #reading = new Set<string>();
  readonly #pages: PageReader;
  readonly #listener: Listener;
  readonly #poll: NodeJS.Timeout;
  #headsAreDue = true;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#pages = new PageReader(options.pool);
    this.#positions = new Map(options.positions);
    const lookAtHeads = () => {
      this.#headsAreDue = true;
      this.#signal.set();
    };
    this.#poll = setInterval(lookAtHeads, options.pollEvery ?? 1_000);
    this.#listener = listen({
      url: options.url,
      channels: [EVENTS_CHANNEL],
      name: options.name,
      // Notifications of the time without a connection were not heard.
      onListening: lookAtHeads,
      onNotification: (ledger) => {
        this.#behind.add(ledger);
        this.#signal.set();
      },
    });
  }

  /** Compares all heads with the positions, when that is due. */
  async lookAtHeads(): Promise<void> {
    if (!this.#headsAreDue) return;
    // Before they are read: what is said meanwhile makes them due again.
    this.#headsAreDue = false;
    const heads = await readHeads(this.#options.pool).catch((error: unknown) => {
      this.#headsAreDue = true;
      throw error;
    });
    for (const [ledger, head] of heads) {
      const position = this.#positions.get(ledger) ?? 0;
      await this.#options.onHead?.(ledger, head, position);
      if (head > position) this.#behind.add(ledger);
    }
  }

  /** Takes the ledger that has been waiting longest for being read; undefined when no ledger has new events. */
  nextLedger(): string | undefined {
    const ledger = [...this.#behind].find((one) => !this.#reading.has(one));
    // Before it is read: an event that is appended meanwhile puts the ledger back.
    if (ledger !== undefined) this.#behind.delete(ledger);
    return ledger;
  }

  /** Reads the next page of a ledger and moves its position. A ledger with more events waits to be read again. */
  async read(ledger: string, limits: PageLimits): Promise<readonly EventBytes[]> {
    const { events, more } = await this.#pages.read(ledger, this.#positions.get(ledger) ?? 0, limits);
    const last = events.at(-1);
    if (last !== undefined) this.#positions.set(ledger, last.sequence);
    if (more) this.#behind.add(ledger);
    return events;
  }

  /**
   * The pages of a ledger after a sequence, as `read` makes them, until there are no more. One page is read while the one before it is
   * worked on. The position moves when the next page is asked for: who leaves early is given the ledger again when heads are compared.
   */
  async *pages<T>(
    ledger: string,
    after: number,
    limits: PageLimits,
    read: (events: readonly EventBytes[]) => Promise<T>,
  ): AsyncGenerator<T, void> {
    this.#reading.add(ledger);
    this.#positions.set(ledger, after);
    const all = this.#pages.all(ledger, after, limits);
    const pages = async function* () {
      for await (const { events } of all) yield { last: events.at(-1)?.sequence ?? after, page: await read(events) };
    };
    try {
      for await (const { last, page } of oneAhead(pages())) {
        yield page;
        this.#positions.set(ledger, last);
      }
    } finally {
      this.#reading.delete(ledger);
    }
  }

  /** Until a ledger may have new events, or `stop` is aborted. */
  async wait(): Promise<void> {
    await this.#signal.wait(this.#options.stop);
  }

  /** Ends the wait: who waits has something else to look at. */
  wake(): void {
    this.#signal.set();
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    await this.#listener.close();
  }
}

/** Reads pages of about as many bytes as they may have: events have 500 bytes, or up to 65,535. */
export class PageReader {
  /** Bytes of an event, as the last page had them; of the largest possible one until a page was read. */
  #typical = MAX_EVENT_BYTES;

  constructor(private readonly db: Pick<pg.ClientBase, 'query'>) {}

  /** How many events to ask for; at least 1. */
  within({ events, bytes, overhead = 0 }: PageLimits): number {
    return Math.max(1, Math.min(events, Math.floor(bytes / (this.#typical + overhead))));
  }

  learn(page: readonly { readonly bytes: Buffer }[]): void {
    if (page.length === 0) return;
    this.#typical = page.reduce((sum, { bytes }) => sum + bytes.length, 0) / page.length;
  }

  /** @param readAfter at most `limit` events after a sequence, in order: all of them, unless told which */
  async read(ledger: string, after: number, limits: PageLimits, readAfter = readBytes): Promise<Page> {
    const limit = this.within(limits);
    const found = await readAfter(this.db, ledger, after, limit);
    this.learn(found);
    const events = fitting(found, limits);
    return { events, more: found.length === limit || events.length < found.length };
  }

  /** All pages after a sequence. */
  async *all(ledger: string, after: number, limits: PageLimits): AsyncGenerator<Page, void> {
    for (let last = after; ; ) {
      const page = await this.read(ledger, last, limits);
      if (page.events.length > 0) yield page;
      if (!page.more) return;
      last = page.events.at(-1)?.sequence ?? last;
    }
  }
}

/** The first events that have no more bytes than the limit says, and at least one. */
function fitting(events: readonly EventBytes[], { bytes: most, overhead = 0 }: PageLimits): readonly EventBytes[] {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += event.bytes.length + overhead;
    return index > 0 && bytes > most;
  });
  return end === -1 ? events : events.slice(0, end);
}

/** Begins to read the next item while the one before it is worked on. */
async function* oneAhead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T> {
  const begin = () => {
    const next = source.next();
    // It is thrown where it is awaited, which may be after another failure, or never.
    next.catch(() => undefined);
    return next;
  };
  for (let next = begin(); ; ) {
    const { value, done } = await next;
    if (done === true) return;
    next = begin();
    yield value;
  }
}

interface Followed {
  /** Reads the events after a sequence, in order, as many as a page has. */
  readonly read: (after: number) => Promise<Page>;
  readonly after: number;
  /** Set when the ledger may have new events. */
  readonly signal: Signal;
  /** Milliseconds without an event after which an empty page is given. */
  readonly quietMs: number;
  readonly stop: AbortSignal;
}

/** One ledger's events after a sequence, and then those that come: pages until it is stopped. It reads on when it is asked to. */
export async function* follow({ read, after, signal, quietMs, stop }: Followed): AsyncGenerator<Page['events']> {
  const ended = () => stop.aborted;
  for (let last = after; !ended(); ) {
    const { events, more } = await read(last);
    last = events.at(-1)?.sequence ?? last;
    if (events.length > 0) yield events;
    if (more) continue;
    const isSet = await signal.wait(stop, quietMs);
    if (!isSet && !ended()) yield [];
  }
}
