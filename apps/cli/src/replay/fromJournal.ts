import type pg from 'pg';
import type { FeedEvent } from '#feed/feed';
import { toFeedEvent } from '#feed/message';
import { readEvents } from '#journal/reader';

const PAGE = 2_000;

/** A ledger's events as the journal has them, page by page, up to its end. */
export async function* fromJournal(pool: pg.Pool, ledger: string): AsyncGenerator<FeedEvent> {
  for (let after = 0; ; ) {
    const page = await readEvents(pool, ledger, after, PAGE);
    for (const { bytes, sequence } of page) yield toFeedEvent(bytes, { ledger, sequence });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.sequence;
  }
}
