import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { type FreshReadModels, freshReadModels } from '#test/projections/freshReadModels';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { plansOf, rowsTouched } from '#test/projections/plansOf';
import { activity, reasons } from './activity/queries.ts';
import { flag, flags } from './flags/queries.ts';
import { holdingsDiff, holdingsHistory } from './holdings/changes.ts';
import { holdings } from './holdings/queries.ts';
import { holdingsThen } from './holdings/then.ts';
import { item, items } from './items/queries.ts';
import { order, orders } from './orders/queries.ts';
import { parties, party } from './parties/queries.ts';
import { markPostings, totalMark } from './postings/model.ts';
import { postings } from './postings/queries.ts';
import { queue } from './queue/queries.ts';
import { type ReadModel, withReadModels } from './reading/readModel.ts';
import { shipment, shipments } from './shipments/queries.ts';
import { supply } from './supply/queries.ts';
import { swap, swaps } from './swaps/queries.ts';
import { unit, units } from './units/queries.ts';

/** Every question that the service asks, as it asks it, with the filters that it has. */
const QUESTIONS: Readonly<Record<string, (model: ReadModel) => Promise<unknown>>> = {
  holdings: (m) => holdings(m, {}),
  'holdings of an owner': (m) => holdings(m, { owner: 'buyer-7' }),
  'holdings of an order': (m) => holdings(m, { order: 'PO-5' }),
  'holdings on a shipment': (m) => holdings(m, { shipment: 'S-5' }),
  'holdings by owner and item': (m) => holdings(m, { groupBy: ['owner', 'item'] }),
  'holdings by order of an owner': (m) => holdings(m, { owner: 'buyer-7', groupBy: ['order'] }),
  'holdings in all accounts': (m) => holdings(m, { accounts: 'all', item: 'H100' }),
  postings: (m) => postings(m, {}),
  'postings of an owner': (m) => postings(m, { owner: 'buyer-7' }),
  'postings of an item': (m) => postings(m, { item: 'H100' }),
  'postings of an order': (m) => postings(m, { order: 'PO-5' }),
  parties: (m) => parties(m, {}),
  'a party': (m) => party(m, 'buyer-7'),
  items: (m) => items(m, {}),
  'an item': (m) => item(m, 'H100'),
  'the queue': (m) => queue(m, 'H100', {}),
  'the queue of an owner': (m) => queue(m, 'H100', { owner: 'buyer-7' }),
  'the supply of an item': (m) => supply(m, 'H100', {}),
  'the supply of an item by a supplier in a time': (m) =>
    supply(m, 'H100', { supplier: 'nvidia', ends: '2023-12-01/..' }),
  'the supply of an item for a buyer': (m) => supply({ ...m, party: 'buyer-7' }, 'H100', {}),
  'what is oversold': (m) => flags(m, { rule: 'oversold' }),
  orders: (m) => orders(m, {}),
  'orders of a buyer': (m) => orders(m, { buyer: 'buyer-7' }),
  'orders of an item': (m) => orders(m, { item: 'D1' }),
  'orders of an owner': (m) => orders(m, { owner: 'buyer-7' }),
  'late orders of a party': (m) => orders(m, { party: 'buyer-7', late: true }),
  'an order': (m) => order(m, 'PO-5'),
  shipments: (m) => shipments(m, {}),
  'shipments of an order': (m) => shipments(m, { order: 'PO-5' }),
  'late shipments of a party': (m) => shipments(m, { party: 'buyer-7', late: true }),
  'a shipment': (m) => shipment(m, 'S-5'),
  swaps: (m) => swaps(m, {}),
  'swaps of a party': (m) => swaps(m, { party: 'buyer-7' }),
  'a swap': (m) => swap(m, 'SW-13'),
  units: (m) => units(m, {}),
  'units of an order': (m) => units(m, { order: 'PO-5' }),
  'a unit': (m) => unit(m, 'D1-1'),
  flags: (m) => flags(m, {}),
  'flags of a party': (m) => flags(m, { party: 'buyer-7' }),
  'late lines': (m) => flags(m, { rule: 'overdue-line' }),
  'late shipments': (m) => flags(m, { rule: 'overdue-shipment' }),
  'a flag': (m) => flag(m, 'redirected:20:1'),
  activity: (m) => activity(m, {}),
  'activity of a subject': (m) => activity(m, { subject: 'order/PO-5' }),
  'activity for a reason': (m) => activity(m, { reasonCode: 'shortage' }),
  reasons: (m) => reasons(m, {}),
  'activity of a party': (m) => activity(m, { party: 'buyer-7' }),
};

/** Questions whose filters leave few of very many rows, or none: a page of ten is found without looking through the ledger. */
const POINTED: Readonly<Record<string, (model: ReadModel) => Promise<unknown>>> = {
  'what there is of each item': (m) => items(m, { limit: 10 }),
  'what there is of each item for a supplier': (m) => items({ ...m, party: 'nvidia' }, { limit: 10 }),
  'what each party has': (m) => parties(m, { limit: 10 }),
  'what a party has in custody': (m) => holdings(m, { custodian: 'buyer-7', limit: 10 }),
  'what is damaged': (m) => holdings(m, { stage: 'damaged', limit: 10 }),
  'what is on a shipment': (m) => holdings(m, { shipment: 'S-5', limit: 10 }),
  'what is on no shipment': (m) => holdings(m, { shipment: 'none', limit: 10 }),
  'all accounts of an item': (m) => holdings(m, { accounts: 'all', item: 'D1', limit: 10 }),
  'all accounts of a party': (m) => holdings(m, { accounts: 'all', owner: 'buyer-7', limit: 10 }),
  'the orders of which a party has units in custody': (m) => holdings(m, { custodian: 'buyer-7', groupBy: ['order'] }),
  'the orders on a shipment': (m) => holdings(m, { shipment: 'S-5', groupBy: ['order'] }),
  'what concerned a party of few events': (m) => activity({ ...m, party: 'nobody' }, { limit: 10 }),
  'what concerned a party': (m) => activity({ ...m, party: 'buyer-7' }, { limit: 10 }),
  'what names a party of few events': (m) => activity(m, { party: 'nobody', limit: 10 }),
  'what names a party': (m) => activity(m, { party: 'buyer-7', limit: 10 }),
  'what names a party of few events, for another': (m) =>
    activity({ ...m, party: 'nvidia' }, { party: 'nobody', limit: 10 }),
  'the postings of a party': (m) => postings(m, { owner: 'buyer-7', limit: 10 }),
  'the postings of a party of few': (m) => postings(m, { owner: 'nobody', limit: 10 }),
  'the postings of an item at a stage': (m) => postings(m, { item: 'D1', stage: 'damaged', limit: 10 }),
  'the postings in the custody of a party': (m) => postings(m, { custodian: 'buyer-7', limit: 10 }),
  'the postings of a party, for it': (m) => postings({ ...m, party: 'buyer-7' }, { limit: 10 }),
  'the postings outside the hands of anybody': (m) => postings(m, { accounts: 'all', stage: 'lost', limit: 10 }),
  'what happened of a type that is rare': (m) => activity(m, { type: 'lading.supply.committed.v1', limit: 10 }),
  'what happened of a type that never did': (m) => activity(m, { type: 'lading.units.scrapped.v1', limit: 10 }),
  'what happened of a type that is rare, to an item': (m) =>
    activity(m, { type: 'lading.supply.committed.v1', item: 'D1', limit: 10 }),
  'what happened of a type that is rare, and concerned a party of many events': (m) =>
    activity({ ...m, party: 'nvidia' }, { type: 'lading.supply.committed.v1', limit: 10 }),
  'what a source never said': (m) => activity(m, { source: 'urn:nobody', limit: 10 }),
  'what happened to an item that there is not': (m) => activity(m, { item: 'nothing', limit: 10 }),
  'what happened to an order': (m) => activity(m, { subject: 'order/PO-5', limit: 10 }),
  'the postings of a line that no order has': (m) => postings(m, { line: '99', limit: 10 }),
  'the postings of a shipment': (m) => postings(m, { shipment: 'S-5', limit: 10 }),
};

describe('the plans of the questions, while the tables have no statistics', () => {
  let db: FreshReadModels;
  beforeAll(async () => {
    db = await freshReadModels(LEDGER);
    const { rows } = await db.pool.query<{ name: string }>(
      `SELECT relid::regclass::text AS name FROM pg_stat_user_tables`,
    );
    for (const { name } of rows) await db.pool.query(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
    const events: LedgerEvent[] = [...manyEvents(8_000, 800)];
    await db.apply(events, 1_000);
  });
  afterAll(() => db.drop());

  const nodesOf = (read: (model: ReadModel) => Promise<unknown>) => db.read((model) => plansOf(model, read));

  it('each question reads by an index, and touches about as many rows as with statistics', async () => {
    const { rows } = await db.pool.query(`SELECT FROM pg_stats WHERE schemaname LIKE 'rm\\_%'`);
    expect(rows).toEqual([]);
    const without: Record<string, number> = {};
    for (const [question, read] of Object.entries(QUESTIONS)) {
      const nodes = await nodesOf(read);
      expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
      without[question] = rowsTouched(nodes);
    }
    await db.pool.query('ANALYZE');
    const tooMany: string[] = [];
    for (const [question, read] of Object.entries(QUESTIONS)) {
      const known = rowsTouched(await nodesOf(read));
      // What sorts a ledger to keep a page touches 4,000 rows and more here. (The legs that are overdue are 1,700.)
      if (without[question]! > 2 * known + 2_000)
        tooMany.push(`${question}: ${without[question]!} rows instead of ${known}`);
    }
    expect(tooMany).toEqual([]);
  });

  it('a ledger that is new is read and written by few rows, while the statistics know only those that were there before', async () => {
    const beside: Record<string, number> = {};
    for (const [question, read] of Object.entries(QUESTIONS)) beside[question] = rowsTouched(await nodesOf(read));
    const first = [...manyEvents(8_000, 800)];
    const events = first.map((event) => ({ ...event, ledger: 'later' }));
    await db.apply(events.slice(0, -1_000), 1_000);
    const before = await rowsRead();
    await db.apply(events.slice(-1_000), 1_000);
    // Some forty rows an event; by the wrong index it would be hundreds.
    expect((await rowsRead()) - before).toBeLessThan(60_000);
    const tooMany: string[] = [];
    for (const [question, read] of Object.entries(QUESTIONS)) {
      const touched = rowsTouched(await withReadModels(db.pool, 'later', (model) => plansOf(model, read)));
      if (touched > 2 * beside[question]! + 2_000)
        tooMany.push(`${question}: ${touched} rows instead of ${beside[question]!}`);
    }
    expect(tooMany).toEqual([]);
  });

  /** By all indexes, so far: the one connection that is used says what it has counted. */
  async function rowsRead(): Promise<number> {
    await db.pool.query('SELECT pg_stat_force_next_flush()');
    const { rows } = await db.pool.query<{ read: number }>(
      `SELECT sum(idx_tup_read)::float8 AS read FROM pg_stat_user_indexes WHERE schemaname LIKE 'rm\\_%'`,
    );
    return rows[0]!.read;
  }

  it('what was on an account of 10,000 postings is found by few of them, at any moment', async () => {
    const past = (at: string, known: number, read: (model: ReadModel) => Promise<unknown>) =>
      withReadModels(db.pool, 'hot', (model) => plansOf(model, read), { at, known });
    const client = await db.pool.connect();
    await client.query(`SET search_path TO rm_1; SELECT setseed(0.5);
      INSERT INTO postings SELECT 'hot', s, 0, 0, 0, random(-9, 9), 0,
        timestamptz '2026-01-01' + interval '1 minute' * CASE WHEN random() < 0.1 THEN random(0, s) ELSE s END FROM generate_series(1, 10000) s;
      INSERT INTO holdings SELECT 'hot', 0, 'tesla', 'tesla', 'H100', 'PO-1', '1', 'held', NULL, 5, max(occurred), 10000, 0, true, false FROM postings WHERE ledger = 'hot';
      INSERT INTO holding_totals SELECT 'hot', 'tesla', 'H100', 'held', 'tesla', 5, 0, 10000, min(occurred), max(occurred) FROM postings WHERE ledger = 'hot'`);
    await markPostings(client, 'hot', [0, totalMark(0)]);
    client.release(true);
    for (const [at, known] of [
      ['2026-01-04T00:00:00Z', 9_990],
      ['2026-01-06T00:00:00Z', 5_000],
      ['2025-12-31T00:00:00Z', 10_000],
    ] as const) {
      for (const query of [{}, { groupBy: ['owner'] as const }, { groupBy: ['order'] as const }]) {
        const nodes = await past(at, known, (model) => holdingsThen(model, query));
        expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
        // Less than a stretch after the last mark, and the late ones of less than two of the smallest blocks.
        expect(rowsTouched(nodes)).toBeLessThan(150);
      }
    }
    // Of a series, or of the events behind a difference, what was before it began is not looked at either.
    const end = { at: '2026-01-08T00:00:00Z', known: 10_000 };
    for (const [what, read] of Object.entries({
      history: (model) => holdingsHistory(model, { 'from-at': '2026-01-07T22:00:00Z' }),
      'history of an order': (model) => holdingsHistory(model, { order: 'PO-1', 'from-at': '2026-01-07T22:00:00Z' }),
      'history of what was known': (model) => holdingsHistory(model, { axis: 'known', by: 'day', 'from-known': 9_950 }),
      'difference in time': (model) => holdingsDiff(model, { 'from-at': '2026-01-07T22:00:00Z' }),
      'difference in both': (model) => holdingsDiff(model, { 'from-at': '2026-01-07T22:00:00Z', 'from-known': 9_960 }),
    } satisfies Record<string, (model: ReadModel) => Promise<unknown>>)) {
      const nodes = await past(end.at, end.known, read);
      expect([what, nodes.filter((node) => node['Node Type'] === 'Seq Scan')]).toEqual([what, []]);
      expect([what, rowsTouched(nodes) < 250]).toEqual([what, true]);
    }
  });

  it('a page of what is rare is found without looking through the ledger', async () => {
    const touched: Record<string, number> = {};
    for (const [question, read] of Object.entries(POINTED)) touched[question] = rowsTouched(await nodesOf(read));
    // There are 800 orders under way, 1,700 totals of accounts, 5,000 accounts with units and 15,000 in all, and 1,300 legs.
    expect(Object.entries(touched).filter(([, rows]) => rows > 500)).toEqual([
      // Whether a party has many events is found by counting them so far.
      ['what happened of a type that is rare, and concerned a party of many events', 2_000],
    ]);
  });
});
