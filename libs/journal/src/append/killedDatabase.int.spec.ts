import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '#platform/database/migrate';
import { type Cluster, startCluster } from '#servers/postgres/cluster.mjs';
import { eventually } from '#test/feed/eventually';
import { order } from '#test/journal/submissions';
import { expectTree } from '#test/journal/naiveTree';
import { TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { journalMigrations } from '../migrations/journalMigrations.ts';
import { readEvents } from '../reader.ts';
import type { Receipt } from '../submission.ts';
import { putCluster } from '#test/setup/putCluster';
import { temporaryFolder } from '#test/setup/temporaryFolder';

describe('a PostgreSQL that is killed in the middle of appends', () => {
  let dataDir: string;
  let cluster: Cluster;
  let journals: TestJournals;
  let journal: Journal;
  let ledgers = 0;

  beforeAll(async () => {
    dataDir = await temporaryFolder('killed');
    await putCluster(dataDir);
    // fsync stays on: what is promised here is what a crash leaves.
    cluster = await startCluster({ dataDir });
    await migrate(cluster.url, journalMigrations);
    journals = await TestJournals.start(cluster.url);
    // However long a slow machine takes to start the server again.
    journal = journals.make({ patienceMs: 300_000 });
  });
  afterAll(async () => {
    await journals.end();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** 16 submitters who go on until told to stop; what they were answered. */
  function submitters(book: string) {
    const receipts: Receipt[] = [];
    let stopped = false;
    const all = Array.from({ length: 16 }, async (_, who) => {
      for (let n = 0; !stopped; n++) {
        const outcome = await journal.submit(book, order(`PO-${who}-${n}`, 'tesla', 1));
        if (outcome.status !== 'recorded') throw new Error(JSON.stringify(outcome));
        receipts.push(outcome.receipt);
      }
    });
    return {
      receipts,
      async stop() {
        stopped = true;
        await Promise.all(all);
      },
    };
  }

  /** How often the server has recovered from the end of one of its processes, as its log says. */
  const recoveries = async () =>
    (await readFile(join(dataDir, 'postgres.log'), 'utf8')).split('all server processes terminated; reinitializing')
      .length;

  async function expectAllKept(book: string, receipts: readonly Receipt[]): Promise<void> {
    const events = await readEvents(journals.pool, book, 0, 1_000_000);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, n) => n + 1));
    // Everybody was answered in the end, so what is there is what was answered, and nothing twice.
    expect(
      events.slice(8).map(({ sequence, id, recorded }) => ({ ledger: book, sequence, id, recordedtime: recorded })),
    ).toEqual([...receipts].sort((a, b) => a.sequence - b.sequence));
    await expectTree(journals.pool, book);
  }

  it('a server that is killed (SIGKILL) loses no answered event, and everybody who waited is answered', async () => {
    const book = await journals.openLedger(journal, `book-${++ledgers}`);
    const writing = submitters(book);
    for (let time = 0; time < 3; time++) {
      const answered = writing.receipts.length;
      while (writing.receipts.length < answered + 40) await sleep(5);
      await cluster.kill();
      cluster = await startCluster({ dataDir, port: cluster.port });
    }
    const answered = writing.receipts.length;
    while (writing.receipts.length < answered + 40) await sleep(5);
    await writing.stop();
    await expectAllKept(book, writing.receipts);
  });

  it('a backend that is killed (SIGKILL), which makes the server recover, loses no answered event, and everybody who waited is answered', async () => {
    const book = await journals.openLedger(journal, `book-${++ledgers}`);
    const writing = submitters(book);
    for (let time = 0; time < 3; time++) {
      const answered = writing.receipts.length;
      while (writing.receipts.length < answered + 40) await sleep(5);
      const victim = await eventually(async () => {
        const { rows } = await journals.pool.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE query LIKE '%journal.events%' AND pid <> pg_backend_pid()`,
        );
        return rows[0]!.pid;
      });
      const recovered = await recoveries();
      process.kill(victim, 'SIGKILL');
      await eventually(async () => {
        expect(await recoveries()).toBe(recovered + 1);
      });
    }
    const answered = writing.receipts.length;
    while (writing.receipts.length < answered + 40) await sleep(5);
    await writing.stop();
    await expectAllKept(book, writing.receipts);
  });
});
