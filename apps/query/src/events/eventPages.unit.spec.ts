import { describe, expect, it } from 'vitest';
import type pg from 'pg';
import { EventPages } from './eventPages.ts';

/** A journal with one event, that answers when it is told to. */
function heldJournal() {
  const asked: (() => void)[] = [];
  const query = () =>
    new Promise((resolve) => {
      asked.push(() => {
        resolve({ rows: [{ ledger: 'nvidia', sequence: 1, bytes: Buffer.from('{}') }] });
      });
    });
  return { asked, pages: new EventPages({ query } as unknown as pg.Pool) };
}

describe('reading pages of events', () => {
  it('streams that wait for the same page share one look into the journal, and get the same page', async () => {
    const { asked, pages } = heldJournal();
    const read = Array.from({ length: 50 }, () => pages.streamed('nvidia', 0, {}));
    read.push(pages.streamed('nvidia', 0, { type: 'lading.order.placed.v1' }));
    await Promise.resolve();
    expect(asked).toHaveLength(2);
    for (const answer of asked) answer();
    expect(new Set(await Promise.all(read)).size).toBe(2);
  });

  it('streams that come behind get the pages of those before them, and only the page at the head is read again', async () => {
    const { asked, pages } = heldJournal();
    const read = async (filter = {}) => {
      const looks = asked.length;
      const page = pages.streamed('nvidia', 0, filter);
      const hasLooked = asked.length > looks;
      asked[looks]?.();
      return [await page, hasLooked] as const;
    };
    // As long as it knows of no event's size, a page has a single one, and there may be more.
    const [first] = await read();
    expect(await read()).toEqual([first, false]);
    const other = { type: 'lading.order.placed.v1' };
    const [atHead] = await read(other);
    expect(atHead.more).toBe(false);
    expect(await read(other)).toEqual([atHead, true]);
  });

  it('few pages are read at once, however many streams there are, and every stream gets its turn', async () => {
    const { asked, pages } = heldJournal();
    const read = Array.from({ length: 20 }, (_, after) => pages.streamed('nvidia', after, {}));
    for (let answered = 0; answered < 20; answered++) {
      while (asked.length <= answered) await Promise.resolve();
      expect(asked.length - answered).toBeLessThanOrEqual(4);
      asked[answered]?.();
    }
    expect((await Promise.all(read)).map(({ events }) => events.length)).toEqual(Array(20).fill(1));
  });

  it('more pages than can be put together soon are refused at once, and room comes back', async () => {
    const { asked, pages } = heldJournal();
    const ask = () => pages.answered('nvidia', 0, 1, 1, {});
    const first = Array.from({ length: 100 }, ask);
    await expect(ask()).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    const settled = new Set<unknown>();
    for (const page of first) void page.then((found) => settled.add(found));
    for (let answered = 0; settled.size < 100; ) {
      if (answered < asked.length) asked[answered++]?.();
      await Promise.resolve();
    }
    void ask();
  });
});
