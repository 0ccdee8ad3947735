import type pg from 'pg';
import { movesOf, parseEvent } from '#contracts/cloudEvent';
import { JournalFeed } from '#feed/journal';
import { Journal } from '#journal/journal';
import { readBytes } from '#journal/reader';
import type { Submission } from '#journal/submission';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { rebuild } from '#projections/versions/rebuild';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { LEDGER } from '../benchLedger.ts';
import { seed } from '../rebuild/seed.ts';
import type { Contestant, Entrant, Guarantees, Place } from './contestant.ts';
import { addUp, checkHoldings, countEvents, type Pages } from './holdings.ts';

const GUARANTEES: Guarantees = {
  order: 'all events of a ledger in one order, without gaps: that of their commits',
  twice: 'the same source and id are answered as the first time, and with another body refused',
  decided: 'by the rules of supply chains and all that the ledger knows, under its lock',
  changed: 'a Merkle tree over all events, which grows in the same transaction',
  readers: 'miss nothing when they go on after the last sequence they have',
  appends: 'Journal.submit on one ledger; commands that wait at the same time share a transaction',
  rebuilds: 'all read models (holdings, postings, totals, activity, parties …) as one version',
};

/** @param cast whom and what the stories are about: the ledger refuses an event about anybody else */
export const lading = (cast: readonly Submission[]): Entrant => ({
  name: 'Lading',
  guarantees: GUARANTEES,
  start: (place) => start(cast, place),
});

async function start(cast: readonly Submission[], { url }: Place): Promise<Contestant> {
  await migrate(url, projectionMigrations);
  const pool = createPool(url, { pipeline: true, timeouts: { statement: 0 } });
  const journal = new Journal(pool);
  let opened: Promise<void> | undefined;
  let seeded: readonly LedgerEvent[] = [];
  let applied = 0;
  return {
    async append({ submission }) {
      opened ??= open(journal, cast);
      await opened;
      const { status } = await journal.submit(LEDGER, submission);
      if (status !== 'recorded') throw new Error(`an event of the bench was ${status}`);
    },
    async readBack() {
      return (await countEvents(pages(pool))) - cast.length - 1;
    },
    async seed(events) {
      seeded = events;
      await seed(pool, events);
    },
    async rebuild() {
      const feeds = [() => new JournalFeed({ pool, url, batch: 2_000 })];
      applied = (await rebuild({ pool, patience: 0, feeds })).events;
    },
    addUp: () => addUp(pool, pages(pool)),
    async check() {
      if (applied !== seeded.length) throw new Error(`${applied} of ${seeded.length} events were applied`);
      await checkHoldings(pool, seeded);
    },
    async close() {
      await journal.close();
      await pool.end();
    },
  };
}

async function open(journal: Journal, cast: readonly Submission[]): Promise<void> {
  await journal.open(LEDGER, { name: 'Bench', keeper: 'nvidia' }, 'bench');
  const { status } = await journal.submitAtomic(LEDGER, cast);
  if (status !== 'recorded') throw new Error(`the cast of the bench was ${status}`);
}

async function* pages(pool: pg.Pool): Pages {
  for (let after = 0; ; ) {
    const events = await readBytes(pool, LEDGER, after, 1_000);
    if (events.length === 0) return;
    yield events.map(({ bytes }) => movesOf(parseEvent(bytes)));
    after = events.at(-1)?.sequence ?? after;
  }
}
