import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Publisher } from '#apps/relay/src/publisher';
import { Relay } from '#apps/relay/src/relay';
import type { Applied, Sink } from '#feed/feed';
import { KafkaFeed } from '#feed/kafka';
import { createKafka } from '#feed/kafkaClient';
import type { EventBytes } from '#journal/reader';
import { feedMigrations } from '#feed/migrations/feedMigrations';
import { silent } from '#feed/observer';
import { ensureTopic } from '#feed/topic';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { startBroker } from '#servers/kafka/broker.mjs';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { append } from '#test/feed/seedJournal';
import { anEvent } from '#test/feed/someEvents';
import { below, type Figure, shareOf } from './figure.ts';
import { temporaryFolder } from '#test/setup/temporaryFolder';

export const name = 'relay';

const EVENTS = 60_000;
const PER_SECOND = 1_000;
const SECONDS = 10;
/** Makes an event as long as an order: about 850 bytes. */
const NOTE = 'x'.repeat(450);

/** Journal to Kafka: how many a second, against the same messages sent by kafkajs in batches of 1,000; and how soon. */
export async function run(): Promise<Figure[]> {
  const folder = await temporaryFolder('bench-relay');
  const [cluster, broker] = await Promise.all([
    startCluster({ dataDir: join(folder, 'postgres') }),
    startBroker({ dataDir: join(folder, 'kafka') }),
  ]);
  try {
    await migrate(cluster.url, feedMigrations);
    const pool = createPool(cluster.url);
    const world = { url: cluster.url, pool, brokers: [broker.brokers], clientId: 'bench' };
    const figures = await measure(world);
    await pool.end();
    return figures;
  } finally {
    await Promise.all([cluster.stop(), broker.kill()]);
    await rm(folder, { recursive: true, force: true });
  }
}

interface World {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly brokers: readonly string[];
  readonly clientId: string;
}

async function measure(world: World): Promise<Figure[]> {
  const events = Array.from({ length: EVENTS }, (_, index) => anEvent('bench', index + 1, NOTE));
  for (let from = 0; from < EVENTS; from += 1_000) await append(world.pool, events.slice(from, from + 1_000));
  const plain = EVENTS / (await sendPlainly(world, events));

  const topic = { topic: 'bench', partitions: 6 };
  const relay = new Relay({ ...world, topic });
  const relayed = await timed(async () => {
    void relay.run();
    await relayHas(world.pool, EVENTS);
  });

  const sink = new LatencySink();
  const feed = new KafkaFeed({ ...world, topic: topic.topic, group: 'bench' });
  void feed.run(sink);
  while (sink.position < EVENTS) await sleep(20);
  const waits = await steadily(world.pool, sink);
  await Promise.all([relay.stop(), feed.stop()]);

  const at = (share: number) => Math.round((waits[Math.floor(waits.length * share)] ?? 0) * 10) / 10;
  return [
    shareOf('relay, journal to Kafka', 'events/s', Math.round(EVENTS / relayed), Math.round(plain), 0.5),
    below('append to consumer at 1,000 events/s, p50', 'ms', at(0.5), 25),
    below('append to consumer at 1,000 events/s, p99', 'ms', at(0.99), 100),
  ];
}

async function sendPlainly(world: World, events: readonly EventBytes[]): Promise<number> {
  const kafka = createKafka(world, silent);
  await ensureTopic(kafka, { topic: 'plain', partitions: 6 });
  const publisher = new Publisher(kafka, 'plain');
  await publisher.connect();
  const batches: EventBytes[][] = [];
  for (let from = 0; from < EVENTS; from += 1_000) batches.push(events.slice(from, from + 1_000));
  const seconds = await timed(async () => {
    for (const batch of batches) await publisher.send(batch.map((event) => ({ ...event, partition: 0 })));
  });
  await publisher.close();
  return seconds;
}

/** Appends one event each millisecond or so. @returns the milliseconds from each COMMIT's notification to the sink, sorted */
async function steadily(pool: pg.Pool, sink: LatencySink): Promise<number[]> {
  const began = performance.now();
  let sent = 0;
  while (sent < PER_SECOND * SECONDS) {
    const due = Math.floor(((performance.now() - began) * PER_SECOND) / 1_000) - sent;
    if (due > 0) {
      const next = Array.from({ length: due }, (_, index) => anEvent('bench', EVENTS + sent + index + 1, NOTE));
      sent += due;
      for (const { sequence } of next) sink.committed.set(sequence, performance.now());
      await append(pool, next);
    }
    await sleep(2);
  }
  while (sink.position < EVENTS + sent) await sleep(20);
  return sink.waits.sort((a, b) => a - b);
}

async function relayHas(pool: pg.Pool, sequence: number): Promise<void> {
  const sql = 'SELECT sequence FROM feed.relay_cursors';
  while (((await pool.query<{ sequence: number }>(sql)).rows[0]?.sequence ?? 0) < sequence) await sleep(10);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

/** Keeps nothing but when each event came. */
class LatencySink implements Sink {
  position = 0;
  readonly committed = new Map<number, number>();
  readonly waits: number[] = [];

  async positions(): Promise<ReadonlyMap<string, number>> {
    return new Map([['bench', this.position]]);
  }

  async apply(_ledger: string, events: readonly { readonly sequence: number }[]): Promise<Applied> {
    const now = performance.now();
    for (const { sequence } of events) {
      const committed = this.committed.get(sequence);
      if (committed !== undefined) this.waits.push(now - committed);
      this.position = sequence;
    }
    return { outcome: 'applied', sequence: this.position };
  }

  async stopAtHole(_ledger: string, sequence: number, got: number): Promise<void> {
    throw new Error(`a hole between ${sequence} and ${got}`);
  }
}
