import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityRow } from '#contracts/activityRows';
import type { LedgerEvent } from '#contracts/cloudEvent';
import type { PostingRow } from '#contracts/rows';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { plansOf, rowsTouched } from '#test/projections/plansOf';
import { postings } from '../postings/queries.ts';
import type { Page, PageQuery } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';
import { activity } from './queries.ts';

const EVENTS = 3_000;
const RARE = [64, 65, 127, 1_500, 2_999, 3_000];

describe('what is found by the spans that it is in', () => {
  let db: FreshReadModels;
  let all: readonly ActivityRow[];
  let posted: readonly PostingRow[];
  beforeAll(async () => {
    db = await freshReadModels(LEDGER);
    const events: LedgerEvent[] = [...manyEvents(EVENTS, 200)];
    await db.apply(
      events.map((event) => (RARE.includes(event.sequence) ? { ...event, source: 'urn:rare' } : event)),
      70,
    );
    all = await walk((m, page) => activity(m, page));
    posted = await walk((m, page) => postings(m, { ...page, accounts: 'all' }));
  });
  afterAll(() => db.drop());

  async function walk<R>(read: (model: ReadModel, page: PageQuery) => Promise<Page<R>>, limit = 1_000): Promise<R[]> {
    const rows: R[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await db.read((model) => read(model, { limit, ...(cursor !== undefined && { cursor }) }));
      rows.push(...page.data);
      if (page.next === null) return rows;
      cursor = page.next;
    }
  }

  it('is each event of a type, a source and an item, alone or together, once and the newest first, on pages of any size', async () => {
    expect(all).toHaveLength(EVENTS);
    const asked = [...new Set(all.map(({ type }) => type)), 'lading.units.scrapped.v1'].flatMap((type) => [
      { type },
      { type, item: 'D1' },
      { type, source: 'urn:rare' },
    ]);
    for (const one of [...asked, { source: 'urn:rare' }, { item: 'H100' }, { item: 'H200', source: 'urn:bench:erp' }]) {
      const { type, item, source }: { type?: string; item?: string; source?: string } = one;
      const expected = all.filter(
        (row) =>
          (type === undefined || row.type === type) &&
          (source === undefined || row.source === source) &&
          (item === undefined || row.items.includes(item)),
      );
      expect([one, await walk((m, page) => activity(m, { ...one, ...page }), 97)]).toEqual([one, expected]);
    }
    expect(all.filter(({ source }) => source === 'urn:rare').map(({ sequence }) => sequence)).toEqual(
      [...RARE].reverse(),
    );
  });

  it('is the same for a party of many events, as far as they concern it', async () => {
    const mine = new Set(
      (await walk((m, page) => activity({ ...m, party: 'nvidia' }, page))).map((row) => row.sequence),
    );
    expect(mine.size).toBeGreaterThan(2_000);
    for (const one of [{ source: 'urn:rare' }, { type: 'lading.order.confirmed.v1' }, { item: 'D1' }]) {
      const expected = (await walk((m, page) => activity(m, { ...one, ...page }))).filter((row) =>
        mine.has(row.sequence),
      );
      const found = await walk((m, page) => activity({ ...m, party: 'nvidia' }, { ...one, ...page }), 97);
      expect([one, found]).toEqual([one, expected]);
    }
  });

  it('is each posting of a line, once and in order', async () => {
    for (const line of ['1', '3', '99']) {
      const found = await walk((m, page) => postings(m, { ...page, line, accounts: 'all' }), 97);
      expect([line, found]).toEqual([line, posted.filter((row) => row.line === line)]);
    }
    expect(posted.filter(({ line }) => line === '3').length).toBeGreaterThan(100);
  });

  it('a sample has the newest event of each so many sequences, of a party the newest that concerns it, on pages of any size', async () => {
    const mine = await walk((m, page) => activity({ ...m, party: 'nvidia' }, page));
    const newestOf = (rows: readonly ActivityRow[], every: number) =>
      rows.filter(
        ({ sequence }, i) => Math.floor(sequence / every) !== Math.floor((rows[i - 1]?.sequence ?? -1) / every),
      );
    for (const every of [2, 7, 1_000, 1_000_000]) {
      for (const limit of [1_000, 3]) {
        if (every === 2 && limit === 3) continue;
        const sample = await walk((m, page) => activity(m, { every, ...page }), limit);
        expect([every, limit, sample]).toEqual([every, limit, newestOf(all, every)]);
        const own = await walk((m, page) => activity({ ...m, party: 'nvidia' }, { every, ...page }), limit);
        expect([every, limit, own]).toEqual([every, limit, newestOf(mine, every)]);
      }
    }
    const told = all.filter(({ sequence }) => sequence <= 1_234);
    const then = await walk(
      (m, page) => activity({ ...m, asOf: { ...m.asOf, known: 1_234 } }, { every: 100, ...page }),
      5,
    );
    expect(then.map(({ sequence }) => sequence)).toEqual(newestOf(told, 100).map(({ sequence }) => sequence));
    const ofType = await walk((m, page) => activity(m, { every: 7, type: 'lading.order.confirmed.v1', ...page }), 5);
    expect(ofType).toEqual(newestOf(all, 7).filter(({ type }) => type === 'lading.order.confirmed.v1'));
  });

  it('a page of a sample looks at no more than its own rows, however many events there are', async () => {
    await db.read(async (model) => {
      const plans = await plansOf(model, async (explained) => {
        await activity(explained, { every: 2, limit: 10 });
      });
      expect(rowsTouched(plans)).toBeLessThan(100);
    });
  });
});
