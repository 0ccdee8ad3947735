import type { Kafka, Producer } from 'kafkajs';
import { Partitioners } from 'kafkajs';
import { toMessage } from '#feed/message';
import type { EventBytes } from '#journal/reader';

/** An event with the partition of its ledger. */
export interface Addressed extends EventBytes {
  readonly partition: number;
}

/** Sends events so that each partition keeps their order. A publisher that has failed cannot be used again: create another. */
export class Publisher {
  readonly #producer: Producer;
  readonly #topic: string;

  constructor(kafka: Kafka, topic: string) {
    this.#topic = topic;
    // With an idempotent producer and one request at a time, sending a request again neither doubles events nor reorders them.
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  /**
   * Resolves when every in-sync replica has all of the batch.
   * @returns the offset of each event, in the order of `batch`
   */
  async send(batch: readonly Addressed[]): Promise<readonly bigint[]> {
    const metadata = await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      timeout: 10_000,
      messages: batch.map((event) => toMessage(event, event.partition)),
    });
    const next = new Map(metadata.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? '-1')]));
    return batch.map(({ partition }) => {
      const offset = next.get(partition);
      // kafkajs drops messages for a partition that it does not know, without an error.
      if (offset === undefined || offset < 0n) throw new Error(`the broker did not acknowledge partition ${partition}`);
      next.set(partition, offset + 1n);
      return offset;
    });
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => undefined);
  }
}
