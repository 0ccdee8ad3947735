import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import type { ConsumptionOptions } from '#feed/consumption';
import type { Feed } from '#feed/feed';
import { toFeedEvent } from '#feed/feedEvent';
import type { EventBytes } from '#journal/reader';
import { createPool } from '#platform/database/database';
import { freshDatabase } from '#test/setup/freshDatabase';
import { eventually } from './eventually.ts';
import { anAtomicBatch, someEvents } from './someEvents.ts';
import { TableSink } from './tableSink.ts';

export interface SourceTraits {
  /** It goes on for ever, so that a feed picks up what comes while it runs. */
  readonly endless: boolean;
  /** An event may come twice, and what is missing may be in the journal: the journal itself is not like that. */
  readonly secondHand: boolean;
}

/** One adapter with a source of its own. */
export interface FeedHarness {
  /** Puts events into the source, in this order; a sequence may be left out. */
  publish(events: readonly EventBytes[]): Promise<void>;
  /** Feeds made of one harness are members of one group. */
  feed(options: ConsumptionOptions): Feed;
  close(): Promise<void>;
}

const bytesOf = (events: readonly EventBytes[]) => events.map(({ bytes }) => bytes);

/** What every feed promises, whatever its source. */
export function feedContract({ endless, secondHand }: SourceTraits, makeHarness: () => Promise<FeedHarness>): void {
  describe('what every feed promises', () => {
    let harness: FeedHarness;
    let pool: pg.Pool;
    let sink: TableSink;
    const started: { feed: Feed; ended: Promise<void> }[] = [];

    beforeEach(async () => {
      [harness, pool] = await Promise.all([
        makeHarness(),
        freshDatabase().then(({ url }) => createPool(url, { timeouts: { lock: 300_000, idleInTransaction: 300_000 } })),
      ]);
      sink = await TableSink.on(pool);
    });
    afterEach(async () => {
      await Promise.all(started.splice(0).map(({ feed }) => feed.stop()));
      await harness.close();
      await pool.end();
    });

    const start = (options: ConsumptionOptions = {}): Feed => {
      const feed = harness.feed({ backoff: { first: 10, most: 50 }, ...options });
      const ended = feed.run(sink);
      ended.catch(() => undefined);
      started.push({ feed, ended });
      return feed;
    };
    const reaches = (ledger: string, events: readonly EventBytes[]) =>
      eventually(async () => {
        const applied = await sink.applied(ledger);
        expect(applied.length).toBe(events.length);
        expect(Buffer.concat(applied).equals(Buffer.concat(bytesOf(events)))).toBe(true);
      });

    /** A feed says it a moment after what it has applied can be read. */
    const nothingIsParked = (feed: Feed) =>
      eventually(() => {
        expect(feed.state().parked).toEqual([]);
      });

    it('a feed gives every event of every ledger once, in order, with exactly the bytes that the ledger keeps', async () => {
      const nvidia = someEvents('nvidia', 1, 2_500);
      const amd = someEvents('amd', 1, 30);
      await harness.publish([...nvidia.slice(0, 100), ...amd.slice(0, 10), ...nvidia.slice(100), ...amd.slice(10)]);
      start();
      await reaches('nvidia', nvidia);
      await reaches('amd', amd);
    });

    it('a feed continues after the position of its sink, whoever moved that position', async () => {
      const events = someEvents('nvidia', 1, 50);
      await sink.apply(
        'nvidia',
        events.slice(0, 20).map(({ bytes }) => toFeedEvent(bytes)),
      );
      await harness.publish(events);
      start();
      await reaches('nvidia', events);
    });

    it('a feed that is stopped and started again continues after the last applied event', async () => {
      const events = someEvents('nvidia', 1, 3_000);
      await harness.publish(events);
      const first = start({ batch: 100 });
      await eventually(async () => {
        expect((await sink.applied('nvidia')).length).toBeGreaterThan(100);
      });
      await first.stop();
      expect(first.state().state).toBe('stopped');
      start();
      await reaches('nvidia', events);
    });

    it('a feed hands on an atomic batch in one call, however large the batch is and wherever a page ends', async () => {
      const events = [
        ...someEvents('nvidia', 1, 3),
        ...anAtomicBatch('nvidia', 4, 8),
        ...someEvents('nvidia', 9, 10),
        ...anAtomicBatch('nvidia', 11, 22),
        ...someEvents('nvidia', 23, 23),
      ];
      const amd = someEvents('amd', 1, 12);
      await harness.publish([...events.slice(0, 6), ...amd, ...events.slice(6)]);
      start({ batch: 4 });
      await reaches('nvidia', events);
      await reaches('amd', amd);
      const cuts = sink.calls.filter(({ ledger }) => ledger === 'nvidia').map(({ to }) => to);
      for (const to of cuts) expect([1, 2, 3, 8, 9, 10, 22, 23]).toContain(to);
    });

    it('a feed tries again while its sink fails, says so in its state, and neither loses nor doubles an event', async () => {
      const events = someEvents('nvidia', 1, 30);
      await harness.publish(events);
      let broken = true;
      sink.beforeCommit = async () => {
        if (broken) throw new Error('the disk is full');
      };
      const feed = start();
      await eventually(() => {
        expect(feed.state().state).toBe('retrying');
        expect(feed.state().reason).toContain('the disk is full');
      });
      broken = false;
      await reaches('nvidia', events);
    });

    it('a feed stops a ledger at a hole with the status `hole`, and the other ledgers continue', async () => {
      const nvidia = someEvents('nvidia', 1, 20);
      const amd = someEvents('amd', 1, 20);
      const without = nvidia.filter(({ sequence }) => sequence !== 11 && sequence !== 12);
      await harness.publish([...without, ...amd]);
      const feed = start();
      await reaches('amd', amd);
      await eventually(async () => {
        expect(feed.state().parked).toEqual([
          { ledger: 'nvidia', state: 'hole', sequence: 10, reason: 'events 11 to 12 did not come, and 13 did' },
        ]);
        expect(await sink.hole('nvidia')).toBe(13);
      });
      await reaches('nvidia', nvidia.slice(0, 10));
    });

    it('a feed parks a ledger at an event that cannot be applied, with the reason, and the other ledgers continue', async () => {
      const nvidia = someEvents('nvidia', 1, 20);
      const amd = someEvents('amd', 1, 20);
      sink.poison.add('nvidia/8');
      await harness.publish([...nvidia, ...amd]);
      const feed = start();
      await reaches('amd', amd);
      await eventually(() => {
        expect(feed.state().parked).toEqual([
          { ledger: 'nvidia', state: 'parked', sequence: 7, reason: 'event 8 is poison' },
        ]);
      });
      await reaches('nvidia', nvidia.slice(0, 7));

      await feed.stop();
      sink.poison.clear();
      start();
      await reaches('nvidia', nvidia);
    });

    it('two feeds that work for one sink apply no event twice', async () => {
      const events = [...someEvents('nvidia', 1, 1_500), ...someEvents('amd', 1, 1_500)];
      await harness.publish(events);
      start({ batch: 50 });
      start({ batch: 70 });
      await reaches('nvidia', events.slice(0, 1_500));
      await reaches('amd', events.slice(1_500));
    });

    if (secondHand) {
      it('a feed skips an event that comes a second time', async () => {
        const events = someEvents('nvidia', 1, 40);
        await harness.publish([...events.slice(0, 25), ...events.slice(10, 30), ...events.slice(20)]);
        start({ batch: 7 });
        await reaches('nvidia', events);
      });

      it('a feed that has a journal fills a hole from it and continues', async () => {
        const nvidia = someEvents('nvidia', 1, 40);
        await harness.publish(nvidia.filter(({ sequence }) => sequence < 5 || sequence > 34));
        const journal = nvidia.map((event) => toFeedEvent(event.bytes));
        const fill = async (_ledger: string, after: number, limit: number) =>
          journal.filter(({ sequence }) => sequence > after).slice(0, limit);
        start({ fill, batch: 10 });
        await reaches('nvidia', nvidia);
      });
    }

    if (endless && secondHand) {
      it('a feed waits for the rest of an atomic batch that came in part, and after a restart reads from before that batch', async () => {
        const events = [...someEvents('nvidia', 1, 2), ...anAtomicBatch('nvidia', 3, 6), ...someEvents('nvidia', 7, 7)];
        const amd = someEvents('amd', 1, 3);
        await harness.publish(events.slice(0, 4));
        const first = start();
        await reaches('nvidia', events.slice(0, 2));
        await harness.publish(amd);
        await reaches('amd', amd);
        await first.stop();
        const second = start();
        await harness.publish(events.slice(4));
        await reaches('nvidia', events);
        await nothingIsParked(second);
        expect(sink.calls.some(({ from, to }) => from === 3 && to >= 6)).toBe(true);
      });
    }

    if (secondHand) {
      it('a feed fills a hole in the middle of an atomic batch, and applies the batch in one call', async () => {
        const events = [
          ...someEvents('nvidia', 1, 2),
          ...anAtomicBatch('nvidia', 3, 9),
          ...someEvents('nvidia', 10, 11),
        ];
        await harness.publish(events.filter(({ sequence }) => sequence !== 6));
        const journal = events.map((event) => toFeedEvent(event.bytes));
        const fill = async (_ledger: string, after: number, limit: number) =>
          journal.filter(({ sequence }) => sequence > after).slice(0, limit);
        start({ fill });
        await reaches('nvidia', events);
        for (const { to } of sink.calls) expect([1, 2, 9, 10, 11]).toContain(to);
      });
    }

    if (endless) {
      it('a feed tries a ledger that is parked again by itself, with no other event, and gives all that came meanwhile', async () => {
        const nvidia = someEvents('nvidia', 1, 30);
        const amd = someEvents('amd', 1, 400);
        sink.poison.add('nvidia/8');
        await harness.publish([...nvidia.slice(0, 12), ...amd]);
        const feed = start({ tryAgainAfter: 50, batch: 100 });
        await reaches('amd', amd);
        await harness.publish(nvidia.slice(12));
        // Tried in vain, too, it stops nobody, and stays where it is.
        const tries = () => sink.calls.filter(({ ledger, from }) => ledger === 'nvidia' && from === 8).length;
        await eventually(() => {
          expect(tries()).toBeGreaterThan(2);
        });
        await reaches('nvidia', nvidia.slice(0, 7));
        sink.poison.clear();
        await reaches('nvidia', nvidia);
        await nothingIsParked(feed);
        await reaches('amd', amd);
      });

      it('a feed picks up events, and new ledgers, that come while it runs', async () => {
        start();
        await harness.publish(someEvents('nvidia', 1, 3));
        await reaches('nvidia', someEvents('nvidia', 1, 3));
        await harness.publish(someEvents('amd', 1, 1));
        await reaches('amd', someEvents('amd', 1, 1));
        await harness.publish(someEvents('nvidia', 4, 5));
        await reaches('nvidia', someEvents('nvidia', 1, 5));
      });
    }
  });
}
