import { Inject, Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type pg from 'pg';
import { type EventFilter, type readBytes, readEvents } from '#journal/reader';
import { type Page, PageReader } from '#journal/tail';
import { Drain } from '#platform/http/drain';
import { ProblemError, unavailable } from '#platform/http/problemError';
import { POOL } from '#platform/service/tokens';
import { gauge } from '#platform/watching/metrics';

const MAX_STREAMS = 1_000;
const MAX_OF_KEY = 100;
/** What a stream holds in memory while its client takes nothing: a page of this many bytes, or one event. */
const PAGE = { events: 100, bytes: 65_536 };
/** Pages that are read at once: the other connections to the database are for questions. */
const MAX_READING = 4;

const openStreams = gauge('lading_query_event_streams', 'Streams of server-sent events that are open');

interface OpenStream {
  /** Aborted when the client is gone, the process stops, or somebody ends the stream. */
  readonly stop: AbortSignal;
  readonly end: () => void;
}

/** The event streams that are open: they are counted, limited, read for, and ended when the process stops. */
@Injectable()
export class OpenStreams {
  readonly #all = new Set<OpenStream>();
  readonly #ofKey = new Map<string, number>();
  /** Pages that are being read. Streams that wait for the same page get the same one: most are at the head of their ledger. */
  readonly #pages = new Map<string, Promise<Page>>();
  readonly #reader: PageReader;
  #reading = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    @Inject(POOL) pool: pg.Pool,
    private readonly drain: Drain,
  ) {
    this.#reader = new PageReader(pool);
  }

  /** @throws the 429 of a key that has too many, and the 503 of a process that has too many */
  open(key: string, response: ServerResponse): OpenStream {
    const ofKey = this.#ofKey.get(key) ?? 0;
    if (ofKey >= MAX_OF_KEY) throw tooMany(key);
    if (this.#all.size >= MAX_STREAMS) throw unavailable('too many streams are open: ask again later', { seconds: 10 });
    const ended = new AbortController();
    const stream: OpenStream = {
      stop: ended.signal,
      end: () => {
        if (this.#all.delete(stream)) this.#closed(key);
        this.drain.signal.removeEventListener('abort', stream.end);
        ended.abort();
      },
    };
    this.#all.add(stream);
    this.#ofKey.set(key, ofKey + 1);
    openStreams.inc();
    response.once('close', stream.end);
    this.drain.signal.addEventListener('abort', stream.end);
    return stream;
  }

  /** The events after a sequence that the filter takes, a page of them. */
  async read(ledger: string, after: number, filter: EventFilter): Promise<Page> {
    const name = JSON.stringify([ledger, after, filter]);
    const known = this.#pages.get(name);
    if (known !== undefined) return known;
    const readAfter: typeof readBytes = (db, ...range) => readEvents(db, ...range, filter);
    const page = this.#inTurn(() => this.#reader.read(ledger, after, PAGE, readAfter)).finally(() =>
      this.#pages.delete(name),
    );
    this.#pages.set(name, page);
    return page;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#reading < MAX_READING) this.#reading++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever waits takes the place, so that nobody comes in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#reading--;
      else next();
    }
  }

  #closed(key: string): void {
    openStreams.dec();
    const left = (this.#ofKey.get(key) ?? 1) - 1;
    if (left === 0) this.#ofKey.delete(key);
    else this.#ofKey.set(key, left);
  }
}

function tooMany(key: string): ProblemError {
  const detail = `the key "${key}" has ${MAX_OF_KEY} event streams open, which is the most: end one, or wait until one has ended`;
  return new ProblemError(429, 'too-many-requests', detail, { headers: { 'retry-after': '10' } });
}
