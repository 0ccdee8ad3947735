import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { LedgerEvent } from '#contracts/cloudEvent';
import { createPool } from '#platform/database/database';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { someEvents } from '#test/feed/someEvents';
import { toFeedEvent } from './feedEvent.ts';
import { JournalFeed } from './journal.ts';
import { PoisonEvent } from './poison.ts';
import { consumerStatus } from './status.ts';
import { type Consumed, PositionedSink, positionsTable } from './positionedSink.ts';

/** A whole consumer: it counts the events of each type. */
class Counts extends PositionedSink {
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
  afterEach(() => pool.end());

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
    const consumer = { consumer: 'counts', version: null, positions: 'counts.positions', parks: true };
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
    expect(await counts.apply('nvidia', events.slice(7))).toEqual({ outcome: 'parked', sequence: 7, reason });
    // Another process may know better.
    expect(await new Counts(pool).apply('nvidia', events)).toEqual({ outcome: 'applied', sequence: 20 });
  });
});
