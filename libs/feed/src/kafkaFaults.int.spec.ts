import { afterEach, beforeEach, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { someEvents } from '#test/feed/someEvents';
import { TableSink } from '#test/feed/tableSink';
import { Topics } from '#test/feed/topics';
import { freshDatabase } from '#test/setup/freshDatabase';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import type { EventBytes } from '#journal/reader';
import { toFeedEvent } from './feedEvent.ts';
import { fillFromJournal } from './journal.ts';
import { KafkaFeed, type KafkaFeedOptions } from './kafka.ts';

describeKafka('the Kafka feed, when Kafka is not as one would wish', () => {
  let topic: string;
  let topics: Topics;
  let pool: pg.Pool;
  let sink: TableSink;
  const feeds: KafkaFeed[] = [];

  beforeEach(async () => {
    topic = freshTopicName();
    topics = new Topics(brokers());
    pool = createPool((await freshDatabase()).url, { timeouts: { lock: 300_000, idleInTransaction: 300_000 } });
    sink = await TableSink.on(pool);
  });
  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
    await topics.delete(topic);
    await pool.end();
  });

  const make = (options: Partial<KafkaFeedOptions> = {}) => {
    const feed = new KafkaFeed({ brokers: brokers(), clientId: 'test', topic, group: topic, ...options });
    feeds.push(feed);
    return feed;
  };
  const start = (options: Partial<KafkaFeedOptions> = {}) => {
    const feed = make(options);
    void feed.run(sink);
    return feed;
  };
  const reaches = (ledger: string, events: readonly EventBytes[]) =>
    eventually(async () => {
      const applied = await sink.applied(ledger);
      expect(applied.length).toBe(events.length);
      expect(Buffer.concat(applied).equals(Buffer.concat(events.map(({ bytes }) => bytes)))).toBe(true);
    });
  /** A feed says it a moment after what it has applied can be read. */
  const nothingIsParked = (feed: KafkaFeed) =>
    eventually(() => {
      expect(feed.state()).toEqual({ state: 'running', parked: [] });
    });

  it('no event is applied twice when a member that the group gave up finishes its batch after its successor began the same batch', async () => {
    await topics.make(topic, 1);
    const events = someEvents('nvidia', 1, 500);
    await topics.send(topic, events);
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const entered: number[] = [];
    sink.beforeCommit = async (_ledger, batch) => {
      entered.push(batch.length);
      if (entered.length === 1) await gate;
    };

    start({ rebalanceTimeout: 1_000 });
    await eventually(() => {
      expect(entered).toHaveLength(1);
    });
    // The first member holds the row lock with its events written. The second is given the partition without waiting for it.
    start({ rebalanceTimeout: 1_000 });
    await eventually(() => {
      expect(sink.calls.filter(({ from }) => from === 1)).toHaveLength(2);
    });
    goOn();
    await reaches('nvidia', events);
    expect(entered.slice(1).every((length) => length === 0 || length < 500)).toBe(true);
    await topics.send(topic, someEvents('nvidia', 501, 510));
    await reaches('nvidia', someEvents('nvidia', 1, 510));
  });

  it('no event is applied twice while members of the group come and go', async () => {
    await topics.make(topic, 4);
    const ledgers = ['nvidia', 'amd', 'intel', 'dojo'];
    const events = new Map(ledgers.map((ledger) => [ledger, someEvents(ledger, 1, 1_500)]));
    const partition = (ledger: string) => ledgers.indexOf(ledger);
    const sending = (async () => {
      for (let from = 0; from < 1_500; from += 100)
        await topics.send(
          topic,
          ledgers.flatMap((ledger) => events.get(ledger)!.slice(from, from + 100)),
          partition,
        );
    })();
    const first = start({ batch: 20 });
    await eventually(async () => {
      expect((await sink.applied('amd')).length).toBeGreaterThan(100);
    });
    start({ batch: 30 });
    await eventually(async () => {
      expect((await sink.applied('amd')).length).toBeGreaterThan(400);
    });
    await first.stop();
    start({ batch: 40 });
    await sending;
    for (const ledger of ledgers) await reaches(ledger, events.get(ledger)!);
  });

  it('a feed continues where it was: after a restart at most the last records that it read come again', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, someEvents('nvidia', 1, 6_000));
    const first = start();
    await reaches('nvidia', someEvents('nvidia', 1, 6_000));
    await first.stop();
    await topics.send(topic, someEvents('nvidia', 6_001, 6_002));
    const second = start();
    await reaches('nvidia', someEvents('nvidia', 1, 6_002));
    await second.stop();

    let skipped = 0;
    start({ observer: { skipped: (_ledger, events) => (skipped += events) } });
    await topics.send(topic, someEvents('nvidia', 6_003, 6_004));
    await reaches('nvidia', someEvents('nvidia', 1, 6_004));
    expect(skipped).toBeLessThanOrEqual(2);
  });

  it('a feed seeks back when a missing event is further back in the log', async () => {
    await topics.make(topic, 1);
    const events = someEvents('nvidia', 1, 30);
    await topics.send(topic, events);
    const first = start();
    await reaches('nvidia', events);
    await first.stop();
    // As if a restored backup had a position that is older than its hint.
    await pool.query(`DELETE FROM applied WHERE sequence > 10; UPDATE positions SET sequence = 10, "offset" = '25'`);
    start();
    await reaches('nvidia', events);
  });

  it('a feed fills a hole in the topic from the journal, logs an error, and continues with the topic', async () => {
    await topics.make(topic, 1);
    const nvidia = someEvents('nvidia', 1, 2_600);
    const journal = createPool((await freshJournal()).url);
    await append(journal, nvidia);
    await topics.send(topic, [...nvidia.slice(0, 100), ...nvidia.slice(2_500), ...someEvents('amd', 1, 10)]);
    const holes: number[][] = [];
    start({
      fill: fillFromJournal(journal),
      observer: { hole: (_ledger, sequence, got) => holes.push([sequence, got]) },
    });
    await reaches('nvidia', nvidia);
    await reaches('amd', someEvents('amd', 1, 10));
    expect(holes).toEqual([[100, 2_501]]);
    await topics.send(topic, someEvents('nvidia', 2_601, 2_605));
    await reaches('nvidia', someEvents('nvidia', 1, 2_605));
    await journal.end();
  });

  it('a ledger that is parked at a hole continues as soon as the missing events come, with all events that came meanwhile', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, [
      ...someEvents('nvidia', 1, 5),
      ...someEvents('nvidia', 8, 12),
      ...someEvents('amd', 1, 3),
    ]);
    const feed = start();
    await reaches('amd', someEvents('amd', 1, 3));
    await eventually(() => {
      expect(feed.state().parked).toMatchObject([{ ledger: 'nvidia', state: 'hole', sequence: 5 }]);
    });
    await topics.send(topic, someEvents('nvidia', 6, 7));
    await reaches('nvidia', someEvents('nvidia', 1, 12));
    await nothingIsParked(feed);
  });

  it('ledgers that are parked on one partition are tried again in turn, while another ledger on it goes on', async () => {
    await topics.make(topic, 1);
    const [nvidia, amd, intel] = ['nvidia', 'amd', 'intel'].map((ledger) => someEvents(ledger, 1, 300));
    sink.poison.add('nvidia/8').add('amd/50');
    await topics.send(topic, [...nvidia!, ...amd!, ...intel!.slice(0, 100)]);
    const feed = start({ checkEvery: 100, tryAgainAfter: 50, batch: 50 });
    await reaches('intel', intel!.slice(0, 100));
    for (let at = 100; at < 300; at += 10) {
      await topics.send(topic, intel!.slice(at, at + 10));
      await reaches('intel', intel!.slice(0, at + 10));
      if (at === 200) sink.poison.delete('amd/50');
    }
    await reaches('amd', amd!);
    await reaches('nvidia', nvidia!.slice(0, 7));
    sink.poison.clear();
    await reaches('nvidia', nvidia!);
    await nothingIsParked(feed);
  });

  it('a topic that was created again is read from its start, and no event before the old offset is missed', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, [...someEvents('nvidia', 1, 100), ...someEvents('amd', 1, 50)]);
    const first = start();
    await reaches('nvidia', someEvents('nvidia', 1, 100));
    await reaches('amd', someEvents('amd', 1, 50));
    await first.stop();

    // Filled again, but in another order: nvidia's new events stand where amd's were.
    await topics.delete(topic);
    await topics.make(topic, 1);
    await topics.send(topic, [...someEvents('nvidia', 1, 140), ...someEvents('amd', 1, 60)]);
    start();
    await reaches('nvidia', someEvents('nvidia', 1, 140));
    await reaches('amd', someEvents('amd', 1, 60));
  });

  it('a feed notices while it runs that its topic was created again, and waits while the topic is away', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, [...someEvents('nvidia', 1, 100), ...someEvents('amd', 1, 50)]);
    const feed = start({ checkEvery: 500 });
    await reaches('amd', someEvents('amd', 1, 50));
    await topics.delete(topic);
    await eventually(() => {
      expect(feed.state().state).toBe('retrying');
    });
    await topics.make(topic, 1);
    await topics.send(topic, [...someEvents('nvidia', 1, 140), ...someEvents('amd', 1, 60)]);
    await reaches('nvidia', someEvents('nvidia', 1, 140));
    await reaches('amd', someEvents('amd', 1, 60));
    await nothingIsParked(feed);
  });

  it('a feed reads a ledger on a partition that was added while the feed runs', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, someEvents('nvidia', 1, 10));
    start({ refreshEvery: 500 });
    await reaches('nvidia', someEvents('nvidia', 1, 10));
    await topics.addPartitions(topic, 3);
    await eventually(() => topics.send(topic, someEvents('amd', 1, 10), () => 2));
    await topics.send(topic, someEvents('nvidia', 11, 20));
    await reaches('amd', someEvents('amd', 1, 10));
    await reaches('nvidia', someEvents('nvidia', 1, 20));
  });

  it('a feed logs an error for a record that is no event, and continues after it', async () => {
    await topics.make(topic, 1);
    const [first, ...rest] = someEvents('nvidia', 1, 5);
    await topics.send(topic, [first!, { ledger: 'nvidia', sequence: 2, bytes: Buffer.from('rubbish') }, ...rest]);
    start();
    await reaches('nvidia', someEvents('nvidia', 1, 5));
  });

  it('the offsets that Kafka keeps for the group show lag tools how far a feed has come', async () => {
    await topics.make(topic, 1);
    await topics.send(topic, someEvents('nvidia', 1, 10));
    start({ checkEvery: 200 });
    await reaches('nvidia', someEvents('nvidia', 1, 10));
    const admin = topics.kafka.admin();
    await admin.connect();
    await eventually(async () => {
      const [group] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
      expect(group?.partitions).toMatchObject([{ partition: 0, offset: '10' }]);
    });
    await admin.disconnect();
  });

  it('a feed that starts before its topic exists reads the topic once it does', async () => {
    const feed = start();
    await eventually(() => {
      expect(feed.state().reason).toContain(`cannot read the topic ${topic}`);
    });
    await topics.make(topic, 1);
    await topics.send(topic, someEvents('nvidia', 1, 10));
    await reaches('nvidia', someEvents('nvidia', 1, 10));
    expect(toFeedEvent((await sink.applied('nvidia'))[9]!).sequence).toBe(10);
  });
});
