import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlagRow } from '#contracts/flagRows';
import type { OrderRow, PartyRow, ShipmentRow } from '#contracts/rows';
import type { Page } from '#projections/reading/page';
import { journalMigrations } from '#journal/migrations/journalMigrations';
import { migrate } from '#platform/database/migrate';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { ALIKE, largeThings, LINES } from '#test/projections/largeThings';
import { plansOf, rowsTouched } from '#test/projections/plansOf';
import { record } from '#test/projections/recorded';
import { type QuestionName, questions } from './questions.ts';

const LEDGER = 'large';
/** What an answer has of a row that is larger. */
const PARTS = 5_000;
/**
 * A large thing is looked at a few times (an order has up to nine accounts a line, and some plans see them all), and never once for each
 * part of another: that would be millions.
 */
const ROWS = 12 * LINES;
const BYTES = 4_000_000;

type Asking = readonly [id: string, ...asked: object[]];
/** Every question there is, as it can be asked for the most. */
const ASKED: Readonly<Record<QuestionName, Asking>> = {
  'holdings.list': ['', {}, { owner: 'buyer' }, { order: 'PO-1' }, { shipment: 'S-1' }, { groupBy: ['item', 'stage'] }],
  'holdings.postings': ['', {}, { order: 'PO-1' }],
  'holdings.diff': [
    '',
    { 'from-known': 3_000 },
    { owner: 'buyer', 'from-known': 9 },
    { groupBy: ['item', 'stage'], 'from-at': '2023-01-01T01:00:00Z' },
  ],
  'holdings.history': ['', {}, { owner: 'buyer', by: 'day' }, { axis: 'known' }],
  'holdings.lineage': ['', {}, { owner: 'buyer' }, { order: 'PO-1' }, { shipment: 'S-1' }],
  'available.list': ['', {}, { owner: 'buyer' }, { item: 'I-1' }],
  'holds.list': ['', {}, { owner: 'buyer' }, { order: 'PO-1' }, { item: 'I-1' }],
  'holds.one': ['H-1', {}],
  'parties.list': ['', {}],
  'parties.one': ['buyer', {}],
  'items.list': ['', {}],
  'items.one': ['I-1', {}],
  'items.queue': ['I-1', {}, { owner: 'y-0' }],
  'items.supply': ['I-1', {}],
  'orders.list': ['', {}, { owner: 'buyer' }, { item: 'I-1' }, { party: 'y-3' }, { late: true }],
  'orders.one': ['PO-1', {}],
  'shipments.list': ['', {}, { order: 'PO-1' }, { item: 'I-1' }, { party: 'y-3' }, { late: true }],
  'shipments.one': ['S-1', {}],
  'swaps.list': ['', {}, { party: 'buyer' }],
  'swaps.one': ['SW-00000', {}],
  'swaps.history': ['SW-00000', {}],
  'units.list': ['', {}, { order: 'PO-2' }],
  'units.history': ['1', { item: 'N-7' }],
  'parties.tenure': ['buyer', { order: 'PO-1' }, { order: 'PO-1', as: 'owner', stage: 'ordered' }],
  'units.one': ['1', { item: 'N-7' }],
  'flags.list': [
    '',
    ...[{}, { rule: 'overdue-leg' }, { rule: 'overdue-shipment' }, { rule: 'overdue-line' }, { party: 'y-3' }],
  ],
  'flags.one': ['overdue-leg:SW-00000:1', {}],
  'activity.list': ['', {}, { party: 'buyer' }, { item: 'I-1' }, { every: 2 }, { occurred: '1999-01-01' }],
  'activity.reasons': ['', {}, { party: 'buyer' }],
};

describe('answers of a ledger with very large things in it', () => {
  let db: FreshReadModels;
  beforeAll(async () => {
    db = await freshReadModels(LEDGER);
    const events = [...largeThings(LEDGER)];
    await db.apply(events, 500);
    await migrate(db.url, journalMigrations);
    // The events here are larger than the ledger takes any.
    await db.pool.query('ALTER TABLE journal.events DROP CONSTRAINT events_bytes_check');
    await record(db.pool, events);
  });
  afterAll(() => db.drop());

  const ask = <R>(name: QuestionName, id: string, asked: object) =>
    db.read((model) => questions[name].read(model, { limit: 1_000, ...asked }, id) as Promise<R>);

  const cases = Object.entries(ASKED).flatMap(([name, [id, ...all]]) =>
    all.flatMap((asked) =>
      [undefined, 'y-3'].map((party): [string, string, object, string | undefined] => [name, id, asked, party]),
    ),
  );
  describe.each(['that PostgreSQL knows nothing of yet', 'that PostgreSQL has statistics of'])('%s', (known) => {
    beforeAll(async () => {
      if (known.endsWith('statistics of')) await db.pool.query('ANALYZE');
    });
    it.each(cases)(
      '%s %s %j, for a key of %s: an answer has a few megabytes at most, and no step to it looks at many more rows than there are',
      async (name, id, asked, party) => {
        await db.read(async (model) => {
          let answer: unknown;
          const plans = await plansOf({ ...model, party }, async (explained) => {
            answer = await questions[name as QuestionName].read(explained, { limit: 1_000, ...asked }, id);
          });
          expect(rowsTouched(plans)).toBeLessThan(ROWS);
          expect(Buffer.byteLength(JSON.stringify(answer ?? null))).toBeLessThan(BYTES);
        });
      },
    );
  });

  it('a party, an order or a shipment with more than an answer has comes with the first part, and says that it is partial', async () => {
    const party = await ask<PartyRow>('parties.one', 'buyer', {});
    const owed = party.balances.map((one) => one.swap);
    expect([party.holdings.length, party.partial, party.balances[0]?.units]).toEqual([PARTS, true, 0]);
    expect([owed.length, owed]).toEqual([PARTS - (PARTS % 150), [...owed].sort()]);
    const order = await ask<OrderRow>('orders.one', 'PO-1', {});
    expect([order.lines.length, order.partial]).toEqual([PARTS, true]);
    const shipment = await ask<ShipmentRow>('shipments.one', 'S-1', {});
    expect([shipment.lines.length, shipment.partial, shipment.status]).toEqual([PARTS, true, 'in_transit']);
  });

  it('a list has large rows, too: each is the only one of its page, and the pages together have every row once', async () => {
    for (const [name, key, count] of [
      ['parties.list', 'party', 3 + LINES / 150],
      ['orders.list', 'order', 3],
      ['shipments.list', 'shipment', 3],
    ] as const) {
      const found: string[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page: Page<Record<string, string>> = await ask(name, '', { cursor });
        if (page.data.some(({ partial }) => partial !== undefined)) expect(page.data).toHaveLength(1);
        found.push(...page.data.map((row) => row[key] ?? ''));
        cursor = page.next;
      }
      expect([found.length, new Set(found).size]).toEqual([count, count]);
    }
  });

  it('a flag of a large shipment names its first lines and parties, says how many more lines there are, and that it is partial', async () => {
    const { data } = await ask<Page<FlagRow>>('flags.list', '', { rule: 'overdue-shipment', item: 'M' });
    expect(data[0]?.facts).toMatchObject({ shipment: 'S-3', missing: 150, lines: { length: 20 }, more: 130 });
    expect(data[0]).toMatchObject({ parties: { length: 20 }, partial: true });
  });

  it('a serial number that very many items use is answered with the first of them, and with what to do', async () => {
    await expect(ask('units.one', '1', {})).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/^300 items have .* say in "item" which one .* and 290 others$/),
      facts: { items: expect.any(Array), count: ALIKE },
    });
  });
});
