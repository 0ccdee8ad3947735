import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Move } from '#contracts/move';
import { order } from '#test/journal/submissions';
import { TestJournals } from '#test/journal/testJournal';
import type { Journal } from '../journal.ts';
import { readEvents } from '../reader.ts';
import type { Submission } from '../submission.ts';

describe('a command that is at fault itself', () => {
  let journals: TestJournals;
  let journal: Journal;
  beforeAll(async () => {
    journals = await TestJournals.start();
    journal = journals.make();
  });
  afterAll(() => journals.end());

  /** What no contract lets through: it makes the rules throw. */
  const broken = (id: string): Submission => {
    const { event, ...rest } = order('PO-broken', 'tesla', 1, { id });
    return { ...rest, event: { ...event, data: { order: 'PO-broken', lines: null as unknown as Move[] } } as never };
  };
  /** What no contract lets through either: PostgreSQL refuses its text. */
  const poisonous = (id: string): Submission => {
    const { event, ...rest } = order('PO-poison', 'tesla', 1, { id });
    return { ...rest, event: { ...event, source: 'urn:\0' } };
  };

  it('a command that PostgreSQL refuses gets the error alone, and the rest of its batch is recorded in order', async () => {
    const book = await journals.openLedger(journal, 'faults');
    const outcomes = await Promise.allSettled([
      journal.submit(book, order('PO-1', 'tesla', 1, { id: 'one' })),
      journal.submit(book, poisonous('poison')),
      journal.submit(book, order('PO-2', 'tesla', 1, { id: 'two' })),
      journal.submitAtomic(book, [
        order('PO-3', 'tesla', 1, { id: 'three' }),
        order('PO-4', 'tesla', 1, { id: 'four' }),
      ]),
      journal.submitAtomic(book, [order('PO-5', 'tesla', 1, { id: 'five' }), poisonous('poison-2')]),
      journal.submit(book, order('PO-6', 'tesla', 1, { id: 'six' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((await readEvents(journals.pool, book, 8, 100)).map(({ id }) => id)).toEqual([
      'one',
      'two',
      'three',
      'four',
      'six',
    ]);
  });

  it('a command that makes the rules throw takes nothing back but its own atomic batch', async () => {
    const book = await journals.openLedger(journal, 'throwing');
    const outcomes = await Promise.allSettled([
      journal.submit(book, order('PO-1', 'tesla', 1, { id: 'one' })),
      journal.submitAtomic(book, [order('PO-2', 'tesla', 1, { id: 'two' }), broken('broken')]),
      journal.submit(book, order('PO-2', 'tesla', 1, { id: 'three' })),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await readEvents(journals.pool, book, 8, 100)).map(({ id }) => id)).toEqual(['one', 'three']);
  });
});
