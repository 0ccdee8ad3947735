import { type Kafka, type KafkaMessage, Partitioners } from 'kafkajs';
import { createKafka, type KafkaConnection } from '#feed/kafkaClient';
import { KafkaLog } from '#feed/kafkaLog';
import type { FeedLog } from '#feed/observer';
import { persist, reasonOf } from '#feed/runner';
import { ensureTopic, type TopicSettings } from '#feed/topic';
import { Signal } from '#platform/database/signal';

/** Of records that are read at once. */
const READ_BYTES = 1_000_000;
const BACKOFF = { first: 200, most: 5_000 };

/** What the broker writes where a transaction ends, which kafkajs gives out among the records. */
const isMark = (message: KafkaMessage): boolean =>
  (message as { readonly isControlRecord?: boolean }).isControlRecord === true;

/** A checkpoint as it stands in the topic: the key is the origin of its log, the value the signed note. */
export interface PublishedNote {
  readonly origin: string;
  readonly note: Buffer;
}

/** All checkpoints that the topic has: the newest of each log, and older ones that are not compacted away yet. */
export async function* readCheckpointTopic(kafka: Kafka, topic: string): AsyncGenerator<PublishedNote> {
  const records = new KafkaLog(kafka, topic);
  try {
    for (const { partition, start, end } of await records.extents(await records.partitions()))
      for (let at = start; at < end; ) {
        const messages = await records.read(partition, at, READ_BYTES);
        for (const message of messages)
          if (message.key !== null && message.value !== null && !isMark(message))
            yield { origin: message.key.toString(), note: message.value };
        const last = messages.at(-1);
        // The end of the log may have been compacted away.
        if (last === undefined) break;
        at = BigInt(last.offset) + 1n;
      }
  } finally {
    await records.close();
  }
}

interface CheckpointTopicOptions extends KafkaConnection {
  readonly topic: TopicSettings;
  readonly log: FeedLog;
  readonly stop: AbortSignal;
  /** What the origins of all that is published begin with. */
  readonly base: string;
  /** Rejects when this process is not the one that signs any more. */
  readonly stillLeads: () => Promise<unknown>;
}

/** For so long a transaction of a process that was killed holds up who reads. Milliseconds. */
const TRANSACTION_MS = 10_000;

/**
 * Publishes checkpoints to the compacted topic. While Kafka is away only the newest of each log waits.
 *
 * The last record of a log is the one that stays, so a signer that was frozen and replaced must not write one more. The broker sees to
 * that: of all producers with one transactional id it takes records only of the one that came last. Whoever comes makes sure after that
 * it still leads; so every later leader comes later here as well, and shuts this one out.
 */
export class CheckpointTopic {
  readonly #options: CheckpointTopicOptions;
  readonly #waiting = new Map<string, Buffer>();
  readonly #signal = new Signal();
  #trouble: string | undefined;
  #sending: Promise<unknown> = Promise.resolve();

  private constructor(options: CheckpointTopicOptions) {
    this.#options = options;
  }

  /** Makes the topic when it is absent, and reads what was published. Rejects while Kafka is away. */
  static async open(
    options: CheckpointTopicOptions,
    onPublished: (published: PublishedNote) => Promise<void>,
  ): Promise<CheckpointTopic> {
    const kafka = createKafka(options, options.log);
    await ensureTopic(kafka, { ...options.topic, keeps: 'the newest' }, options.log);
    for await (const published of readCheckpointTopic(kafka, options.topic.topic)) await onPublished(published);
    const topic = new CheckpointTopic(options);
    topic.#sending = topic.#run();
    return topic;
  }

  /** Why it cannot publish at the moment. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  publish({ origin, note }: PublishedNote): void {
    this.#waiting.set(origin, note);
    this.#signal.set();
  }

  /** Resolves when nothing is sent any more; `stop` of the options has been aborted. */
  async close(): Promise<void> {
    await this.#sending;
  }

  #run(): Promise<unknown> {
    const { stop, log } = this.#options;
    return persist((running) => this.#send(running), {
      ...{ stop, backoff: BACKOFF },
      onFailure: ({ error, failures, delay }) => {
        this.#trouble = `cannot publish checkpoints to Kafka: ${reasonOf(error)}`;
        if (failures === 1) log.warn({ err: error }, `${this.#trouble}; trying again in ${delay} ms`);
      },
    });
  }

  async #send(running: () => void): Promise<void> {
    const { topic, stop, log, base, stillLeads } = this.#options;
    // One that was replaced does not even try: to come would shut out who leads now.
    await stillLeads();
    const producer = createKafka(this.#options, log).producer({
      ...{ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
      ...{ transactionalId: `lading-signer ${topic.topic} ${base}`, transactionTimeout: TRANSACTION_MS },
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      while (!stop.aborted) {
        const sent = [...this.#waiting];
        if (sent.length > 0) {
          // The first one comes in the place of all producers before.
          const transaction = await producer.transaction();
          await stillLeads();
          await transaction.send({
            ...{ topic: topic.topic, acks: -1, timeout: 10_000 },
            messages: sent.map(([key, value]) => ({ key, value })),
          });
          await transaction.commit();
          // One that is newer by now waits for the next round.
          for (const [origin, note] of sent) if (this.#waiting.get(origin) === note) this.#waiting.delete(origin);
        }
        this.#trouble = undefined;
        running();
        if (this.#waiting.size === 0) await this.#signal.wait(stop);
      }
    } finally {
      await producer.disconnect().catch(() => undefined);
    }
  }
}
