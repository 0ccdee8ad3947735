import type pg from 'pg';
import { readBytes } from '#journal/reader';
import type { Fill } from './consumption.ts';
import { toFeedEvent } from './message.ts';

/** Reads a ledger's events from the journal: the source of every other source, so that a hole can be filled from it. */
export function fillFromJournal(pool: pg.Pool): Fill {
  return async (ledger, after, limit) =>
    (await readBytes(pool, ledger, after, limit)).map(({ bytes }) => toFeedEvent(bytes));
}
