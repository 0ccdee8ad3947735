import type { Kafka } from 'kafkajs';
import { Consumption, type ConsumptionOptions } from './consumption.ts';
import { type Feed, type FeedState, feedState, type Sink } from './feed.ts';
import { createKafka, type KafkaConnection } from './kafkaClient.ts';
import { KafkaLog } from './kafkaLog.ts';
import { KafkaMember } from './kafkaMember.ts';
import { type FeedLog, silent } from './observer.ts';
import { Runner } from './runner.ts';

export interface KafkaFeedOptions extends KafkaConnection, ConsumptionOptions {
  readonly topic: string;
  /** The consumer group: one for every set of positions (a read model's version), shared by the processes that fill it. */
  readonly group: string;
  /** Milliseconds between two checks whether the log is still the same. */
  readonly checkEvery?: number | undefined;
  /** Milliseconds after which new partitions of the topic are seen, and with them new ledgers. */
  readonly refreshEvery?: number | undefined;
  /** Milliseconds that a rebalance waits for a member that is still applying; after that it continues without that member. */
  readonly rebalanceTimeout?: number | undefined;
}

/**
 * Every ledger's events from Kafka. The sink stores the positions. Kafka's own committed offsets are written for lag tools
 * only: exactly-once depends on the sequence and on no setting of the broker.
 */
export class KafkaFeed implements Feed {
  readonly #options: KafkaFeedOptions;
  readonly #log: FeedLog;
  readonly #kafka: Kafka;
  readonly #records: KafkaLog;
  readonly #runner: Runner;
  #consumption: Consumption | undefined;

  constructor(options: KafkaFeedOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#kafka = createKafka(options, this.#log);
    this.#records = new KafkaLog(this.#kafka, options.topic);
    const failing = `cannot read the topic ${options.topic}`;
    this.#runner = new Runner({ failing, log: options.log, backoff: { first: 200, most: 3_000 } });
  }

  /** Never ends by itself: while the broker or the topic is unavailable the feed waits, reports so, and continues afterwards. */
  async run(sink: Sink): Promise<void> {
    try {
      await this.#runner.run((running) => this.#live(sink, running));
    } finally {
      await this.#records.close().catch(() => undefined);
    }
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  state(): FeedState {
    return feedState(this.#runner.state(), this.#consumption);
  }

  async #live(sink: Sink, onPositioned: () => void): Promise<void> {
    const { topic, group, checkEvery = 5_000, refreshEvery = 10_000, rebalanceTimeout = 30_000 } = this.#options;
    // Checked before joining, because without the topic the member would join and leave the group again and again.
    await this.#records.partitions();
    this.#consumption = new Consumption(sink, this.#runner.stopping, this.#options);
    const member = new KafkaMember({
      kafka: this.#kafka,
      topic,
      group,
      checkEvery,
      refreshEvery,
      rebalanceTimeout,
      records: this.#records,
      sink,
      consumption: this.#consumption,
      log: this.#log,
      onPositioned,
    });
    await member.live(this.#runner.stopping);
  }
}
