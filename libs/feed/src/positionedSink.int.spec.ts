import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { createPool } from '#platform/database/database';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { someEvents } from '#test/feed/someEvents';
import type { ConsumptionOptions } from './consumption.ts';
import { toFeedEvent } from './feedEvent.ts';
import { JournalFeed } from './journal.ts';
import { PoisonEvent } from './poison.ts';
import { consumerStatus } from './status.ts';
import { type Consumed, PositionedSink, positionsTable } from './positionedSink.ts';

/** A whole consumer: it counts the events of each type. */
class Counts extends PositionedSink {
  /** Which events fail, how, and how often one has failed. */
  fails: (ledger: string, sequence: number) => boolean = () => false;
  failure = new Error('nobody foresaw this');
  failed = 0;

  static async on(pool: pg.Pool): Promise<Counts> {
    await pool.query(
      `CREATE SCHEMA counts; SET search_path TO counts; ${positionsTable()}
       CREATE TABLE counts (ledger text, type text, events int NOT NULL, PRIMARY KEY (ledger, type)); SET search_path TO DEFAULT`,
    );
    return new Counts(pool);
  }

  constructor(readonly pool: pg.Pool) {
    super({ pool, schema: 'counts', settings: 'SET LOCAL search_path TO counts' });
  }

  protected async consume(
    db: Pick<pg.ClientBase, 'query'>,
    ledger: string,
    events: readonly LedgerEvent[],
  ): Promise<Consumed> {
    for (const { sequence, type, actor } of events) {
      if (actor === 'nobody') throw new PoisonEvent(sequence, 'nobody did this');
      if (this.fails(ledger, sequence)) {
        this.failed += 1;
        throw this.failure;
      }
      await db.query(
        'INSERT INTO counts AS c VALUES ($1, $2, 1) ON CONFLICT (ledger, type) DO UPDATE SET events = c.events + 1',
        [ledger, type],
      );
    }
    return { own: {} };
  }

  async counted(ledger: string): Promise<number> {
    const { rows } = await this.pool.query<{ events: number }>(
      'SELECT coalesce(sum(events), 0)::int AS events FROM counts.counts WHERE ledger = $1',
      [ledger],
    );
    return rows[0]!.events;
  }
}

describe('a consumer with positions of its own', () => {
  let pool: pg.Pool;
  let url: string;
  let counts: Counts;
  beforeEach(async () => {
    ({ url } = await freshJournal());
    pool = createPool(url);
    counts = await Counts.on(pool);
  });
  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
    await pool.end();
  });

  const feeds: JournalFeed[] = [];
  const start = (options: ConsumptionOptions): JournalFeed => {
    const feed = new JournalFeed({ pool, url, batch: 7, pollEvery: 20, ...options });
    void feed.run(counts);
    feeds.push(feed);
    return feed;
  };
  const consumer = { consumer: 'counts', version: null, positions: 'counts.positions', parks: true };
  const statusOf = async (ledger: string) =>
    (await consumerStatus(pool, consumer)).find((row) => row.ledger === ledger);

  it('a consumer gets every event once, though two feeds work for it at the same time, and is shown in status', async () => {
    await append(pool, [...someEvents('nvidia', 1, 400), ...someEvents('amd', 1, 100)]);
    const feeds = [30, 70].map((batch) => new JournalFeed({ pool, url, batch }));
    for (const feed of feeds) void feed.run(counts);
    await eventually(async () => {
      expect(await counts.positions()).toEqual(
        new Map([
          ['amd', 100],
          ['nvidia', 400],
        ]),
      );
    });
    for (const feed of feeds) await feed.stop();
    expect([await counts.counted('nvidia'), await counts.counted('amd')]).toEqual([400, 100]);
    expect(await consumerStatus(pool, consumer)).toMatchObject([
      { consumer: 'counts', ledger: 'amd', sequence: 100, lagEvents: 0, state: 'live' },
      { consumer: 'counts', ledger: 'nvidia', sequence: 400, lagEvents: 0, state: 'live' },
    ]);
  });

  it('a consumer stops at a hole, keeps the hint of applied events only, and continues when the missing event comes', async () => {
    const events = someEvents('nvidia', 1, 9).map(({ bytes }) => toFeedEvent(bytes));
    const hint = { partition: 1, offset: '7', log: 'monday' };
    expect(await counts.apply('nvidia', events.slice(0, 3), hint)).toEqual({ outcome: 'applied', sequence: 3 });
    const later = await counts.apply('nvidia', events.slice(4), { ...hint, offset: '9' });
    expect(later).toEqual({ outcome: 'hole', sequence: 3, got: 5 });
    expect(await counts.hints()).toEqual([hint]);
    expect(await counts.apply('nvidia', events.slice(1), hint)).toEqual({ outcome: 'applied', sequence: 9 });
    expect(await counts.counted('nvidia')).toBe(9);
  });

  it('a consumer is parked at an event that it can never apply, after every event before that one was applied', async () => {
    const events = someEvents('nvidia', 1, 20).map(({ bytes }) => toFeedEvent(bytes));
    const bad = events.map((one) => (one.sequence === 8 ? { ...one, event: { ...one.event, actor: 'nobody' } } : one));
    const reason = 'event 8 (lading.party.registered.v1) cannot be applied: nobody did this';
    expect(await counts.apply('nvidia', bad)).toEqual({ outcome: 'parked', sequence: 7, reason });
    expect(await counts.counted('nvidia')).toBe(7);
    expect(await counts.apply('nvidia', bad.slice(7))).toEqual({ outcome: 'parked', sequence: 7, reason });
    expect(await counts.apply('nvidia', events)).toEqual({ outcome: 'applied', sequence: 20 });
  });

  it('ledgers whose event fails each time, for a reason that nobody foresaw, are parked at it, however many they are, and all others go on', async () => {
    const failing = ['f1', 'f2', 'f3', 'f4', 'f5'];
    const reached = async () => [...(await counts.positions())].map(([ledger, sequence]) => `${ledger}:${sequence}`);
    counts.fails = (ledger, sequence) => failing.includes(ledger) && sequence === 8;
    await append(
      pool,
      [...failing, 'good'].flatMap((ledger) => someEvents(ledger, 1, 20)),
    );
    const feed = start({ backoff: { first: 10, most: 20 } });
    const stands = (sequence: number) => failing.map((ledger) => `${ledger}:${sequence}`);
    await eventually(async () => {
      expect((await reached()).sort()).toEqual([...stands(7), 'good:20']);
      expect(feed.state().parked).toHaveLength(failing.length);
    });
    await append(pool, someEvents('good', 21, 30));
    await eventually(async () => {
      expect(await reached()).toContain('good:30');
    });
    await eventually(() => {
      expect(feed.state().state).toBe('running');
    });
    expect(await statusOf('f1')).toMatchObject({
      state: 'parked',
      reason: 'event 8 (lading.party.registered.v1) fails each time: nobody foresaw this',
    });
  });

  it('a ledger that is parked is tried again by itself, and goes on as soon as its event can be applied', async () => {
    let failing = true;
    counts.fails = (ledger, sequence) => failing && ledger === 'nvidia' && sequence === 8;
    await append(pool, someEvents('nvidia', 1, 20));
    start({ backoff: { first: 5, most: 10 }, tryAgainAfter: 50 });
    await eventually(async () => {
      expect(await statusOf('nvidia')).toMatchObject({ state: 'parked', sequence: 7 });
    });
    failing = false;
    await eventually(async () => {
      expect(await statusOf('nvidia')).toMatchObject({ state: 'live', sequence: 20 });
    });
    expect(await counts.counted('nvidia')).toBe(20);
  });

  it('bytes in the journal that are no event park their ledger with a reason that can be printed, and no other', async () => {
    await append(
      pool,
      ['nvidia', 'amd'].flatMap((ledger) => someEvents(ledger, 1, 20)),
    );
    const was = await pool.query<{ bytes: Buffer }>(
      `UPDATE journal.events n SET bytes = $1 FROM journal.events o
       WHERE n.ledger = 'nvidia' AND n.sequence = 8 AND o.ledger = n.ledger AND o.sequence = n.sequence RETURNING o.bytes`,
      [Buffer.from('\u0000\u001b[31m no event')],
    );
    start({ tryAgainAfter: 50 });
    await eventually(async () => {
      expect(await statusOf('nvidia')).toMatchObject({ state: 'parked', sequence: 7 });
      expect(await statusOf('amd')).toMatchObject({ state: 'live', sequence: 20 });
    });
    expect((await statusOf('nvidia'))?.reason).toMatch(/^event 8 cannot be read: [^\p{C}]+$/u);
    await pool.query(`UPDATE journal.events SET bytes = $1 WHERE ledger = 'nvidia' AND sequence = 8`, [
      was.rows[0]?.bytes,
    ]);
    await eventually(async () => {
      expect(await statusOf('nvidia')).toMatchObject({ state: 'live', sequence: 20 });
    });
  });

  it('a database that is away parks no ledger: the feed says what it waits for, and goes on when the database is back', async () => {
    const away = new pg.DatabaseError('no room', 0, 'error');
    away.code = '53100';
    let full = true;
    counts.failure = away;
    counts.fails = () => full;
    await append(pool, someEvents('nvidia', 1, 20));
    const feed = start({ backoff: { first: 5, most: 10 } });
    await eventually(() => {
      expect(feed.state()).toMatchObject({ state: 'retrying', reason: expect.stringContaining('no room'), parked: [] });
    });
    await eventually(() => {
      expect(counts.failed).toBeGreaterThan(20);
    });
    full = false;
    await eventually(async () => {
      expect(await statusOf('nvidia')).toMatchObject({ state: 'live', sequence: 20 });
    });
    await eventually(() => {
      expect(feed.state()).toEqual({ state: 'running', parked: [] });
    });
  });
});
