import { feedContract } from '#test/feed/feedContract';
import { Topics } from '#test/feed/topics';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { KafkaFeed } from './kafka.ts';

describeKafka('a Kafka topic', () => {
  feedContract({ endless: true, secondHand: true }, async () => {
    const topic = freshTopicName();
    const topics = new Topics(brokers());
    await topics.make(topic);
    return {
      publish: (events) => topics.send(topic, events, (ledger) => (ledger === 'nvidia' ? 0 : 1)),
      feed: (options) =>
        new KafkaFeed({ brokers: brokers(), clientId: 'test', topic, group: topic, checkEvery: 200, ...options }),
      close: () => topics.delete(topic),
    };
  });
});
