import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { item, order, submission } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import type { JournalOptions } from '../journalOptions.ts';
import { readEvents } from '../reader.ts';
import type { Submission } from '../submission.ts';

describe('what a batch holds', () => {
  let journals: TestJournals;
  beforeAll(async () => {
    journals = await TestJournals.start();
    // Each serial number of this ledger takes a tenth of a second.
    await journals.pool.query(`
      CREATE SEQUENCE journal.tried;
      CREATE FUNCTION journal.take_time() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF new.ledger = 'slow' THEN PERFORM pg_sleep(0.1), nextval('journal.tried'); END IF;
        RETURN new;
      END $$;
      CREATE TRIGGER slow BEFORE INSERT ON journal.units FOR EACH ROW EXECUTE FUNCTION journal.take_time()`);
  });
  afterAll(() => journals.end());

  const observed = (options: Partial<JournalOptions>) => {
    const batches: { readonly commands: number }[] = [];
    const failures: unknown[] = [];
    const observer = {
      batch: (batch: { readonly commands: number }) => void batches.push(batch),
      failure: (error: unknown) => void failures.push(error),
    };
    return { batches, failures, journal: journals.make({ ...options, observer }) };
  };
  const lines = (count: number, what = 'H100') =>
    Array.from({ length: count }, (_, n) => ({
      ...{ line: String(n + 1), item: what, quantity: 1 },
      window: { from: '2023-12-01', to: '2023-12-31' },
    }));
  const large = (id: string, count: number) =>
    submission('lading.order.placed.v1', { order: id, buyer: 'tesla', supplier: 'nvidia', lines: lines(count) });
  const dispatch = (n: number): Submission =>
    submission(
      'lading.shipment.dispatched.v1',
      {
        ...{ shipment: `S-${n}`, carrier: 'dhl', consignee: 'tesla' },
        lines: [{ order: 'PO-slow', line: '1', owner: 'tesla', quantity: 1, serials: [`SN-${n}`] }],
      },
      { id: `dispatch-${n}` },
    );

  it('a batch has as many commands as it may, and fewer of many lines; one command with more lines goes alone', async () => {
    const { journal, batches, failures } = observed({ batchSize: 70, batchLines: 140, holdMs: 60_000 });
    const book = await journals.openLedger(journal, 'lines');
    batches.length = 0;
    await record(journal, book, [
      order('PO-first', 'tesla', 1),
      ...Array.from({ length: 12 }, (_, n) => large(`PO-l${n}`, 35)),
      large('PO-large', 150),
      ...Array.from({ length: 70 }, (_, n) => order(`PO-s${n}`, 'tesla', 1)),
    ]);
    const sizes = batches.map(({ commands }) => commands);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(84);
    expect(sizes).toEqual([4, 3, 3, 3, 1, 70]);
    expect(failures).toEqual([]);
  });

  it('a batch has fewer commands that name many serial numbers one by one, since each of them is looked at', async () => {
    const { journal, batches } = observed({ batchSize: 100, batchLines: 200, holdMs: 60_000 });
    const book = await journals.openLedger(journal, 'named');
    const named = (n: number): Submission => {
      const serials = Array.from({ length: 60 }, (_, at) => `SN-${n}-${at}x`);
      return submission('lading.shipment.dispatched.v1', {
        ...{ shipment: `S-n${n}`, carrier: 'dhl', consignee: 'tesla' },
        lines: [{ order: 'PO-n', line: '1', owner: 'tesla', quantity: 60, serials }],
      });
    };
    await record(journal, book, [order('PO-n', 'tesla', 300, {}, 'DGX')]);
    batches.length = 0;
    await record(journal, book, [0, 1, 2, 3, 4].map(named));
    expect(batches.map(({ commands }) => commands)).toEqual([3, 2]);
  });

  it('commands that take long one by one are committed some at a time, in their order, and none is tried twice', async () => {
    const { journal, batches, failures } = observed({ holdMs: 5_000, patienceMs: 300_000 });
    const book = await journals.openLedger(journal, 'slow');
    await record(journal, book, [item('slow', 'serial'), order('PO-slow', 'tesla', 100, {}, 'slow')]);
    batches.length = 0;
    // Together they take longer than a transaction may.
    const sequences = await record(
      journal,
      book,
      Array.from({ length: 60 }, (_, n) => dispatch(n)),
    );
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(batches.length).toBeGreaterThan(1);
    expect(failures).toEqual([]);
    const { rows } = await journals.pool.query('SELECT last_value::int AS tried FROM journal.tried');
    expect(rows).toEqual([{ tried: 60 }]);
    const events = await readEvents(journals.pool, book, (sequences[0] ?? 0) - 1, 100);
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, n) => `dispatch-${n}`));
  });

  it('where several come at a time, a batch waits for as many as there were before, and begins as soon as they are there', async () => {
    const book = await journals.openLedger(journals.make(), 'gathering');
    // Whoever waited in vain would wait until the test has run out of time.
    const { journal, batches } = observed({ gatherMs: 3_600_000 });
    const some = (from: number, to: number) =>
      record(
        journal,
        book,
        Array.from({ length: to - from }, (_, n) => order(`PO-g${from + n}`, 'tesla', 1)),
      );
    await some(0, 3);
    const first = some(3, 5);
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 50))]);
    expect(batches.map(({ commands }) => commands)).toEqual([3]);
    await Promise.all([first, some(5, 6)]);
    expect(batches.map(({ commands }) => commands)).toEqual([3, 3]);
  });

  it('a batch does not wait for more than a moment when fewer come than before', async () => {
    const { journal, batches } = observed({ gatherMs: 20 });
    const book = await journals.openLedger(journal, 'fewer');
    batches.length = 0;
    await record(journal, book, [order('PO-f', 'tesla', 1)]);
    expect(batches.map(({ commands }) => commands)).toEqual([1]);
  });

  it('who submits one event, or one atomic batch, after the other never waits for others to come', async () => {
    const book = await journals.openLedger(journals.make(), 'alone');
    const { journal, batches } = observed({ gatherMs: 3_600_000 });
    await record(journal, book, [order('PO-a1', 'tesla', 1)]);
    await journal.submitAtomic(book, [order('PO-a2', 'tesla', 1), order('PO-a3', 'tesla', 1)]);
    await record(journal, book, [order('PO-a4', 'tesla', 1)]);
    expect(batches.map(({ commands }) => commands)).toEqual([1, 2, 1]);
  });
});
