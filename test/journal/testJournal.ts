import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { freshDatabase } from '#test/setup/freshDatabase';
import { Journal } from '#journal/journal';
import type { JournalOptions } from '#journal/journalOptions';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import type { Submission } from '#journal/submission';
import { cast } from './submissions.ts';

/** A database of its own with the journal's tables. */
async function journalDatabase(): Promise<string> {
  const { url } = await freshDatabase({ migrate: (to) => migrate(to, journalMigrations), template: 'journal' });
  return url;
}

/** Journals on one database, as several processes would have; all of them end with `end()`. */
export class TestJournals {
  readonly pool: pg.Pool;
  readonly #journals: { journal: Journal; pool: pg.Pool }[] = [];

  private constructor(readonly url: string) {
    this.pool = createPool(url);
  }

  static async start(url?: string): Promise<TestJournals> {
    return new TestJournals(url ?? (await journalDatabase()));
  }

  /** Another journal, with connections of its own. */
  make(options: Partial<JournalOptions> = {}, url = this.url): Journal {
    const pool = createPool(url, { pipeline: true });
    const journal = new Journal(pool, options);
    this.#journals.push({ journal, pool });
    return journal;
  }

  /** An open ledger with the cast of the stories. */
  async openLedger(journal: Journal, ledger: string): Promise<string> {
    await journal.open(ledger, { name: 'The book', keeper: 'nvidia' }, 'admin');
    await record(journal, ledger, cast());
    return ledger;
  }

  async end(): Promise<void> {
    for (const { journal, pool } of this.#journals) {
      await journal.close();
      await pool.end();
    }
    await this.pool.end();
  }
}

/** Submits events that must be accepted. */
export async function record(journal: Journal, ledger: string, submissions: readonly Submission[]): Promise<number[]> {
  const outcomes = await Promise.all(submissions.map((submission) => journal.submit(ledger, submission)));
  return outcomes.map((outcome, index) => {
    if (outcome.status === 'recorded') return outcome.receipt.sequence;
    throw new Error(`${submissions[index]?.event.id ?? ''} was not recorded: ${JSON.stringify(outcome)}`);
  });
}

/** Submits an event until it is kept: a journal that has little patience may give it up on a slow machine. */
export async function keptInTheEnd(journal: Journal, ledger: string, submission: Submission): Promise<void> {
  for (;;) {
    const outcome = await journal.submit(ledger, submission).catch(() => undefined);
    if (outcome?.status === 'recorded' || outcome?.status === 'replayed') return;
    if (outcome !== undefined) throw new Error(`not kept: ${JSON.stringify(outcome)}`);
  }
}
