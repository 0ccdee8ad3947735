import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { fillFromJournal } from '#feed/journal';
import { KafkaFeed } from '#feed/kafka';
import { createPool } from '#platform/database/database';
import { startBroker } from '#servers/kafka/broker.mjs';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { someEvents } from '#test/feed/someEvents';
import { TableSink } from '#test/feed/tableSink';
import { describeKafka, freshTopicName } from '#test/setup/kafka';
import { Relay } from './relay.ts';

describeKafka('a broker that is killed with SIGKILL and started again on its data', () => {
  let folder: string;
  let pool: pg.Pool;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-broker-'));
    ({ url } = await freshJournal());
    pool = createPool(url);
  });
  afterAll(async () => {
    await pool.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('when a broker is killed and started again, no event is lost or doubled: relay and consumer wait, say so, and continue', async () => {
    const topic = freshTopicName();
    let broker = await startBroker({ dataDir: folder });
    const connection = { brokers: [broker.brokers], clientId: 'test' };
    const relay = new Relay({ ...connection, url, pool, topic: { topic, partitions: 2 } });
    const feed = new KafkaFeed({ ...connection, topic, group: topic, fill: fillFromJournal(pool) });
    const sink = await TableSink.on(pool);
    void relay.run();
    void feed.run(sink);
    const stands = (sequence: number) =>
      eventually(async () => {
        expect((await sink.positions()).get('nvidia')).toBe(sequence);
      });
    try {
      await append(pool, someEvents('nvidia', 1, 500));
      await stands(500);

      // Killed in the middle of sending.
      for (let from = 501; from < 1_500; from += 100) await append(pool, someEvents('nvidia', from, from + 99));
      await broker.kill();
      await append(pool, someEvents('nvidia', 1_501, 1_600));
      await eventually(() => {
        expect(relay.state()).toMatchObject({ state: 'waiting' });
        expect(feed.state()).toMatchObject({ state: 'retrying' });
      });

      broker = await startBroker({ dataDir: folder });
      await stands(1_600);
      const whole = Buffer.concat(someEvents('nvidia', 1, 1_600).map(({ bytes }) => bytes));
      expect(Buffer.concat(await sink.applied('nvidia')).equals(whole)).toBe(true);
      await eventually(() => {
        expect([relay.state().state, feed.state().state]).toEqual(['publishing', 'running']);
      });
      await append(pool, someEvents('nvidia', 1_601, 1_610));
      await stands(1_610);
    } finally {
      await Promise.all([relay.stop(), feed.stop()]);
      await broker.kill();
    }
  });
});
