import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigResourceTypes } from 'kafkajs';
import type pg from 'pg';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import type { EventBytes } from '#journal/reader';
import { relayStatus } from '#feed/status';
import { createPool } from '#platform/database/database';
import { eventually } from '#test/feed/eventually';
import { append, freshJournal } from '#test/feed/seedJournal';
import { anEvent, someEvents } from '#test/feed/someEvents';
import { startRelayProcess } from '#test/feed/startRelayProcess';
import { Topics } from '#test/feed/topics';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { Relay, type RelayOptions } from './relay.ts';

describeKafka('the relay', () => {
  let topic: string;
  let topics: Topics;
  let url: string;
  let pool: pg.Pool;
  const relays: Relay[] = [];
  const processes: ReturnType<typeof startRelayProcess>[] = [];

  beforeEach(async () => {
    topic = freshTopicName();
    topics = new Topics(brokers());
    ({ url } = await freshJournal());
    pool = createPool(url);
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
    for (const { child } of processes.splice(0)) child.kill('SIGKILL');
    await topics.delete(topic).catch(() => undefined);
    await pool.end();
  });

  const start = (options: Partial<RelayOptions> = {}): Relay => {
    const connection = { url, pool, brokers: brokers(), clientId: 'test-relay' };
    const relay = new Relay({ ...connection, topic: { topic, partitions: 3 }, ...options });
    relays.push(relay);
    void relay.run();
    return relay;
  };
  const startProcess = (...rest: string[]) => {
    const relay = startRelayProcess(url, brokers()[0]!, topic, ...rest);
    processes.push(relay);
    return relay;
  };

  /** What a reader of the topic gets of a ledger, in the order of the log, and on which partitions. */
  const published = async (ledger: string) => {
    const records = (await topics.read(topic)).filter(({ message }) => message.key?.toString() === ledger);
    return {
      partitions: [...new Set(records.map(({ partition }) => partition))],
      sequences: records.map(({ message }) => Number(message.headers?.sequence?.toString())),
      bytes: records.map(({ message }) => message.value!),
      messages: records.map(({ message }) => message),
    };
  };
  const isPublished = (ledger: string, events: readonly EventBytes[]) =>
    eventually(async () => {
      const { sequences, bytes } = await published(ledger);
      expect(sequences).toEqual(events.map(({ sequence }) => sequence));
      expect(Buffer.concat(bytes).equals(Buffer.concat(events.map((event) => event.bytes)))).toBe(true);
    });
  /** Every sequence is there, and none appears before the one that precedes it. */
  const isWhole = async (ledger: string, last: number) => {
    const { sequences } = await published(ledger);
    let seen = 0;
    for (const sequence of sequences) {
      expect(sequence).toBeLessThanOrEqual(seen + 1);
      seen = Math.max(seen, sequence);
    }
    expect(seen).toBe(last);
    return sequences.length;
  };

  it('the relay publishes every event of every ledger once and in order, byte for byte, each ledger on one partition', async () => {
    await append(pool, [...someEvents('nvidia', 1, 2_500), ...someEvents('amd', 1, 10)]);
    const relay = start();
    await isPublished('nvidia', someEvents('nvidia', 1, 2_500));
    expect(relay.state()).toEqual({ state: 'publishing' });
    await append(pool, [...someEvents('amd', 11, 20), ...someEvents('dojo', 1, 5)]);
    await isPublished('amd', someEvents('amd', 1, 20));
    await isPublished('dojo', someEvents('dojo', 1, 5));

    const all = await Promise.all(['nvidia', 'amd', 'dojo'].map(published));
    expect(all.map(({ partitions }) => partitions.length)).toEqual([1, 1, 1]);
    expect(new Set(all.flatMap(({ partitions }) => partitions)).size).toBe(3);
    expect(all[1]!.messages[0]!.headers).toEqual({
      'content-type': Buffer.from('application/cloudevents+json'),
      ledger: Buffer.from('amd'),
      sequence: Buffer.from('1'),
    });
  });

  it('the relay publishes events of every size to a topic that takes messages of no more than the largest, and to one that is told to meanwhile', async () => {
    await topics.make(topic, 1, { 'retention.ms': '-1', 'max.message.bytes': '1048588' });
    const large = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => anEvent('nvidia', from + at, 'x'.repeat((at * 7_919) % 65_000)));
    await append(pool, large(1, 40));
    const relay = start();
    await isPublished('nvidia', large(1, 40));
    const admin = topics.kafka.admin();
    await admin.connect();
    const configEntries = [
      { name: 'retention.ms', value: '-1' },
      { name: 'max.message.bytes', value: String(MAX_EVENT_BYTES + 4_096) },
    ];
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
    await admin.disconnect();
    const more = [...large(41, 80), ...someEvents('nvidia', 81, 1_500)];
    await append(pool, [...more, ...someEvents('amd', 1, 500)]);
    await isPublished('nvidia', [...large(1, 40), ...more]);
    await isPublished('amd', someEvents('amd', 1, 500));
    await eventually(() => {
      expect(relay.state()).toEqual({ state: 'publishing' });
    });
  });

  it('the status of the relay says how far each ledger is published, and why the relay does not publish', async () => {
    expect(await relayStatus(pool)).toEqual([]);
    await append(pool, someEvents('nvidia', 1, 10));
    const relay = start();
    await eventually(async () => {
      expect(await relayStatus(pool)).toEqual([
        {
          consumer: 'relay',
          ledger: 'nvidia',
          version: null,
          sequence: 10,
          head: 10,
          lagEvents: 0,
          lagSeconds: 0,
          state: 'live',
        },
      ]);
    });
    await relay.stop();
    await append(pool, someEvents('nvidia', 11, 12));
    expect(await relayStatus(pool)).toMatchObject([{ sequence: 10, head: 12, lagEvents: 2, state: 'catching-up' }]);
    await pool.query(`UPDATE feed.relay_status SET updated = now() - interval '1 minute'`);
    expect(await relayStatus(pool)).toMatchObject([
      { state: 'parked', reason: expect.stringMatching(/^no relay has been publishing for \d\d s$/) },
    ]);
  });

  it('the relay leaves every ledger on its partition when partitions are added, and puts new ledgers on the new ones', async () => {
    await append(pool, [...someEvents('nvidia', 1, 5), ...someEvents('amd', 1, 5)]);
    const first = start({ topic: { topic, partitions: 1 } });
    await isPublished('amd', someEvents('amd', 1, 5));
    await first.stop();
    await topics.addPartitions(topic, 4);

    start();
    await append(pool, [...someEvents('nvidia', 6, 10), ...someEvents('amd', 6, 10), ...someEvents('dojo', 1, 5)]);
    await isPublished('nvidia', someEvents('nvidia', 1, 10));
    await isPublished('amd', someEvents('amd', 1, 10));
    await isPublished('dojo', someEvents('dojo', 1, 5));
    expect((await published('nvidia')).partitions).toEqual([0]);
    expect((await published('amd')).partitions).toEqual([0]);
    expect((await published('dojo')).partitions).toEqual([1]);
  });

  it('a topic that was deleted and created again while the relay was stopped is filled from the start', async () => {
    await append(pool, [...someEvents('nvidia', 1, 1_200), ...someEvents('amd', 1, 10)]);
    const first = start();
    await isPublished('nvidia', someEvents('nvidia', 1, 1_200));
    await isPublished('amd', someEvents('amd', 1, 10));
    await first.stop();
    await topics.delete(topic);
    await topics.make(topic, 3);
    // Something else stands where events stood: an offset alone would prove nothing.
    await topics.send(topic, someEvents('other', 1, 1_500), () => 0);

    start();
    await isPublished('nvidia', someEvents('nvidia', 1, 1_200));
    await isPublished('amd', someEvents('amd', 1, 10));
  });

  it('a topic that is deleted while the relay runs is created again with its settings and filled from the start', async () => {
    await append(pool, someEvents('nvidia', 1, 50));
    start({ checkEvery: 300 });
    await isPublished('nvidia', someEvents('nvidia', 1, 50));
    await topics.delete(topic);
    await eventually(async () => {
      await isWhole('nvidia', 50);
    });
    await append(pool, someEvents('nvidia', 51, 60));
    await isPublished('nvidia', someEvents('nvidia', 1, 60));
  });

  it('the relay notices by the next offset that its topic was created again, and fills the topic from the start', async () => {
    await append(pool, someEvents('nvidia', 1, 50));
    start({ checkEvery: 3_600_000, pollEvery: 3_600_000 });
    await isPublished('nvidia', someEvents('nvidia', 1, 50));
    await topics.delete(topic);
    await topics.make(topic, 3);
    await append(pool, someEvents('nvidia', 51, 60));
    await eventually(async () => {
      const { sequences } = await published('nvidia');
      expect(sequences.slice(sequences.indexOf(1))).toEqual(
        someEvents('nvidia', 1, 60).map(({ sequence }) => sequence),
      );
    });
  });

  it('a ledger whose partition is gone moves to another one, and is published from its start', async () => {
    await append(pool, [...someEvents('nvidia', 1, 5), ...someEvents('amd', 1, 5)]);
    const first = start({ topic: { topic, partitions: 2 } });
    await isPublished('amd', someEvents('amd', 1, 5));
    await isPublished('nvidia', someEvents('nvidia', 1, 5));
    await first.stop();
    await topics.delete(topic);
    await topics.make(topic, 1);
    start();
    await isPublished('nvidia', someEvents('nvidia', 1, 5));
    await isPublished('amd', someEvents('amd', 1, 5));
  });

  it('a relay stands by while another one publishes, and takes over without a gap when that one stops', async () => {
    await append(pool, someEvents('nvidia', 1, 100));
    const first = start();
    await isPublished('nvidia', someEvents('nvidia', 1, 100));
    const second = start();
    await eventually(() => {
      expect(second.state()).toEqual({ state: 'standing-by' });
    });
    await append(pool, someEvents('nvidia', 101, 200));
    await first.stop();
    await append(pool, someEvents('nvidia', 201, 300));
    await isPublished('nvidia', someEvents('nvidia', 1, 300));
    expect(second.state()).toEqual({ state: 'publishing' });
  });

  it('a relay that is killed between the acknowledgement and storing its cursor sends some events twice and loses none', async () => {
    await append(pool, someEvents('nvidia', 1, 300));
    const { exited } = startProcess('die');
    await exited;
    const sent = (await published('nvidia')).sequences.length;
    expect(sent).toBeGreaterThan(0);
    const { rows } = await pool.query('SELECT sequence FROM feed.relay_cursors');
    expect(rows).toEqual([{ sequence: 0 }]);

    start();
    await append(pool, someEvents('nvidia', 301, 310));
    await eventually(async () => {
      expect(await isWhole('nvidia', 310)).toBe(310 + sent);
    });
  });

  it('a relay that is frozen is replaced, and when it continues it overwrites nothing that its successor stored', async () => {
    await append(pool, someEvents('nvidia', 1, 10));
    const { child, publishing } = startProcess();
    await publishing;
    await isPublished('nvidia', someEvents('nvidia', 1, 10));
    child.kill('SIGSTOP');
    await append(pool, someEvents('nvidia', 11, 20));
    const second = start();
    await eventually(() => isWhole('nvidia', 20));
    expect(second.state()).toEqual({ state: 'publishing' });

    child.kill('SIGCONT');
    await append(pool, someEvents('nvidia', 21, 30));
    await eventually(async () => {
      await isWhole('nvidia', 30);
      const { rows } = await pool.query('SELECT sequence FROM feed.relay_cursors');
      expect(rows).toEqual([{ sequence: 30 }]);
    });
  });

  it('a relay continues by itself after its connections to PostgreSQL were cut', async () => {
    await append(pool, someEvents('nvidia', 1, 10));
    const relay = start();
    await isPublished('nvidia', someEvents('nvidia', 1, 10));
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`,
    );
    await append(pool, someEvents('nvidia', 11, 20));
    await eventually(async () => {
      await isWhole('nvidia', 20);
      expect(relay.state()).toEqual({ state: 'publishing' });
    });
  });

  it('the relay publishes nothing into a topic that would delete events, and says what to do', async () => {
    await topics.make(topic, 1, { 'retention.ms': '604800000' });
    await append(pool, someEvents('nvidia', 1, 10));
    const relay = start();
    await eventually(async () => {
      expect(relay.state()).toMatchObject({ state: 'waiting' });
      expect(relay.state().reason).toContain('retention.ms is 604800000 and must be -1');
      expect(await relayStatus(pool)).toMatchObject([{ state: 'parked', sequence: 0, head: 10 }]);
    });
    expect(await topics.read(topic)).toEqual([]);
  });
});
