import type { Kafka } from 'kafkajs';
import { Consumption, type ConsumptionOptions } from './consumption.ts';
import type { Feed, FeedState, Sink } from './feed.ts';
import { createKafka, type KafkaConnection } from './kafkaClient.ts';
import { KafkaLog } from './kafkaLog.ts';
import { KafkaMember } from './kafkaMember.ts';
import { type FeedLog, silent } from './observer.ts';
import { delayAfter, pause, reasonOf } from './retry.ts';

export interface KafkaFeedOptions extends KafkaConnection, ConsumptionOptions {
  readonly topic: string;
  /** The consumer group: one for every set of positions (a read model's version), shared by the processes that fill it. */
  readonly group: string;
  /** Milliseconds between two looks at whether the log is still the same. */
  readonly checkEvery?: number | undefined;
  /** Milliseconds after which new partitions of the topic are seen, and with them new ledgers. */
  readonly refreshEvery?: number | undefined;
  /** Milliseconds that a rebalance waits for a member which is still applying; then it goes on without it. */
  readonly rebalanceTimeout?: number | undefined;
}

/**
 * Every ledger's events from Kafka. Positions are the sink's, and Kafka's own committed offsets are written for the eyes of
 * lag tools only: exactly-once rests on the sequence and on no setting of the broker.
 */
export class KafkaFeed implements Feed {
  readonly #options: KafkaFeedOptions;
  readonly #log: FeedLog;
  readonly #kafka: Kafka;
  readonly #records: KafkaLog;
  readonly #stopping = new AbortController();
  #consumption: Consumption | undefined;
  #running: Promise<void> | undefined;
  #state: FeedState['state'] = 'starting';
  #reason: string | undefined;

  constructor(options: KafkaFeedOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#kafka = createKafka(options, this.#log);
    this.#records = new KafkaLog(this.#kafka, options.topic);
  }

  /** Never ends by itself: while the broker or the topic is away it waits, says so, and goes on when they are back. */
  run(sink: Sink): Promise<void> {
    this.#running ??= this.#run(sink);
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    this.#state = 'stopped';
  }

  state(): FeedState {
    const failing = this.#consumption?.failing;
    const reason = this.#reason ?? failing;
    return {
      state: this.#state === 'running' && failing !== undefined ? 'retrying' : this.#state,
      ...(reason !== undefined && { reason }),
      parked: this.#consumption?.parked ?? [],
    };
  }

  async #run(sink: Sink): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#live(sink, () => {
          failures = 0;
          this.#state = 'running';
          this.#reason = undefined;
        });
      } catch (error) {
        failures += 1;
        const delay = delayAfter(failures, { first: 200, most: 3_000 });
        this.#state = 'retrying';
        this.#reason = `cannot read the topic ${this.#options.topic}: ${reasonOf(error)}`;
        this.#log.warn({ failures, err: error }, `${this.#reason}; trying again in ${Math.round(delay)} ms`);
        this.#options.observer?.retried?.(error);
        await pause(delay, signal);
      }
    }
    await this.#records.close().catch(() => undefined);
  }

  async #live(sink: Sink, onPositioned: () => void): Promise<void> {
    const { topic, group, checkEvery = 5_000, refreshEvery = 10_000, rebalanceTimeout = 30_000 } = this.#options;
    // Before joining: while the topic is away the group would be joined and left again and again.
    await this.#records.partitions();
    this.#consumption = new Consumption(sink, this.#stopping.signal, this.#options);
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
    await member.live(this.#stopping.signal);
  }
}
