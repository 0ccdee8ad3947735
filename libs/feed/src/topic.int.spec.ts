import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Admin, ConfigResourceTypes } from 'kafkajs';
import { Topics } from '#test/feed/topics';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { ensureTopic } from './topic.ts';

describeKafka('the topic', () => {
  let topic: string;
  let topics: Topics;
  let admin: Admin;
  beforeEach(async () => {
    topic = freshTopicName();
    topics = new Topics(brokers());
    admin = topics.kafka.admin();
    await admin.connect();
  });
  afterEach(async () => {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });
  it('an absent topic is created so that nothing in it is ever deleted and the largest event fits', async () => {
    expect(await ensureTopic(topics.kafka, { topic, minInSyncReplicas: 1, replicationFactor: 1 })).toMatchObject({
      made: true,
    });
    const { topics: made } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(made[0]!.partitions).toHaveLength(6);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = Object.fromEntries(resources[0]!.configEntries.map((one) => [one.configName, one.configValue]));
    expect(entries).toMatchObject({
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'cleanup.policy': 'delete',
      'min.insync.replicas': '1',
    });
    expect(Number(entries['max.message.bytes'])).toBeGreaterThan(65_535);
    const messageBytes = Number(entries['max.message.bytes']);
    expect(await ensureTopic(topics.kafka, { topic, minInSyncReplicas: 1 })).toEqual({ made: false, messageBytes });
  });

  it('a topic is created once when several relays start at the same time', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => ensureTopic(topics.kafka, { topic, partitions: 2 })));
    expect(answers.filter(({ made }) => made).length).toBeLessThanOrEqual(1);
    expect(await ensureTopic(topics.kafka, { topic, partitions: 3 })).toMatchObject({ made: false });
    const { topics: made } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(made[0]!.partitions).toHaveLength(2);
  });

  it('a topic from which the broker would delete events is refused, with the command that corrects it', async () => {
    await topics.make(topic, 1, { 'retention.ms': '604800000', 'cleanup.policy': 'compact' });
    const refused = await ensureTopic(topics.kafka, { topic }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'TopicError' });
    const { message } = refused as Error;
    expect(message).toContain('retention.ms is 604800000 and must be -1');
    expect(message).toContain('cleanup.policy is compact and must be delete');
    expect(message).toContain(`--entity-name ${topic} --add-config retention.ms=-1,cleanup.policy=delete`);
  });

  it('a topic is refused when the largest event would not fit, or when fewer replicas than configured must have it', async () => {
    await topics.make(topic, 1, { 'retention.ms': '-1', 'max.message.bytes': '50000' });
    await expect(ensureTopic(topics.kafka, { topic, minInSyncReplicas: 2 })).rejects.toThrow(
      /max.message.bytes is 50000 and must be 1048588.*min.insync.replicas is 1 and must be 2/,
    );
  });

  it('the error for a topic that cannot be created says why', async () => {
    await expect(ensureTopic(topics.kafka, { topic, replicationFactor: 3 })).rejects.toThrow(
      /could not be made with 6 partitions and 3 replicas/,
    );
  });
});
