import type { Journal } from '#journal/journal';
import type { JournalObserver } from '#journal/journalOptions';
import { counter, FAST, gauge, histogram } from '#platform/watching/metrics';

const appendSeconds = histogram(
  'lading_journal_append_seconds',
  'One batch, from leaving the queue to the acknowledged COMMIT, with the wait for the lock and any retries',
  FAST,
);
const batchSize = histogram(
  'lading_journal_batch_size',
  'Commands decided in one transaction',
  [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
);
const appended = counter('lading_journal_events_total', 'Events appended', ['ledger']);
const rejections = counter('lading_journal_rejections_total', 'Commands rejected', ['code']);
const retries = counter('lading_journal_retries_total', 'Batches run again after an error or a lost COMMIT');

/** The journals of this process that are open: what waits in them is counted when `/metrics` is asked for. */
export const openJournals = new Set<Journal>();

gauge('lading_journal_queued_commands', 'Commands that wait for their batch', ['ledger'], function collect() {
  this.reset();
  for (const journal of openJournals)
    for (const { ledger, commands } of journal.queued()) this.inc({ ledger }, commands);
});

/** Counts what a journal does, for `/metrics`. */
export const countAppends: JournalObserver = {
  batch({ ledger, seconds, commands, events, attempts }) {
    appendSeconds.observe(seconds);
    batchSize.observe(commands);
    if (events > 0) appended.inc({ ledger }, events);
    if (attempts > 1) retries.inc(attempts - 1);
  },
  rejection(code) {
    rejections.inc({ code });
  },
};
