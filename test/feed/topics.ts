import { Kafka, type KafkaMessage, logLevel, Partitioners } from 'kafkajs';
import { KafkaLog } from '#feed/kafkaLog';
import { toMessage } from '#feed/message';
import type { EventBytes } from '#journal/reader';
import { eventually } from './eventually.ts';

/** Settings of a topic of which nothing is ever deleted. */
const KEPT = { 'retention.ms': '-1' };

/** What a test does to a topic behind the back of those under test. */
export class Topics {
  readonly kafka: Kafka;

  constructor(readonly brokers: readonly string[]) {
    this.kafka = new Kafka({
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 20, maxRetryTime: 500 },
    });
  }

  async make(topic: string, partitions = 2, settings: Readonly<Record<string, string>> = KEPT): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.#asAdmin(async (admin) => {
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, configEntries }],
        // kafkajs gives up waiting when the broker does not know the topic yet, which it may say for a moment.
        waitForLeaders: false,
      });
      await eventually(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const leaders = topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? [];
        if (leaders.length !== partitions)
          throw new Error(`${leaders.length} of ${partitions} partitions have a leader`);
      });
    });
  }

  async delete(topic: string): Promise<void> {
    await this.#asAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  async addPartitions(topic: string, count: number): Promise<void> {
    await this.#asAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }));
  }

  /** Sends events as the relay would, in batches. */
  async send(
    topic: string,
    events: readonly EventBytes[],
    partition: (ledger: string) => number = () => 0,
  ): Promise<void> {
    const producer = this.kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    for (let from = 0; from < events.length; from += 500)
      await producer.send({
        topic,
        acks: -1,
        messages: events.slice(from, from + 500).map((event) => toMessage(event, partition(event.ledger))),
      });
    await producer.disconnect();
  }

  /** Everything that is in the topic, partition by partition. */
  async read(topic: string): Promise<readonly { partition: number; message: KafkaMessage }[]> {
    const log = new KafkaLog(this.kafka, topic);
    try {
      const records: { partition: number; message: KafkaMessage }[] = [];
      for (const { partition, start, end } of await log.extents(await log.partitions())) {
        for (let next = start; next < end; ) {
          const messages = await log.read(partition, next, 1_000_000);
          records.push(...messages.map((message) => ({ partition, message })));
          next = BigInt(messages.at(-1)?.offset ?? end) + 1n;
        }
      }
      return records;
    } finally {
      await log.close();
    }
  }

  async #asAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
