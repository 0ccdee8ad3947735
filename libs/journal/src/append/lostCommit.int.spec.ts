import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CuttingProxy } from '#test/journal/cuttingProxy';
import { order, reassign } from '#test/journal/submissions';
import { expectTree } from '#test/journal/naiveTree';
import { keptInTheEnd, record, TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { readEvents } from '../reader.ts';

describe('a COMMIT whose answer is lost', () => {
  let journals: TestJournals;
  let proxy: CuttingProxy;
  /** Straight to the database. */
  let direct: Journal;
  /** Through the proxy. */
  let journal: Journal;
  const attempts: number[] = [];
  let ledgers = 0;

  beforeAll(async () => {
    journals = await TestJournals.start();
    proxy = await CuttingProxy.start(journals.url);
    direct = journals.make();
    const observer = { batch: (batch: { attempts: number }) => void attempts.push(batch.attempts) };
    journal = journals.make({ patienceMs: 300_000, observer }, proxy.url);
  });
  afterEach(() => expectTree(journals.pool, `book-${ledgers}`));
  afterAll(async () => {
    await proxy.stop();
    await journals.end();
  });

  const ledger = () => journals.openLedger(direct, `book-${++ledgers}`);
  const ids = async (book: string) => (await readEvents(journals.pool, book, 8, 1_000)).map(({ id }) => id);

  it.each(['lose-answer', 'lose-command'] as const)(
    'everybody in a batch whose COMMIT is lost gets the right answer, and each event is recorded once (%s)',
    async (fault) => {
      const book = await ledger();
      await record(direct, book, [order('PO-0', 'tesla', 5, { id: 'before' })]);
      proxy.next(fault);
      const [first, second, rejected, before, conflict, atomic, failed] = await Promise.all([
        journal.submit(book, order('PO-1', 'tesla', 5, { id: 'first' })),
        journal.submit(book, order('PO-1', 'tesla', 5, { id: 'second', source: 'urn:other' })),
        journal.submit(book, order('PO-2', 'nobody', 5, { id: 'rejected' })),
        journal.submit(book, order('PO-0', 'tesla', 5, { id: 'before' })),
        journal.submit(book, order('PO-0', 'tesla', 6, { id: 'before' })),
        journal.submitAtomic(book, [order('PO-3', 'tesla', 5, { id: 'a1' }), order('PO-4', 'tesla', 5, { id: 'a2' })]),
        journal.submitAtomic(book, [order('PO-5', 'tesla', 5, { id: 'b1' }), order('PO-3', 'tesla', 5, { id: 'b2' })]),
      ]);
      expect(proxy.struck).toBe(1);
      expect(attempts.at(-1)).toBe(2);
      expect(first).toMatchObject({ status: 'recorded', receipt: { sequence: 10, id: 'first' } });
      expect(second).toMatchObject({ status: 'rejected', rejection: { code: 'already-exists' } });
      expect(rejected).toMatchObject({ status: 'rejected', rejection: { code: 'unknown-party' } });
      expect(before).toMatchObject({ status: 'replayed', receipt: { sequence: 9 } });
      expect(conflict).toEqual({ status: 'conflict', sequence: 9 });
      expect(atomic).toMatchObject({ status: 'recorded', receipts: [{ sequence: 11 }, { sequence: 12 }] });
      expect(failed).toMatchObject({ status: 'failed', index: 1 });
      expect(await ids(book)).toEqual(['before', 'first', 'a1', 'a2']);
    },
  );

  it('a submitter gets the right answer also when three COMMITs in a row are lost, and when the connection falls silent', async () => {
    const book = await ledger();
    proxy.next('lose-command', 'lose-command', 'lose-answer');
    expect(await journal.submit(book, order('PO-1', 'tesla', 5))).toMatchObject({ status: 'recorded' });
    expect(proxy.struck).toBe(3);
    // A connection that says nothing is given up after some times as long as a ledger may be held.
    const quick = journals.make({ holdMs: 300, patienceMs: 300_000 }, proxy.url);
    proxy.next('swallow-answer');
    expect(await quick.submit(book, order('PO-2', 'tesla', 5, { id: 'silent' }))).toMatchObject({
      status: 'recorded',
    });
    expect(proxy.struck).toBe(1);
    expect(await ids(book)).toHaveLength(2);
  });

  it('of two writers of one event, of whom one lost its COMMIT, the one who came second is told that the event was replayed', async () => {
    const book = await ledger();
    proxy.next('lose-command');
    const lost = journal.submit(book, order('PO-1', 'tesla', 5, { id: 'both' }));
    const won = await direct.submit(book, order('PO-1', 'tesla', 5, { id: 'both' }));
    const outcomes = [await lost, won];
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['recorded', 'replayed']);
  });

  it('an opener is told that the ledger was opened, and it is opened once, also when the COMMIT of its opening is lost', async () => {
    const terms = { name: 'Another', keeper: 'nvidia' };
    proxy.next('lose-answer');
    expect(await journal.open('lost-answer', terms, 'admin')).toBe('opened');
    expect(proxy.struck).toBe(1);
    proxy.next('lose-command');
    expect(await journal.open('lost-command', terms, 'admin')).toBe('opened');
    expect(await journal.open('lost-answer', terms, 'admin')).toBe('same');
  });

  it('after a lost COMMIT a writer decides on what was really committed', async () => {
    const book = await ledger();
    await record(direct, book, [order('PO-1', 'tesla', 10)]);
    proxy.next('lose-answer');
    const taken = [journal.submit(book, reassign('RA-1', 'PO-1', 'tesla', 'x', 6))];
    taken.push(journal.submit(book, reassign('RA-2', 'PO-1', 'tesla', 'x', 6)));
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual(['recorded', 'rejected']);
    expect(await journal.submit(book, reassign('RA-3', 'PO-1', 'tesla', 'x', 4))).toMatchObject({ status: 'recorded' });
    expect(await journal.submit(book, reassign('RA-4', 'PO-1', 'tesla', 'x', 1))).toMatchObject({ status: 'rejected' });
  });

  it('a writer that lost its connection while it read the events of others decides on all that they wrote', async () => {
    const book = await ledger();
    await record(journal, book, [order('PO-1', 'tesla', 10)]);
    await record(direct, book, [reassign('RA-1', 'PO-1', 'tesla', 'x', 6)]);
    proxy.next('lose-events-after');
    expect(await journal.submit(book, reassign('RA-2', 'PO-1', 'tesla', 'x', 6))).toMatchObject({ status: 'rejected' });
    expect(proxy.struck).toBe(1);
  });

  it('everybody in a batch is told that the journal is unavailable when the database stays away', async () => {
    const book = await ledger();
    const impatient = journals.make({ patienceMs: 400 }, proxy.url);
    proxy.next(...Array.from({ length: 1_000 }, () => 'lose-command' as const));
    const outcomes = await Promise.allSettled([
      impatient.submit(book, order('PO-1', 'tesla', 5)),
      impatient.submit(book, order('PO-2', 'tesla', 5)),
      impatient.submit(book, order('PO-3', 'nobody', 5)),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { name: 'JournalUnavailable', reason: 'unavailable', retryAfter: 5 },
      });
    }
    expect(await ids(book)).toEqual([]);
    proxy.next();
    // It comes back by itself. What was under way when its sender was answered may be recorded late, so this is another order.
    await keptInTheEnd(impatient, book, order('PO-4', 'tesla', 5));
  });
});
