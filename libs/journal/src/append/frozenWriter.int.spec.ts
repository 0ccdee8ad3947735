import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { startWorker } from '#test/journal/startWorker';
import { order } from '#test/journal/submissions';
import { TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { readEvents } from '../reader.ts';
import { lockHead } from '../sql/head.ts';
import { begin } from '../sql/transaction.ts';

/** Long enough for a slow machine to freeze a writer that holds the ledger. */
const HOLD_MS = 3_000;

describe('a writer that is frozen while it holds a ledger', () => {
  let journals: TestJournals;
  let journal: Journal;
  const attempts: number[] = [];
  let failures = 0;
  beforeAll(async () => {
    journals = await TestJournals.start();
    const observer = {
      batch: (batch: { attempts: number }) => void attempts.push(batch.attempts),
      failure: () => void failures++,
    };
    // Whoever waited for a frozen writer for ever would be told so when this patience is over.
    journal = journals.make({ holdMs: HOLD_MS, patienceMs: 20 * HOLD_MS, observer });
  });
  afterAll(() => journals.end());

  /** Backends that wait for a lock of the kind. */
  async function waitFor(event: string, state = 'active'): Promise<void> {
    for (;;) {
      const { rowCount } = await journals.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = $2 AND ($1 = '' OR wait_event = $1)`,
        [event, state],
      );
      if ((rowCount ?? 0) > 0) return;
    }
  }

  it('a writer that is stopped (SIGSTOP) while it holds a ledger delays others by no more than the timeout, and when it goes on its own events are recorded after theirs', async () => {
    const book = await journals.openLedger(journal, 'stopped');
    const worker = await startWorker(journals.url, { holdMs: HOLD_MS });
    // The table's lock catches the worker in the middle of its append: it has the ledger, and waits to insert.
    const gate = await journals.pool.connect();
    await gate.query('BEGIN; LOCK TABLE journal.event_entities IN SHARE MODE');
    const frozen = worker.submit(book, order('PO-frozen', 'tesla', 1, { id: 'frozen' }));
    await waitFor('relation');
    worker.signal('SIGSTOP');
    await gate.query('COMMIT');
    gate.release();
    await waitFor('', 'idle in transaction');

    // All of this while it is frozen: PostgreSQL has ended its session, and nobody waits for it any more.
    const result = await journal.submit(book, order('PO-1', 'tesla', 1, { id: 'next' }));
    expect(result).toMatchObject({ status: 'recorded', receipt: { sequence: 9 } });
    await journal.submit(book, order('PO-2', 'tesla', 1, { id: 'later' }));
    expect(attempts.at(-1)).toBe(1);

    worker.signal('SIGCONT');
    expect(await frozen).toMatchObject({ status: 'recorded', receipt: { sequence: 11, id: 'frozen' } });
    expect((await readEvents(journals.pool, book, 8, 10)).map(({ id }) => id)).toEqual(['next', 'later', 'frozen']);
    await worker.stop();
  });

  it('a writer that does not read the rows that the server sends it delays others by no more than the timeout', async () => {
    const book = await journals.openLedger(journal, 'unread');
    const client = await journals.pool.connect();
    client.on('error', () => undefined);
    await begin(client, HOLD_MS);
    expect(await lockHead(client, book, HOLD_MS)).toMatchObject({ sequence: 8 });
    const { stream } = (client as unknown as pg.Client).connection;
    const rows = client
      .query(`SELECT repeat('x', 1000000) FROM generate_series(1, 200)`)
      .catch((error: unknown) => error);
    stream.pause();
    await waitFor('ClientWrite');

    const result = await journal.submit(book, order('PO-1', 'tesla', 1));
    expect(result).toMatchObject({ status: 'recorded', receipt: { sequence: 9 } });
    stream.resume();
    expect(await rows).toBeInstanceOf(Error);
    client.release(true);
  });

  it('a writer that works on and on under the lock loses the ledger after the timeout', async () => {
    const book = await journals.openLedger(journal, 'endless');
    const client = await journals.pool.connect();
    client.on('error', () => undefined);
    await begin(client, HOLD_MS);
    await lockHead(client, book, HOLD_MS);
    const working = async () => {
      for (;;) await client.query('SELECT pg_sleep(0.1)');
    };
    const [ended, result] = await Promise.all([
      working().catch((error: unknown) => error),
      journal.submit(book, order('PO-1', 'tesla', 1)),
    ]);
    expect(ended).toMatchObject({ code: '25P04' });
    expect(result).toMatchObject({ status: 'recorded' });
    client.release(true);
  });

  it('a writer that waits for the ledger for longer than its lock timeout tries again, and gets the ledger', async () => {
    const book = await journals.openLedger(journal, 'waiting');
    const holder = await journals.pool.connect();
    holder.on('error', () => undefined);
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM journal.ledgers WHERE ledger = $1 FOR UPDATE', [book]);
    const before = failures;
    const submitted = journal.submit(book, order('PO-1', 'tesla', 1));
    // The first attempt fails, another one gets it.
    while (failures === before) await sleep(20);
    await holder.query('COMMIT');
    holder.release();
    expect(await submitted).toMatchObject({ status: 'recorded', receipt: { sequence: 9 } });
    expect(attempts.at(-1)).toBeGreaterThan(1);
  });
});
