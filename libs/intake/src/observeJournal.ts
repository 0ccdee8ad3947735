import type { JournalObserver } from '#journal/journalObserver';
import { journalAppendSeconds, journalBatchSize, journalEvents, journalRetries } from '#platform/watching/metrics';

/** Counts what a journal does, for `/metrics`. */
export const observeJournal: JournalObserver = {
  batch({ ledger, seconds, commands, events, attempts }) {
    journalAppendSeconds.observe(seconds);
    journalBatchSize.observe(commands);
    if (events > 0) journalEvents.inc({ ledger }, events);
    if (attempts > 1) journalRetries.inc(attempts - 1);
  },
};
