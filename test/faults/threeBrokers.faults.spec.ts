import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Admin } from 'kafkajs';
import type pg from 'pg';
import { createKafka } from '#feed/kafkaClient';
import { silent } from '#feed/observer';
import { createPool } from '#platform/database/database';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { eventually } from '../feed/eventually.ts';
import { describeKafka } from '../setup/kafka.ts';
import { LEDGER, logsOf, openLedger, type RunningTopology, startTopology } from '../topology/startTopology.ts';
import { journalHas, kafkaHas, readModelsHave } from './everythingThere.ts';
import { Submitters } from './submitters.ts';
import { visible } from './visible.ts';

const PROJECTORS = ['projector', 'second', 'third'] as const;
const SERVICES = {
  ...{ one: 'shipments', two: 'shipments', relay: 'relay', query: 'query' },
  ...{ projector: 'projector', second: 'projector', third: 'projector' },
};
const BROKERS = ['Kafka 1', 'Kafka 2', 'Kafka 3'];
const TOPIC = 'lading.events';
const PARTITIONS = 12;
/** A busy machine may take this long until a broker has caught up, or a group has shared its partitions. Milliseconds. */
const PATIENCE = 120_000;

/** For `npm run faults` alone: three brokers and seven services want more of a machine than `npm test` may take. */
describeKafka('a Kafka of three brokers, with submitters who keep on', () => {
  let running: RunningTopology;
  let pool: pg.Pool;
  let admin: Admin;
  const submitters = new Map<string, Submitters>();

  beforeAll(async () => {
    await ensureBuild();
    running = await startTopology(SERVICES, {
      brokers: BROKERS.length,
      env: { LADING_TOPIC_PARTITIONS: String(PARTITIONS) },
    });
    const { topology } = running;
    for (const name of PROJECTORS.slice(1)) await topology.member(name).stop();
    pool = createPool(topology.databaseUrl, { max: 2 });
    admin = createKafka({ brokers: topology.brokers.split(','), clientId: 'faults' }, silent).admin();
    await admin.connect();
    submittersOf(LEDGER);
  });
  afterAll(async () => {
    for (const name of BROKERS) signal(name, 'SIGCONT');
    await Promise.allSettled([...submitters.values()].map((each) => each.stop()));
    await admin.disconnect();
    await pool.end();
    await running.stop();
  });

  function submittersOf(ledger: string): Submitters {
    const { topology } = running;
    const urls = [topology.url('one'), topology.url('two')];
    const made = new Submitters({ name: 'b', ledger, urls, count: 4, most: 20_000 });
    submitters.set(ledger, made);
    return made;
  }
  const usual = (): Submitters => submitters.get(LEDGER)!;

  function signal(name: string, which: NodeJS.Signals): void {
    running.topology.member(name).signal(which);
  }

  /** Of each partition of the topic: its leader, and the brokers that have all of it. */
  async function partitions() {
    const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] });
    return topics.flatMap((topic) => topic.partitions);
  }
  async function ledgersPartition() {
    const sql = 'SELECT partition FROM feed.relay_cursors WHERE ledger = $1';
    const { partition } = (await pool.query<{ partition: number }>(sql, [LEDGER])).rows[0] ?? { partition: -1 };
    const found = (await partitions()).find(({ partitionId }) => partitionId === partition);
    if (found === undefined) throw new Error(`${LEDGER} is on no partition yet`);
    return found;
  }
  /** Every partition is kept by every broker. */
  const allInSync = () =>
    eventually(async () => {
      expect((await partitions()).map(({ isr }) => isr.length)).toEqual(expect.arrayContaining([BROKERS.length]));
      expect((await partitions()).filter(({ isr }) => isr.length < BROKERS.length)).toEqual([]);
    }, PATIENCE);
  const leaderIsNot = (node: number) =>
    eventually(async () => {
      expect((await ledgersPartition()).leader).not.toBe(node);
      expect((await ledgersPartition()).leader).toBeGreaterThan(0);
    }, PATIENCE);

  /** What is answered from now on becomes visible. @returns how long the first of it took, in milliseconds */
  async function becomesVisible(): Promise<number> {
    await usual().goOn(1);
    const began = performance.now();
    await visible(running.topology.url('query'), Math.max(...usual().answered.values()), PATIENCE);
    return Math.round(performance.now() - began);
  }

  /** Every answered event of every ledger: in the journal, on Kafka byte for byte and in order, and in the read models, once each. */
  async function everythingIsThere(): Promise<number> {
    const { topology } = running;
    await Promise.all([...submitters.values()].map((each) => each.stop()));
    let events = 0;
    for (const [ledger, { answered }] of submitters) {
      const kept = await journalHas(pool, answered, ledger);
      await visible(topology.url('query'), kept.length, PATIENCE, ledger);
      await kafkaHas(topology.brokers, kept, ledger);
      await readModelsHave(topology.url('query'), kept, ledger);
      events += kept.length;
    }
    return events;
  }

  const guarantee = (title: string, test: () => Promise<string>) => {
    it(title, async () => {
      try {
        usual().start();
        await usual().goOn(50);
        const figures = await test();
        process.stderr.write(`[faults] ${figures}; ${await everythingIsThere()} events are there\n`);
      } catch (error) {
        process.stderr.write(`${await logsOf(running.topology, Object.keys(SERVICES))}\n`);
        throw error;
      }
    });
  };

  for (const [index, name] of BROKERS.entries())
    guarantee(`loses nothing, doubles nothing and keeps the order when broker ${index + 1} is killed`, async () => {
      const led = (await partitions()).filter(({ leader }) => leader === index + 1).length;
      const member = running.topology.member(name);
      await member.kill();
      const took = await becomesVisible();
      await usual().goOn(100);
      await becomesVisible();
      await member.start();
      await allInSync();
      await usual().goOn(50);
      return `${name}, which led ${led} partitions, was killed: what came then was visible after ${took} ms`;
    });

  guarantee(
    'loses nothing, doubles nothing and keeps the order when the leader of the partition is moved',
    async () => {
      const { partitionId: partition, leader, replicas } = await ledgersPartition();
      const others = replicas.filter((node) => node !== leader);
      const move = (to: number[]) =>
        admin.alterPartitionReassignments({
          topics: [{ topic: TOPIC, partitionAssignment: [{ partition, replicas: to }] }],
        });
      await move(others);
      await leaderIsNot(leader);
      const took = await becomesVisible();
      await usual().goOn(50);
      await move([...others, leader]);
      await allInSync();
      await usual().goOn(50);
      return `the leader was moved: what came then was visible after ${took} ms`;
    },
  );

  guarantee('loses nothing, doubles nothing and keeps the order when the leader is frozen, and goes on', async () => {
    const { leader } = await ledgersPartition();
    const name = BROKERS[leader - 1] ?? '';
    signal(name, 'SIGSTOP');
    const took = await becomesVisible();
    await leaderIsNot(leader);
    await usual().goOn(100);
    await becomesVisible();
    signal(name, 'SIGCONT');
    await allInSync();
    await usual().goOn(50);
    return `${name} was frozen: what came then was visible after ${took} ms`;
  });

  guarantee('leaves every ledger on its partition when partitions are added, and takes new ledgers', async () => {
    const { partitionId } = await ledgersPartition();
    await admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count: PARTITIONS + 3 }] });
    await usual().goOn(50);
    await openLedger(running.topology.url('one'), 'west');
    const west = submittersOf('west');
    west.start();
    await west.goOn(50);
    expect((await ledgersPartition()).partitionId).toBe(partitionId);
    return `${PARTITIONS} partitions became ${(await partitions()).length}`;
  });

  guarantee(
    'shares the ledgers among three projectors, and goes back to one, and every event is applied once',
    async () => {
      const { topology } = running;
      for (const ledger of ['a', 'b', 'c', 'd']) {
        await openLedger(topology.url('one'), ledger);
        submittersOf(ledger).start();
      }
      submitters.get('west')?.start();
      const goOn = () => Promise.all([...submitters.values()].map((each) => each.goOn(40)));
      const appliedBy = () => Promise.all(PROJECTORS.map(async (name) => (await applied(topology.url(name))) ?? 0));
      await goOn();
      for (const name of PROJECTORS.slice(1)) {
        await topology.member(name).start();
        await topology.becomesReady(name);
      }
      await eventually(async () => {
        await goOn();
        for (const events of await appliedBy()) expect(events).toBeGreaterThan(0);
      }, PATIENCE);
      const shared = await appliedBy();
      for (const name of PROJECTORS.slice(1)) await topology.member(name).stop();
      await goOn();
      return `three projectors applied ${shared.join(', ')} events of ${submitters.size} ledgers`;
    },
  );
});

/** Events that a projector has applied since it started. */
async function applied(url: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = [...text.matchAll(/^lading_projection_events_total\S* (\d+)$/gm)].map(([, value]) => Number(value));
  return found.length === 0 ? undefined : found.reduce((sum, value) => sum + value, 0);
}
