import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CuttingProxy } from '#test/journal/cuttingProxy';
import { order } from '#test/journal/submissions';
import { keptInTheEnd, record, TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import type { JournalOptions } from '../journalOptions.ts';
import type { JournalUnavailable } from '../journalUnavailable.ts';
import { readEvents } from '../reader.ts';
import type { Outcome } from '../submission.ts';

describe('a command that waits for a database that is away', () => {
  let journals: TestJournals;
  let proxy: CuttingProxy;
  /** Straight to the database. */
  let direct: Journal;
  let ledgers = 0;

  beforeAll(async () => {
    journals = await TestJournals.start();
    proxy = await CuttingProxy.start(journals.url);
    direct = journals.make();
  });
  afterEach(() => {
    proxy.become('open');
  });
  afterAll(async () => {
    await proxy.stop();
    await journals.end();
  });

  const ledger = () => journals.openLedger(direct, `book-${++ledgers}`);
  const ids = async (book: string) => (await readEvents(journals.pool, book, 8, 10_000)).map(({ id }) => id);
  /** A journal behind the proxy; `batches` counts the transactions that it tried. */
  const behindProxy = (options: Partial<JournalOptions>) => {
    const failures: unknown[] = [];
    const observer = { failure: (error: unknown) => void failures.push(error) };
    return { journal: journals.make({ holdMs: 300, observer, ...options }, proxy.url), failures };
  };
  const reasons = (outcomes: readonly PromiseSettledResult<Outcome>[]) =>
    outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as JournalUnavailable) : undefined));

  it.each(['silent', 'refusing'] as const)(
    'each of many commands is answered when its own patience is over, not when those before it were tried (%s)',
    async (mode) => {
      const book = await ledger();
      const { journal, failures } = behindProxy({ patienceMs: 700, batchSize: 2 });
      await keptInTheEnd(journal, book, order('PO-0', 'tesla', 1));
      proxy.become(mode);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 3_000 }, (_, n) => journal.submit(book, order(`PO-${n + 1}`, 'tesla', 1))),
      );
      const why = reasons(outcomes);
      expect(new Set(why.map((one) => one?.reason))).toEqual(new Set(['unavailable']));
      // One batch after the other would have failed some 1,500 times.
      expect(failures.length).toBeLessThan(50);
      // Nothing but what was being tried may be in doubt, and of that nothing was recorded here.
      expect(why.filter((one) => one?.recorded === 'unknown').length).toBeLessThanOrEqual(2);
      proxy.become('open');
      expect(await ids(book)).toHaveLength(1);
      await keptInTheEnd(journal, book, order('PO-1', 'tesla', 1));
    },
  );

  it('a command whose turn never came is known not to be recorded, and one whose COMMIT was lost is not known about: sent again, each is there once', async () => {
    const book = await ledger();
    // The first is with the database when its patience is over: the connection is there, and is not given up before.
    const { journal } = behindProxy({ patienceMs: 3_000, batchSize: 1 });
    await keptInTheEnd(journal, book, order('PO-0', 'tesla', 1, { id: 'zeroth' }));
    proxy.next('swallow-answer');
    const first = order('PO-1', 'tesla', 1, { id: 'first' });
    const second = order('PO-2', 'tesla', 1, { id: 'second' });
    const outcomes = await Promise.allSettled([journal.submit(book, first), journal.submit(book, second)]);
    expect(reasons(outcomes).map((one) => one?.recorded)).toEqual(['unknown', 'no']);
    expect(await direct.submit(book, first)).toMatchObject({ status: 'replayed' });
    expect(await direct.submit(book, second)).toMatchObject({ status: 'recorded' });
    expect(await ids(book)).toEqual(['zeroth', 'first', 'second']);
  });

  it('a command that was given up while nothing of it was sent is not recorded later, when the database is back', async () => {
    const book = await ledger();
    const { journal } = behindProxy({ patienceMs: 300 });
    proxy.become('refusing');
    await expect(journal.submit(book, order('PO-1', 'tesla', 1))).rejects.toMatchObject({ recorded: 'no' });
    proxy.become('open');
    await keptInTheEnd(journal, book, order('PO-2', 'tesla', 1, { id: 'after' }));
    expect(await ids(book)).toEqual(['after']);
  });

  it('a journal that is closed refuses what waits for a database that is away, and resolves', async () => {
    const book = await ledger();
    const { journal } = behindProxy({ patienceMs: 600_000, batchSize: 10 });
    await record(journal, book, [order('PO-0', 'tesla', 1)]);
    proxy.become('silent');
    const waiting = Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => journal.submit(book, order(`PO-${n + 1}`, 'tesla', 1))),
    );
    await journal.close(100);
    expect(new Set(reasons(await waiting).map((one) => one?.reason))).toEqual(new Set(['stopping']));
  });

  describe('a disk that is full', () => {
    /** Makes every insert of an event fail as on a full disk: at once, or at its COMMIT. */
    const fill = async (when: 'at once' | 'at COMMIT') => {
      await journals.pool.query(
        `CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100'; END $$`,
      );
      await journals.pool.query(
        when === 'at once'
          ? 'CREATE TRIGGER full_disk BEFORE INSERT ON journal.events FOR EACH ROW EXECUTE FUNCTION full_disk()'
          : `CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON journal.events DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      );
    };
    const makeRoom = () => journals.pool.query('DROP TRIGGER IF EXISTS full_disk ON journal.events');
    afterEach(() => makeRoom());

    it.each(['at once', 'at COMMIT'] as const)(
      'everybody is told without waiting that nothing was recorded, and the next command passes when there is room (%s)',
      async (when) => {
        const book = await ledger();
        const journal = journals.make({ patienceMs: 600_000 });
        await fill(when);
        // So many that the first are being inserted while the last are being decided.
        const sixty = Array.from({ length: 60 }, (_, n) => String(n + 1));
        const outcomes = await Promise.allSettled(
          sixty.map((id) => journal.submit(book, order(`PO-${id}`, 'tesla', 1, { id }))),
        );
        for (const why of reasons(outcomes))
          expect(why).toMatchObject({ reason: 'unavailable', recorded: 'no', cause: { code: '53100' } });
        await makeRoom();
        expect(await journal.submit(book, order('PO-1', 'tesla', 1, { id: '1' }))).toMatchObject({
          status: 'recorded',
        });
        expect(await ids(book)).toEqual(['1']);
      },
    );
  });
});
