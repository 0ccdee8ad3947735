import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { type EventFilter, type readBytes, readEvents } from '#journal/reader';
import { type Page, PageReader } from '#journal/tail';
import { unavailable } from '#platform/http/problemError';
import { withReadModels } from '#projections/reading/readModel';
import { POOL } from '#platform/service/tokens';

/** What a stream holds in memory while its client takes nothing: a page of this many bytes, or one event. */
const STREAMED = { events: 100, bytes: 65_536 };
/** Pages that are kept for the streams that come behind. A thousand of them that begin together are soon this far from each other. */
const KEPT = 64;
/** An answer with a page of events ends before its limit when the events are large, and is put together in small steps. */
const ANSWERED_BYTES = 2_097_152;
const STEP = { events: 100, bytes: 524_288 };
/** Pages that are read at once: the other connections to the database are for other questions. */
const MAX_READING = 4;
/** Answers that are put together or wait for their turn: more of them are refused, because they would wait for longer than anybody does. */
const MAX_ASKED = 100;

/** Which events; of a party's, those that concern it. */
export interface Asked extends Omit<EventFilter, 'listed'> {
  readonly party?: string | undefined;
}

/** Reads pages of events from the journal, few at a time and of few bytes, whoever asks. */
@Injectable()
export class EventPages {
  /** Pages of streams that are being read. Streams that wait for the same one get the same one: most are at the head of their ledger. */
  readonly #streamed = new Map<string, Promise<Page>>();
  /** The last pages after which there was more: what they have does not change. Whom an event concerns may, so a party's are not kept. */
  readonly #kept = new LRUCache<string, Page>({ max: KEPT });
  readonly #reader: PageReader;
  #reading = 0;
  #asked = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {
    this.#reader = new PageReader(pool);
  }

  /** The events after a sequence that the filter takes, as many as a stream sends at once. */
  async streamed(ledger: string, after: number, filter: Asked): Promise<Page> {
    const name = JSON.stringify([ledger, after, filter]);
    const known = this.#kept.get(name) ?? this.#streamed.get(name);
    if (known !== undefined) return known;
    const page = this.#inTurn(() => this.#reader.read(ledger, after, STREAMED, this.#readWith(filter)));
    this.#streamed.set(name, page);
    try {
      const read = await page;
      if (read.more && filter.party === undefined) this.#kept.set(name, read);
      return read;
    } finally {
      this.#streamed.delete(name);
    }
  }

  /**
   * At most `limit` events after a sequence that the filter takes, and none after `head`.
   * @throws the 503 of more pages than can be put together soon
   */
  async answered(ledger: string, after: number, head: number, limit: number, filter: Asked): Promise<Page> {
    if (this.#asked >= MAX_ASKED) throw unavailable('too many pages of events are asked for at once: ask again');
    this.#asked++;
    const page = this.#inTurn(async () => {
      const events: Page['events'][number][] = [];
      let bytes = 0;
      for (let last = after; ; ) {
        const step = { ...STEP, events: Math.min(STEP.events, limit + 1 - events.length) };
        const page = await this.#reader.read(ledger, last, step, this.#readWith(filter));
        for (const event of page.events) {
          // What came after the head was read is left for the next page: the answer says that it stands at the head.
          if (event.sequence > head) return { events, more: false };
          if (events.length === limit || bytes > ANSWERED_BYTES) return { events, more: true };
          events.push(event);
          bytes += event.bytes.length;
          last = event.sequence;
        }
        if (!page.more) return { events, more: false };
      }
    });
    return page.finally(() => {
      this.#asked--;
    });
  }

  /** Whom an event concerns the read models know, so a party's events are read beside them: those that they have applied. */
  #readWith({ party, ...filter }: Asked): typeof readBytes {
    if (party === undefined) return (db, ...range) => readEvents(db, ...range, filter);
    const listed = { table: 'event_parties', party };
    return (_db, ledger, after, limit) =>
      withReadModels(this.pool, ledger, ({ db }) => readEvents(db, ledger, after, limit, { ...filter, listed }));
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
}
