import { Inject, Injectable, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import type pg from 'pg';
import { Journal } from '#journal/journal';
import type { JournalOptions } from '#journal/journalOptions';
import type { WithDatabase } from '#platform/service/config';
import { createPool } from '#platform/database/database';
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
    useFactory: ({ databaseUrl }: WithDatabase) => createPool(databaseUrl, { name: 'lading journal', pipeline: true }),
    inject: [CONFIG],
  },
  {
    provide: Journal,
    useFactory: (pool: pg.Pool) => new Journal(pool, { observer: countAppends, ...options }),
    inject: [JOURNAL_POOL],
  },
];

/** Closes the journal after the process stopped taking requests, and then its connections, so that every request is answered. */
@Injectable()
export class JournalLifetime implements OnApplicationShutdown {
  constructor(
    private readonly journal: Journal,
    @Inject(JOURNAL_POOL) private readonly pool: pg.Pool,
  ) {
    openJournals.add(journal);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.journal.close();
    openJournals.delete(this.journal);
    await this.pool.end();
  }
}
