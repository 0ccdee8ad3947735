import type pg from 'pg';
import { readBytes, readHeads } from '#journal/reader';
import type { Published } from '#feed/message';
import type { FeedLog } from '#feed/observer';
import { PageSize } from '#feed/pageSize';

/** kafkajs has no linger, so the batches are made here: awaited one by one 250–400 events/s go through, in batches 20,000. */
const MAX_EVENTS = 1_000;
/** The broker takes batches of 1 MB a partition; all of it may be for one. */
const MAX_BYTES = 900_000;
/** Key, headers and the record's own fields, generously. */
const OVERHEAD_BYTES = 200;

/** What is in the journal and not sent yet. There is no table of its own: the journal is the outbox. */
export class Outbox {
  readonly #pool: pg.Pool;
  readonly #log: FeedLog;
  /** How far each ledger was handed out. */
  readonly #handedOut = new Map<string, number>();
  /** Ledgers with news, the one that waited longest first. */
  readonly #news = new Set<string>();
  readonly #pages = new PageSize(OVERHEAD_BYTES);
  #lookAtHeads = true;

  constructor(pool: pg.Pool, positions: ReadonlyMap<string, number>, log: FeedLog) {
    this.#pool = pool;
    this.#log = log;
    for (const [ledger, sequence] of positions) this.#handedOut.set(ledger, sequence);
  }

  /** Somebody appended to this ledger. */
  heard(ledger: string): void {
    this.#news.add(ledger);
  }

  /** Notifications may have been lost: compare all heads the next time. */
  heardNothing(): void {
    this.#lookAtHeads = true;
  }

  /** The next events to send, each ledger's in order, several ledgers' together; empty when everything was handed out. */
  async next(): Promise<readonly Published[]> {
    if (this.#lookAtHeads) await this.#compareHeads();
    const batch: Published[] = [];
    let bytes = 0;
    for (const ledger of [...this.#news]) {
      if (batch.length === MAX_EVENTS || bytes >= MAX_BYTES) break;
      // Before it is read: what is appended meanwhile is news again.
      this.#news.delete(ledger);
      const limit = this.#pages.within(MAX_BYTES - bytes, MAX_EVENTS - batch.length);
      const events = await readBytes(this.#pool, ledger, this.#handedOut.get(ledger) ?? 0, limit);
      this.#pages.learn(events);
      let took = 0;
      for (const event of events) {
        const size = event.bytes.length + OVERHEAD_BYTES;
        if (bytes + size > MAX_BYTES && batch.length > 0) break;
        bytes += size;
        took += 1;
        batch.push(event);
        this.#handedOut.set(ledger, event.sequence);
      }
      if (took === limit || took < events.length) this.#news.add(ledger);
    }
    return batch;
  }

  async #compareHeads(): Promise<void> {
    for (const [ledger, sequence] of await readHeads(this.#pool)) {
      const handedOut = this.#handedOut.get(ledger) ?? 0;
      if (sequence > handedOut) this.#news.add(ledger);
      if (sequence < handedOut)
        this.#log.error(
          { ledger, published: handedOut, journal: sequence },
          `ledger ${ledger} is published up to ${handedOut}, but the journal ends at ${sequence}: was it restored from an old backup?`,
        );
    }
    this.#lookAtHeads = false;
  }
}
