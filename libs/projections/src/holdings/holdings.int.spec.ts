import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HoldingGroupRow, HoldingKey } from '#contracts/rows';
import { foldHoldings } from '#ledger/fold';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { BadCursor } from '../reading/page.ts';
import { isPast, withReadModels } from '../reading/readModel.ts';
import { holdings, type HoldingsQuery } from './queries.ts';
import { holdingsThen } from './then.ts';

const PARTIES = ['ordered', 'in_transit', 'held', 'damaged'];

describe('asking for holdings', () => {
  let db: FreshReadModels;
  const events: LedgerEvent[] = [...manyEvents(1_500, 100)];
  const all = foldHoldings(events);
  const open = all.filter(({ stage }) => PARTIES.includes(stage));

  beforeAll(async () => {
    db = await freshReadModels(LEDGER);
    await db.apply(events);
  });
  afterAll(() => db.drop());

  /** Every page of a list, one after the other. */
  async function pages(query: HoldingsQuery): Promise<HoldingGroupRow[]> {
    const rows: HoldingGroupRow[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await db.read((model) => holdings(model, { ...query, cursor }));
      rows.push(...page.data);
      if (page.next === null) return rows;
      expect(page.data).toHaveLength(query.limit ?? 100);
      cursor = page.next;
    }
  }
  // What came instead of what is no part of a fold of the moves.
  const sorted = (rows: readonly object[]) =>
    rows
      .map((row) =>
        JSON.stringify(
          Object.entries(row)
            .filter(([name]) => name !== 'substitutes')
            .sort(),
        ),
      )
      .sort();
  const grouped = (rows: typeof all, keys: readonly HoldingKey[]) => {
    const groups = new Map<string, Record<string, unknown> & { quantity: number }>();
    for (const row of rows) {
      const group = Object.fromEntries(keys.map((key) => [key, row[key]]));
      const id = JSON.stringify(group);
      groups.set(id, { ...group, quantity: (groups.get(id)?.quantity ?? 0) + row.quantity });
    }
    return [...groups.values()];
  };

  const [some] = open.filter(({ stage }) => stage === 'held');
  const { owner, custodian, order } = some!;
  const filters: [string, HoldingsQuery][] = [
    ['nothing', {}],
    ['an owner', { owner }],
    ['a custodian', { custodian: 'nvidia' }],
    ['an item', { item: 'H200' }],
    ['an owner and an item', { owner, item: 'H100' }],
    ['a stage', { stage: 'in_transit' }],
    ['an order', { order }],
    ['an order and a line', { order, line: '1' }],
    ['a custodian and a stage', { custodian, stage: 'held' }],
    ['a shipment', { shipment: 'S-480' }],
    ['nobody there', { owner: 'nobody' }],
  ];

  it.each(filters)('holdings asked for by %s are, page by page, what a fold of the moves holds', async (_, query) => {
    const asked = Object.entries(query);
    const expected = open.filter((row) => asked.every(([key, value]) => row[key as HoldingKey] === value));
    expect(sorted(await pages({ ...query, limit: 7 }))).toEqual(sorted(expected));
    expect(sorted(await pages(query))).toEqual(sorted(expected));
  });

  const groupings: HoldingKey[][] = [
    ['owner', 'item'],
    ['item'],
    ['stage', 'custodian'],
    ['order', 'line'],
    ['owner', 'shipment'],
    ['item', 'item'],
  ];
  it.each(groupings)('holdings grouped by %s and %s are sums of the same accounts', async (...keys) => {
    const alsoOf = { custodian: 'nvidia', stage: 'ordered' as const };
    for (const filter of [
      {},
      { owner },
      { item: 'H100' },
      { stage: 'held' as const },
      { order },
      { shipment: 'S-480' },
      alsoOf,
    ]) {
      const asked = Object.entries(filter);
      const own = open.filter((row) => asked.every(([key, value]) => row[key as HoldingKey] === value));
      const distinct = [...new Set(keys)];
      // Some twenty pages, whether there are few groups or a thousand of them.
      const limit = Math.max(9, Math.ceil(grouped(own, distinct).length / 20));
      expect(sorted(await pages({ ...filter, groupBy: keys, limit }))).toEqual(sorted(grouped(own, distinct)));
    }
  });

  it('holdings of all accounts include what is outside the parties’ hands, and sum to zero per item', async () => {
    expect(sorted(await pages({ accounts: 'all' }))).toEqual(sorted(all));
    const ofParty = all.filter((row) => row.owner === owner);
    expect(sorted(await pages({ accounts: 'all', owner, limit: 7 }))).toEqual(sorted(ofParty));
    const byOrder = await pages({ accounts: 'all', owner, groupBy: ['order', 'stage'], limit: 9 });
    expect(sorted(byOrder)).toEqual(sorted(grouped(ofParty, ['order', 'stage'])));
    const sums = await pages({ accounts: 'all', groupBy: ['item'] });
    expect(sums.map(({ item, quantity }) => [item, quantity])).toEqual([
      ['B200', 0],
      ['D1', 0],
      ['H100', 0],
      ['H200', 0],
    ]);
  });

  it('all pages of a walk are of the sequence of its first one, whatever moves while it goes on', async () => {
    const walked = await freshReadModels(LEDGER);
    const asOf = (known: number, query: HoldingsQuery) =>
      withReadModels(walked.pool, LEDGER, (model) => (isPast(model) ? holdingsThen : holdings)(model, query), {
        known,
      });
    const parts = 25;
    const size = Math.ceil(events.length / parts);
    const queries: HoldingsQuery[] = [
      ...[{}, { owner }, { item: 'H100' }, { order }, { stage: 'in_transit' as const }, { accounts: 'all' as const }],
      ...groupings.map((groupBy): HoldingsQuery => ({ groupBy })),
      ...groupings.map((groupBy): HoldingsQuery => ({ groupBy, owner, accounts: 'all' })),
    ];
    try {
      const walks = queries.map((query) => ({
        query,
        begun: 0,
        cursor: undefined as string | undefined,
        rows: [] as object[],
      }));
      let ended = 0;
      for (let part = 1; part <= parts; part++) {
        await walked.apply(events.slice((part - 1) * size, part * size));
        for (const walk of walks) {
          if (walk.cursor === undefined) walk.begun = Math.min(part * size, events.length);
          const page = await asOf(walk.begun, { ...walk.query, limit: 3, cursor: walk.cursor });
          walk.rows.push(...page.data);
          walk.cursor = page.next ?? undefined;
          // The longest ones are read to their end when nothing moves any more, but much has moved since they began.
          while (part === parts && walk.cursor !== undefined) {
            const { cursor } = walk;
            const more = await asOf(walk.begun, { ...walk.query, limit: 250, cursor });
            walk.rows.push(...more.data);
            walk.cursor = more.next ?? undefined;
          }
          if (walk.cursor !== undefined) continue;
          const { groupBy, accounts, ...filter } = walk.query;
          const then = foldHoldings(events.slice(0, walk.begun)).filter(
            (row) =>
              (accounts === 'all' || PARTIES.includes(row.stage)) &&
              Object.entries(filter).every(([key, value]) => row[key as HoldingKey] === value),
          );
          const expected = groupBy === undefined ? then : grouped(then, [...new Set(groupBy)]);
          expect({ ...walk.query, rows: sorted(walk.rows) }).toEqual({ ...walk.query, rows: sorted(expected) });
          ended += 1;
          walk.rows = [];
        }
      }
      expect(ended).toBeGreaterThan(queries.length);
    } finally {
      await walked.drop();
    }
  });

  it('a list of holdings refuses a cursor that it did not hand out', async () => {
    for (const cursor of [
      '',
      'x',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('["a","b",1,2]').toString('base64url'),
      Buffer.from('["a","b",1e99]').toString('base64url'),
    ]) {
      await expect(db.read((model) => holdings(model, { cursor }))).rejects.toThrow(BadCursor);
    }
  });

  it('a page of holdings has at most 1,000 rows, and at least one', async () => {
    expect(
      (await db.read((model) => holdings(model, { limit: 5_000, accounts: 'all' }))).data.length,
    ).toBeLessThanOrEqual(1_000);
    expect((await db.read((model) => holdings(model, { limit: 0 }))).data).toHaveLength(1);
  });
});
