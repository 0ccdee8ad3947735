import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { parseEvent } from '#contracts/cloudEvent';
import { append, freshJournal } from '#test/feed/seedJournal';
import { anEvent, someEvents } from '#test/feed/someEvents';
import { createPool } from '#platform/database/database';
import { lockHead } from './sql/head.ts';
import { order, reassign } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { headAt, readBytes, readEvent, readEvents, readHead, readHeads, readLedgers, streamVersion } from './reader.ts';

describe('reading the journal', () => {
  let journals: TestJournals;
  beforeAll(async () => {
    journals = await TestJournals.start();
    const journal = journals.make();
    for (const book of ['a', 'b']) {
      await journals.openLedger(journal, book);
      await record(journal, book, [
        order('PO-1', 'tesla', 10),
        order('PO-2', 'x', 10),
        reassign('RA-1', 'PO-1', 'tesla', 'x', 1),
        reassign('RA-2', 'PO-1', 'tesla', 'x', 1),
      ]);
    }
  });
  afterAll(() => journals.end());
  const sequences = async (...of: Parameters<typeof readEvents> extends [unknown, ...infer Rest] ? Rest : never) =>
    (await readEvents(journals.pool, ...of)).map(({ sequence }) => sequence);

  it('a ledger is read in order, a page at a time', async () => {
    expect(await sequences('a', 0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await sequences('a', 5, 100)).toEqual([6, 7, 8, 9, 10, 11, 12]);
    expect(await sequences('a', 12, 100)).toEqual([]);
    expect(await sequences('nowhere', 0, 100)).toEqual([]);
  });

  it('events are found by type, by subject, by the entity that they changed, and by all of these together', async () => {
    const type = 'lading.reallocation.made.v1';
    expect(await sequences('a', 0, 100, { type })).toEqual([11, 12]);
    expect(await sequences('a', 0, 1, { type })).toEqual([11]);
    expect(await sequences('a', 11, 100, { type })).toEqual([12]);
    expect(await sequences('a', 0, 100, { subject: 'order/PO-1' })).toEqual([9]);
    expect(await sequences('a', 0, 100, { entity: 'order/PO-1' })).toEqual([9, 11, 12]);
    expect(await sequences('a', 9, 1, { entity: 'order/PO-1' })).toEqual([11]);
    expect(await sequences('a', 0, 100, { entity: 'order/PO-1', type, subject: 'reallocation/RA-2' })).toEqual([12]);
  });

  it('one event is read by its sequence, with the values that it is found by', async () => {
    const event = await readEvent(journals.pool, 'b', 9);
    expect(event).toMatchObject({
      ledger: 'b',
      sequence: 9,
      source: 'urn:test',
      type: 'lading.order.placed.v1',
      subject: 'order/PO-1',
      occurred: '2023-12-01T00:00:00.000000Z',
    });
    expect(parseEvent(event!.bytes)).toMatchObject({ sequence: 9, recordedtime: event!.recorded });
    expect(await readEvent(journals.pool, 'b', 13)).toBeUndefined();
  });

  it('the head of every ledger and the version of every stream are read', async () => {
    const ledgers = await readLedgers(journals.pool);
    expect(ledgers).toMatchObject([
      { ledger: 'a', name: 'The book', keeper: 'nvidia', sequence: 12 },
      { ledger: 'b', sequence: 12 },
    ]);
    expect(ledgers[1]!.recorded).toBe((await readEvent(journals.pool, 'b', 12))!.recorded);
    expect(await streamVersion(journals.pool, 'a', 'order/PO-1')).toBe(12);
    expect(await streamVersion(journals.pool, 'a', 'order/PO-2')).toBe(10);
    expect(await streamVersion(journals.pool, 'a', 'order/PO-3')).toBe(0);
  });

  it('the exact bytes of the events after a sequence are read in order', async () => {
    const all = await readBytes(journals.pool, 'a', 0, 100);
    expect(all.map(({ ledger, sequence }) => [ledger, sequence])).toEqual(
      Array.from({ length: 12 }, (_, index) => ['a', index + 1]),
    );
    const events = await readEvents(journals.pool, 'a', 0, 100);
    expect(Buffer.concat(all.map(({ bytes }) => bytes)).equals(Buffer.concat(events.map(({ bytes }) => bytes)))).toBe(
      true,
    );
    expect((await readBytes(journals.pool, 'a', 5, 2)).map(({ sequence }) => sequence)).toEqual([6, 7]);
    expect(await readBytes(journals.pool, 'a', 12, 100)).toEqual([]);
  });
});

describe('the heads of ledgers', () => {
  it('heads are read without reading any event: one that cannot be parsed does not matter', async () => {
    const pool = createPool((await freshJournal()).url);
    await append(pool, [...someEvents('a', 1, 3), anEvent('b', 1)]);
    await pool.query(`UPDATE journal.events SET bytes = 'not an event' WHERE sequence = 1`);
    expect(await readHead(pool, 'a')).toBe(3);
    expect(await readHead(pool, 'nobody')).toBeUndefined();
    expect([...(await readHeads(pool))]).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    const terms = (await readLedgers(pool)).map(({ ledger, name, sequence }) => [ledger, name, sequence]);
    expect(terms).toEqual([
      ['a', 'a', 3],
      ['b', 'b', 1],
    ]);
    await pool.end();
  });
});

describe('the last sequence that was recorded by a moment', () => {
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = createPool((await freshJournal()).url);
    await append(pool, someEvents('a', 1, 3));
  });
  afterAll(() => pool.end());
  const once = () => false;
  const during = async <T>(work: (writer: pg.PoolClient) => Promise<T>): Promise<T> => {
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      return await work(writer);
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
  };

  it('a moment that a writer may have got already is not told before that writer is done, and never changes after it', async () => {
    await during(async (writer) => {
      const { now } = (await lockHead(writer, 'a', 5_000))!;
      expect(await headAt(pool, 'a', now, once)).toMatchObject({ isOver: true, sequence: undefined, last: 3 });
      const asked = headAt(pool, 'a', now, () => true);
      await append(writer as unknown as pg.Pool, [anEvent('a', 4)], { notify: false });
      await writer.query(`UPDATE journal.events SET recorded = '${now}' WHERE sequence = 4`);
      await writer.query(`UPDATE journal.ledgers SET recorded = '${now}'; COMMIT`);
      expect(await asked).toMatchObject({ sequence: 4 });
      expect(await headAt(pool, 'a', now, once)).toMatchObject({ sequence: 4 });
    });
  });

  it('it is told while others work on other ledgers, or hold the lock since the moment was over', async () => {
    await append(pool, someEvents('b', 1, 2));
    const { now } = await headAt(pool, 'b', '2023-12-31T00:00:00Z', once);
    await during(async (other) => {
      await lockHead(other, 'a', 5_000);
      // Of a later transaction that is over: so snapshots have the one before it as under way.
      await pool.query('SELECT pg_current_xact_id()');
      expect(await headAt(pool, 'b', now, once)).toMatchObject({ sequence: 2 });
    });
    let writing: pg.PoolClient | undefined;
    const first = await pool.connect();
    await first.query('BEGIN');
    await lockHead(first, 'b', 5_000);
    const next = await pool.connect();
    try {
      const found = await headAt(pool, 'b', now, () => {
        if (writing === undefined) {
          writing = next;
          void first
            .query('ROLLBACK')
            .then(() => next.query('BEGIN'))
            .then(() => lockHead(next, 'b', 5_000));
        }
        return true;
      });
      expect(found).toMatchObject({ sequence: 2 });
    } finally {
      for (const client of [first, next]) {
        await client.query('ROLLBACK');
        client.release();
      }
    }
  });

  it('a writer that gave up is waited for no longer', async () => {
    const { now } = await during(async (writer) => (await lockHead(writer, 'b', 5_000))!);
    expect(await headAt(pool, 'b', now, once)).toMatchObject({ sequence: 2 });
  });
});
