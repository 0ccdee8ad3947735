import { describe } from 'vitest';
import { feedContract } from '#test/feed/feedContract';
import { append, freshJournal } from '#test/feed/seedJournal';
import { createPool } from '#platform/database/database';
import { JournalFeed } from './journal.ts';

describe('the journal', () => {
  feedContract({ endless: true, secondHand: false }, async () => {
    const { url } = await freshJournal();
    const pool = createPool(url);
    return {
      publish: (events) => append(pool, events),
      feed: (options) => new JournalFeed({ pool, url, ...options }),
      close: () => pool.end(),
    };
  });
});
