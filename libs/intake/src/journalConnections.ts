import { Inject, Injectable, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import type pg from 'pg';
import { Journal } from '#journal/journal';
import type { JournalOptions } from '#journal/journalOptions';
import type { WithDatabase } from '#platform/service/config';
import { createPool } from '#platform/database/database';
import { Drain } from '#platform/http/drain';
import { DatabaseWatch } from '#platform/watching/databaseWatch';
import { CONFIG } from '#platform/service/tokens';
import { countAppends, openJournals } from './journalMetrics.ts';

/** The journal's own connections to PostgreSQL. */
const JOURNAL_POOL = Symbol('journal pool');

/**
 * A journal on connections of its own. They are pipelined: a batch sends its statements without waiting for each answer. The
 * connections of the rest of the process must not be. One connection is held for each ledger that is being written.
 */
export const journalProviders = (options: Partial<JournalOptions> = {}): Provider[] => [
  {
    provide: JOURNAL_POOL,
    useFactory: ({ databaseUrl }: WithDatabase) =>
      createPool(databaseUrl, { name: 'lading journal', pipeline: true, ordered: true }),
    inject: [CONFIG],
  },
  {
    provide: Journal,
    useFactory: (pool: pg.Pool, database: DatabaseWatch, { patienceMs }: WithDatabase) => {
      const failure = (error: unknown) => void database.failed(error);
      return new Journal(pool, { observer: { ...countAppends, failure }, patienceMs, ...options });
    },
    inject: [JOURNAL_POOL, DatabaseWatch, CONFIG],
  },
];

/** Milliseconds that the journal's last batch has, once the process takes no requests any more. */
const LAST_BATCH_MS = 500;

/** Closes the journal after the process stopped taking requests, and then its connections, so that every request is answered. */
@Injectable()
export class JournalLifetime implements OnApplicationShutdown {
  constructor(
    private readonly journal: Journal,
    @Inject(JOURNAL_POOL) private readonly pool: pg.Pool,
    drain: Drain,
  ) {
    openJournals.add(journal);
    // Who waits for a database that is away is answered while there is a connection to answer on.
    drain.lastCall.addEventListener('abort', () => void journal.close(0));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.journal.close(LAST_BATCH_MS);
    openJournals.delete(this.journal);
    await this.pool.end();
  }
}
