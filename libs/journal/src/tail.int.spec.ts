import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { anEvent, someEvents } from '#test/feed/someEvents';
import type { EventBytes } from './reader.ts';
import { JournalTail, PageReader } from './tail.ts';

const MANY = { events: 1_000, bytes: 1_000_000 };

describe('the tail of the journal', () => {
  let url: string;
  let pool: pg.Pool;
  let stop: AbortController;
  const tails: JournalTail[] = [];

  beforeEach(async () => {
    ({ url } = await freshJournal());
    pool = createPool(url);
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(tails.splice(0).map((tail) => tail.close()));
    await pool.end();
  });
  const start = (positions: Record<string, number> = {}, pollEvery = 3_600_000) => {
    const tail = new JournalTail({
      ...{ pool, url, pollEvery, name: 'test', stop: stop.signal },
      positions: new Map(Object.entries(positions)),
    });
    tails.push(tail);
    return tail;
  };
  /** Reads until nothing is new: the sequences, ledger by ledger. */
  const readAll = async (tail: JournalTail, limits = MANY) => {
    const read: Record<string, number[]> = {};
    await tail.lookAtHeads();
    for (let ledger = tail.nextLedger(); ledger !== undefined; ledger = tail.nextLedger()) {
      const events = await tail.read(ledger, limits);
      read[ledger] = [...(read[ledger] ?? []), ...events.map(({ sequence }) => sequence)];
    }
    return read;
  };

  it('gives each ledger’s events in order, from the position that was given for it', async () => {
    await append(pool, [...someEvents('amd', 1, 5), ...someEvents('nvidia', 1, 30), ...someEvents('x', 1, 2)]);
    const read = await readAll(start({ amd: 3, x: 2 }), { events: 7, bytes: 1_000_000 });
    expect(read).toEqual({ amd: [4, 5], nvidia: someEvents('nvidia', 1, 30).map(({ sequence }) => sequence) });
  });

  it('is told by a notification which ledger has new events, without comparing heads', async () => {
    await append(pool, someEvents('nvidia', 1, 3));
    const tail = start();
    expect(await readAll(tail)).toEqual({ nvidia: [1, 2, 3] });
    await tail.wait();
    await append(pool, someEvents('nvidia', 4, 5));
    await eventually(async () => {
      await tail.wait();
      expect(await readAll(tail)).toEqual({ nvidia: [4, 5] });
    });
  });

  it('finds an event whose notification was lost when it compares heads', async () => {
    const tail = start({}, 20);
    await readAll(tail);
    await append(pool, someEvents('nvidia', 1, 3), { notify: false });
    await eventually(async () => {
      await tail.wait();
      expect(await readAll(tail)).toEqual({ nvidia: [1, 2, 3] });
    });
  });

  it('hands out again what a reader left, from the position that the reader names', async () => {
    await append(pool, someEvents('nvidia', 1, 10));
    const tail = start({}, 20);
    await tail.lookAtHeads();
    const limits = { events: 4, bytes: 1_000_000 };
    const sequencesOf = async (page: readonly EventBytes[]) => page.map(({ sequence }) => sequence);
    const lastOf = async (page: readonly EventBytes[]) => page.at(-1)!.sequence;
    for await (const last of tail.pages(tail.nextLedger()!, 0, limits, lastOf)) if (last >= 4) break;
    await eventually(async () => {
      await tail.lookAtHeads();
      expect(tail.nextLedger()).toBe('nvidia');
    });
    const sequences: number[] = [];
    for await (const page of tail.pages('nvidia', 2, limits, sequencesOf)) sequences.push(...page);
    expect(sequences).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('cuts a page before it has too many bytes, but never to nothing', async () => {
    const long = Array.from({ length: 6 }, (_, index) =>
      anEvent('nvidia', index + 1, 'x'.repeat(index < 3 ? 10 : 2_000)),
    );
    await append(pool, long);
    const pages: number[][] = [];
    for await (const { events } of new PageReader(pool).all('nvidia', 0, { events: 100, bytes: 3_000 }))
      pages.push(events.map(({ sequence }) => sequence));
    expect(pages.flat()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(pages.at(-1)).toEqual([6]);
    for (const page of pages) expect(page.length).toBeGreaterThan(0);
  });

  it('waits no longer when it is stopped', async () => {
    const tail = start();
    await tail.lookAtHeads();
    await tail.wait();
    const waiting = tail.wait();
    stop.abort();
    await waiting;
  });
});
