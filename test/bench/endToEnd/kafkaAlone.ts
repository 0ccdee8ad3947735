import { createKafka } from '#feed/kafkaClient';
import { silent } from '#feed/observer';
import { ensureTopic } from '#feed/topic';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLoop } from './openLoop.ts';

const TOPIC = 'bench.limit';
const VALUE_BYTES = 900;

/**
 * What Kafka and its client do without us: milliseconds from when a message of an event's size was due to when a consumer in the
 * same process has it, at this rate, on one partition. Sent as the relay sends: all that is due, as soon as the one before is
 * acknowledged by all replicas.
 */
export async function kafkaAlone(brokers: string, rate: number, count: number): Promise<number[]> {
  const kafka = createKafka({ brokers: [brokers], clientId: 'bench' }, silent);
  await ensureTopic(kafka, { topic: TOPIC, partitions: 1 });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const consumer = kafka.consumer({
    groupId: `bench-${Date.now()}`,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  await Promise.all([producer.connect(), consumer.connect()]);
  const latencies: number[] = [];
  const state = { ready: false, sending: false };
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: false });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { messages } }) => {
      const now = performance.now();
      for (const { key } of messages) {
        if (Number(key) < 0) state.ready = true;
        else latencies.push(now - Number(key));
      }
      return Promise.resolve();
    },
  });
  try {
    // It has no place in the log before its first fetch.
    while (!state.ready) {
      await producer.send({ topic: TOPIC, messages: [{ key: '-1', value: null }] });
      await sleep(50);
    }
    let due: { key: string; value: Buffer }[] = [];
    let sending = Promise.resolve();
    const drain = async () => {
      state.sending = true;
      while (due.length > 0) {
        const messages = due;
        due = [];
        await producer.send({ topic: TOPIC, acks: -1, messages });
      }
      state.sending = false;
    };
    await openLoop(rate, count, (_, planned) => {
      due.push({ key: String(planned), value: Buffer.alloc(VALUE_BYTES, 120) });
      if (!state.sending) sending = drain();
    });
    await sending;
    const deadline = Date.now() + 10_000;
    while (latencies.length < count && Date.now() < deadline) await sleep(10);
    if (latencies.length < count) throw new Error(`${latencies.length} of ${count} messages came`);
    return latencies;
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  }
}
