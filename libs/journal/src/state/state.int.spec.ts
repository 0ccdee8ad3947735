import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from '#contracts/cloudEvent';
import type { Entity, EntityKey } from '#ledger/entity';
import { evolve, touched } from '#ledger/evolve';
import { approximateBytes, toJson } from '#ledger/serialisable';
import { story } from '#test/journal/story';
import { cast, order, reassign } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import type { Job } from '../append/job.ts';
import type { Journal } from '../journal.ts';
import { defaultJournalOptions, type JournalOptions } from '../journalOptions.ts';
import { processBatch } from '../append/processBatch.ts';
import { type CachePartition, EntityCache } from './entities.ts';
import { readEvents } from '../reader.ts';
import type { Outcome, Submission } from '../submission.ts';
import { LedgerState } from './ledgerState.ts';
import { loadEntities } from './loading.ts';

describe('the state that a writer decides on', () => {
  let journals: TestJournals;
  let journal: Journal;
  let ledgers = 0;
  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
  });
  afterAll(() => journals.end());

  /** A writer whose cache can be looked into. */
  class OpenWriter {
    readonly partition: CachePartition;
    readonly #state: LedgerState;
    readonly #options: JournalOptions;

    constructor(ledger: string, options: Partial<JournalOptions> = {}) {
      this.#options = { ...defaultJournalOptions, ...options };
      this.partition = new EntityCache(this.#options.cacheBytes).partition();
      this.#state = new LedgerState(ledger, this.partition);
    }

    async submit(submissions: readonly Submission[]): Promise<Outcome[]> {
      const jobs = submissions.map(
        (submission): Job => ({
          kind: 'single',
          submissions: [submission],
          resolve: () => undefined,
          reject: () => undefined,
          until: Infinity,
          stands: 'waiting',
        }),
      );
      const { answers } = await processBatch(journals.pool, this.#state, jobs, this.#options);
      return answers.map(({ answer }) => {
        if ('error' in answer) throw answer.error;
        return answer.outcome as Outcome;
      });
    }
  }

  /** Every entity of a ledger, from nothing but its events. */
  async function foldAll(ledger: string): Promise<Map<EntityKey, Entity>> {
    const entities = new Map<EntityKey, Entity>();
    for (const { bytes } of await readEvents(journals.pool, ledger, 0, 1_000_000)) {
      const event = parseEvent(bytes);
      for (const key of touched(event)) entities.set(key, evolve(key, entities.get(key), event));
    }
    return entities;
  }

  const asJson = (entities: ReadonlyMap<EntityKey, Entity | undefined>) =>
    Object.fromEntries([...entities].map(([key, entity]) => [key, entity && toJson(entity)]));

  async function expectLoadedEqual(ledger: string, folded: ReadonlyMap<EntityKey, Entity>): Promise<void> {
    const client = await journals.pool.connect();
    const loaded = await loadEntities(client, ledger, 0, [...folded.keys()]);
    client.release();
    expect(asJson(new Map([...loaded].map(([key, { entity }]) => [key, entity])))).toEqual(asJson(folded));
  }

  it.each([1, 2, 3])(
    'an entity is the same whether it was cached, folded from another writer’s events, or loaded from snapshots and streams (seed %i)',
    async (seed) => {
      const book = `state-${++ledgers}`;
      await journal.open(book, { name: 'Book', keeper: 'nvidia' }, 'admin');
      // Two writers in turns: each folds what the other wrote. One keeps snapshots often, one has hardly any cache.
      const writers = [
        new OpenWriter(book, { snapshotEvery: 7 }),
        new OpenWriter(book, { snapshotEvery: 50, cacheBytes: 20_000 }),
      ];
      await writers[0]!.submit(cast());
      const commands = story(seed, 900);
      let recorded = 0;
      for (let from = 0; from < commands.length; from += 30) {
        const outcomes = await writers[(from / 30) % 2]!.submit(commands.slice(from, from + 30));
        recorded += outcomes.filter(({ status }) => status === 'recorded').length;
      }
      expect(recorded).toBeGreaterThan(150);

      const folded = await foldAll(book);
      await expectLoadedEqual(book, folded);
      // Nothing but looking: brings the first writer's cache up to the head.
      await writers[0]!.submit([order('PO-nobody', 'nobody', 1)]);
      const cached = [...folded.keys()].filter((key) => writers[0]!.partition.get(key)?.entity !== undefined);
      expect(cached.length).toBeGreaterThan(15);
      for (const key of cached)
        expect(toJson(writers[0]!.partition.get(key)!.entity!)).toEqual(toJson(folded.get(key)!));

      const { rows } = await journals.pool.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM journal.snapshots WHERE ledger = $1',
        [book],
      );
      expect(rows[0]!.n).toBeGreaterThan(3);
    },
  );

  it('of a long stream only the events after its newest snapshot are read', async () => {
    const book = await journals.openLedger(journal, `state-${++ledgers}`);
    const keeping = journals.make({ snapshotEvery: 100 });
    await record(keeping, book, [order('PO-1', 'tesla', 1_000_000)]);
    await record(
      keeping,
      book,
      Array.from({ length: 450 }, (_, n) => reassign(`RA-${n}`, 'PO-1', 'tesla', 'x', 1)),
    );
    const { rows } = await journals.pool.query<{ entity: string; after: number }>(
      `SELECT s.entity, (SELECT count(*)::int FROM journal.event_entities AS e
                          WHERE e.ledger = s.ledger AND e.entity = s.entity AND e.sequence > s.sequence) AS after
         FROM journal.snapshots AS s WHERE ledger = $1`,
      [book],
    );
    expect(rows).toEqual([{ entity: 'order/PO-1', after: expect.any(Number) }]);
    expect(rows[0]!.after).toBeLessThan(100 + 256);
    await expectLoadedEqual(book, await foldAll(book));
    expect(await journals.make().submit(book, reassign('RA-x', 'PO-1', 'x', 'xai', 451))).toMatchObject({
      status: 'rejected',
      rejection: { facts: { available: 450 } },
    });
  });

  it('snapshots that another version of this code wrote are ignored', async () => {
    const book = await journals.openLedger(journal, `state-${++ledgers}`);
    const keeping = journals.make({ snapshotEvery: 2 });
    await record(keeping, book, [order('PO-1', 'tesla', 10)]);
    await record(keeping, book, [reassign('RA-1', 'PO-1', 'tesla', 'x', 4)]);
    const { rowCount } = await journals.pool.query(
      `UPDATE journal.snapshots SET format = 999, state = 'not of this version' WHERE ledger = $1`,
      [book],
    );
    expect(rowCount).toBe(1);
    const fresh = journals.make({ snapshotEvery: 2 });
    expect(await fresh.submit(book, reassign('RA-2', 'PO-1', 'tesla', 'x', 7))).toMatchObject({ status: 'rejected' });
    await record(fresh, book, [reassign('RA-3', 'PO-1', 'tesla', 'x', 6)]);
    await expectLoadedEqual(book, await foldAll(book));
  });

  it('a writer that was idle while others wrote more than it folds decides on all that they wrote', async () => {
    const book = await journals.openLedger(journal, `state-${++ledgers}`);
    const idle = journals.make({ foldLimit: 10 });
    const busy = journals.make();
    await record(idle, book, [order('PO-1', 'tesla', 100)]);
    const reassigned = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => reassign(`RA-${from + n}`, 'PO-1', 'tesla', 'x', 1));
    await record(busy, book, reassigned(0, 50));
    // Within a second: found out under the lock.
    expect(await idle.submit(book, reassign('RA-a', 'PO-1', 'tesla', 'x', 51))).toMatchObject({ status: 'rejected' });
    await record(idle, book, [reassign('RA-b', 'PO-1', 'tesla', 'x', 10)]);
    await record(busy, book, reassigned(50, 30));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    // Later: found out before the lock.
    expect(await idle.submit(book, reassign('RA-c', 'PO-1', 'tesla', 'x', 11))).toMatchObject({ status: 'rejected' });
    await record(idle, book, [reassign('RA-d', 'PO-1', 'tesla', 'x', 10)]);
  });

  it('the cache stays within its bytes, and a writer with next to no cache decides rightly', async () => {
    const partition = new EntityCache(1_000_000).partition();
    const party = (n: number): Entity => ({
      kind: 'party',
      version: n,
      data: { party: `p-${n}`, name: 'A party', roles: ['customer'] },
      said: { time: '2024-01-01T00:00:00Z', sequence: n, id: `p-${n}` },
    });
    for (let n = 0; n < 5_000; n++) partition.set(`party/p-${n}`, { entity: party(n), sinceSnapshot: 0 });
    const kept = Array.from({ length: 5_000 }, (_, n) => n).filter((n) => partition.get(`party/p-${n}`) !== undefined);
    // An entry costs 200 bytes beside its entity; its key adds to that.
    const bytes = kept.length * (approximateBytes(party(0)) + 200);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(bytes).toBeGreaterThan(900_000);
    // The newest are kept.
    expect(kept.at(-1)).toBe(4_999);
    expect(kept[0]).toBe(5_000 - kept.length);
    expect(partition.get('party/p-4999')?.entity).toEqual(party(4_999));
    partition.clear();
    expect(partition.get('party/p-4999')).toBeUndefined();

    const book = await journals.openLedger(journal, `state-${++ledgers}`);
    const forgetful = journals.make({ cacheBytes: 1, writers: 1 });
    await record(forgetful, book, [order('PO-1', 'tesla', 10), reassign('RA-1', 'PO-1', 'tesla', 'x', 10)]);
    expect(await forgetful.submit(book, reassign('RA-2', 'PO-1', 'tesla', 'x', 1))).toMatchObject({
      status: 'rejected',
    });
  });

  it('entities of different ledgers are kept apart, also when there are more ledgers than writers', async () => {
    const few = journals.make({ writers: 2 });
    const books = await Promise.all(
      Array.from({ length: 6 }, () => journals.openLedger(journal, `state-${++ledgers}`)),
    );
    const sequences = await Promise.all(books.map((book, n) => record(few, book, [order('PO-1', 'tesla', 10 + n)])));
    expect(sequences).toEqual(books.map(() => [9]));
    const outcomes = await Promise.all(
      books.map((book) => few.submit(book, reassign('RA-1', 'PO-1', 'tesla', 'x', 13))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'recorded',
      'recorded',
      'recorded',
    ]);
  });
});
