import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKafka } from '#feed/kafkaClient';
import { KafkaLog } from '#feed/kafkaLog';
import { silent } from '#feed/observer';
import { aKeeper, anEvent, checkpointOf, type Signer, someEvents } from '#test/audit/signedLedger';
import { Topics } from '#test/feed/topics';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { CannotSay } from '../verdict.ts';
import { Verifier } from '../verifier.ts';
import { fromKafka } from './kafka.ts';

describeKafka('a ledger in Kafka', () => {
  const [events, checkpoints] = [freshTopicName(), freshTopicName()];
  const ledger = 'nvidia';
  let topics: Topics;
  let keeper: Signer;
  const all = someEvents(20);
  beforeAll(async () => {
    topics = new Topics(brokers());
    keeper = await aKeeper();
    await topics.make(events);
    await topics.make(checkpoints, 1);
    await send(1, all);
    await note(12);
  });
  afterAll(async () => {
    await topics.delete(events);
    await topics.delete(checkpoints);
  });

  const send = (from: number, bytes: readonly Buffer[]) =>
    topics.send(
      events,
      bytes.map((one, i) => ({ ledger, sequence: from + i, bytes: one })),
    );

  async function note(size: number, of = all): Promise<void> {
    const producer = topics.kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const value = await checkpointOf(of.slice(0, size), keeper);
    await producer.send({ topic: checkpoints, messages: [{ key: keeper.key.name, value }] });
    await producer.disconnect();
  }

  async function verify(from = events, with_ = checkpoints) {
    const kafka = createKafka({ brokers: brokers(), clientId: 'audit' }, silent);
    const logs = { events: new KafkaLog(kafka, from), checkpoints: new KafkaLog(kafka, with_) };
    const trust = { keys: [keeper.key], witnesses: [], quorum: 0 };
    try {
      const source = fromKafka({ ...logs, ledger, origin: keeper.key.name, patience: 300 });
      return await new Verifier({ ledger, trust, fold: true }).verify(source);
    } finally {
      await Promise.all([logs.events.close(), logs.checkpoints.close()]);
    }
  }

  it('cannot be said to be as it was signed where a topic is not there: of the checkpoints, or of the events', async () => {
    await expect(verify(events, 'no-checkpoints')).rejects.toThrow(CannotSay);
    await expect(verify('no-events')).rejects.toThrow('Kafka does not have the topic of the events');
  });

  it('is verified from its topics alone; what a relay says once more is passed over, and other bytes in its place are found', async () => {
    expect(await verify()).toMatchObject({ checkpoint: { size: 12 }, uncovered: 8, repeated: 0 });
    await send(19, all.slice(18));
    expect(await verify()).toMatchObject({ repeated: 2 });
    await note(22, [...all, anEvent(21), anEvent(22)]);
    await expect(verify()).rejects.toMatchObject({ first: 21, last: 22, lastGood: 20 });
    await send(20, [anEvent(20, { quantity: 1 })]);
    await expect(verify()).rejects.toMatchObject({ first: 20, what: 'it stands there twice, and not the same' });
  });
});
