import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { Consumption } from './consumption.ts';
import type { Sink } from './feed.ts';
import type { KafkaLog } from './kafkaLog.ts';
import { KafkaPartition } from './kafkaPartition.ts';
import type { FeedLog } from './observer.ts';
import { startingPoint } from './startingPoint.ts';

interface KafkaMemberOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly group: string;
  readonly checkEvery: number;
  readonly refreshEvery: number;
  readonly rebalanceTimeout: number;
  readonly records: KafkaLog;
  readonly sink: Sink;
  readonly consumption: Consumption;
  readonly log: FeedLog;
  /** Called after every rebalance, once each partition of this member is read from the right offset. */
  readonly onPositioned: () => void;
}

const HEARTBEAT_MS = 1_500;
const COMMIT_MS = 1_000;

/** One run of a kafkajs consumer: from joining the group until it crashes or is told to leave. */
export class KafkaMember {
  readonly #options: KafkaMemberOptions;
  readonly #consumer: Consumer;
  /** The partitions whose offset is set. A batch works on one of these objects, and ends when the map holds another. */
  readonly #partitions = new Map<number, KafkaPartition>();
  readonly #positioning = new Map<number, symbol>();
  /** Partitions of which a batch is being applied, and those that are to go back to a ledger that stands still. */
  readonly #busy = new Set<number>();
  readonly #tryAgain = new Set<number>();
  readonly #committed = new Map<number, { offset: bigint; at: number }>();
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: KafkaMemberOptions) {
    this.#options = options;
    this.#consumer = options.kafka.consumer({
      groupId: options.group,
      allowAutoTopicCreation: false,
      // The least that brokers allow by default. For this time nobody reads the partitions of a killed member.
      sessionTimeout: 6_000,
      rebalanceTimeout: options.rebalanceTimeout,
      heartbeatInterval: HEARTBEAT_MS,
      metadataMaxAge: options.refreshEvery,
      // A slice is in memory as bytes and as events.
      maxBytesPerPartition: 2_097_152,
      // The broker answers as soon as there is a byte. The time is short because kafkajs sleeps for it whenever every partition is
      // paused, which is so after each rebalance.
      maxWaitTimeInMs: 100,
    });
  }

  /** Resolves when `signal` fires, rejects when the consumer cannot go on. It has left the group by then. */
  async live(signal: AbortSignal): Promise<void> {
    const { topic } = this.#options;
    const consumer = this.#consumer;
    const end = new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      consumer.on(consumer.events.CRASH, ({ payload }: ConsumerCrashEvent) => {
        reject(payload.error);
      });
      signal.addEventListener('abort', () => {
        resolve();
      });
      // kafkajs may stop a consumer without a crash; nothing would come any more.
      consumer.on(consumer.events.STOP, () => {
        if (!signal.aborted) reject(new Error('the consumer of Kafka has stopped'));
      });
      if (signal.aborted) resolve();
    });
    end.catch(() => undefined);

    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#partitions.clear();
      this.#positioning.clear();
      this.#position(payload.memberAssignment[topic] ?? []);
    });
    const check = setInterval(() => {
      void this.#check();
    }, this.#options.checkEvery);

    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 3,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
      await end;
    } finally {
      clearInterval(check);
      this.#partitions.clear();
      this.#positioning.clear();
      await consumer.disconnect().catch(() => undefined);
    }
  }

  /**
   * Finds the offset from which each of these partitions must be read, and continues there. The pause must come first and in the
   * same turn of the event loop as the join. Otherwise kafkajs fetches from the committed offset meanwhile (400 applied messages
   * came; with the pause none).
   */
  #position(numbers: readonly number[]): void {
    const { topic, sink, consumption, records, log, onPositioned } = this.#options;
    if (numbers.length > 0) this.#consumer.pause([{ topic, partitions: [...numbers] }]);
    const token = Symbol('positioning');
    for (const number of numbers) {
      this.#partitions.delete(number);
      this.#positioning.set(number, token);
    }
    const position = async () => {
      const [extents, hints] = await Promise.all([records.extents(numbers), sink.hints?.() ?? [], consumption.load()]);
      for (const extent of extents) {
        const { partition, start, identity } = extent;
        // A rebalance came in between, and sets the offsets of the partitions that it assigned.
        if (this.#positioning.get(partition) !== token) continue;
        this.#positioning.delete(partition);
        const { offset, warnings } = startingPoint(extent, hints);
        for (const warning of warnings) log.error({ topic, partition }, warning);
        this.#partitions.set(partition, new KafkaPartition(partition, start, offset, identity, log));
        this.#consumer.seek({ topic, partition, offset: offset.toString() });
        this.#consumer.resume([{ topic, partitions: [partition] }]);
      }
      onPositioned();
    };
    position().catch(this.#fail);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, partition: number } = batch;
    const partition = this.#partitions.get(number);
    const first = batch.messages[0];
    // A slice that is not resolved is delivered again.
    if (partition === undefined || first === undefined || payload.isStale()) return;
    if (!partition.accepts(first)) {
      const facts = { topic, partition: number, expected: partition.next.toString(), got: first.offset };
      this.#options.log.error(
        facts,
        `partition ${number} continued at an unexpected offset: its log was created again or cut off`,
      );
      this.#position([number]);
      return;
    }

    this.#busy.add(number);
    let fenced = false;
    const alive = () =>
      !fenced && payload.isRunning() && !payload.isStale() && this.#partitions.get(number) === partition;
    const beat = setInterval(() => {
      payload.heartbeat().catch(() => {
        fenced = true;
      });
    }, HEARTBEAT_MS);
    try {
      const slice = { messages: batch.messages, next: BigInt(batch.lastOffset()) + 1n };
      const progress = await partition.take(slice, this.#options.consumption, alive);
      if (progress === 'again' && alive()) {
        this.#consumer.seek({ topic, partition: number, offset: partition.next.toString() });
      } else if (progress === 'done') {
        payload.resolveOffset(batch.lastOffset());
        await this.#commit(partition, (offsets) => payload.commitOffsetsIfNecessary(offsets));
        if (this.#tryAgain.has(number) && alive()) this.#goBack(partition);
      }
    } finally {
      this.#busy.delete(number);
      clearInterval(beat);
    }
  }

  /** To a ledger that stands still, when there is one that may be tried again. */
  #goBack(partition: KafkaPartition): void {
    const { topic, consumption } = this.#options;
    this.#tryAgain.delete(partition.partition);
    if (partition.tryAgain(consumption))
      this.#consumer.seek({ topic, partition: partition.partition, offset: partition.next.toString() });
  }

  /** Only lag tools read these offsets, so they are not committed for each batch, and a failed commit does not matter. */
  async #commit(
    { partition, resume }: KafkaPartition,
    commit: (offsets: {
      topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
    }) => Promise<void>,
  ): Promise<void> {
    const last = this.#committed.get(partition);
    if (last !== undefined && (last.offset === resume || Date.now() - last.at < COMMIT_MS)) return;
    this.#committed.set(partition, { offset: resume, at: Date.now() });
    const partitions = [{ partition, offset: resume.toString() }];
    await commit({ topics: [{ topic: this.#options.topic, partitions }] }).catch((error: unknown) => {
      this.#committed.delete(partition);
      this.#options.log.debug({ err: error }, 'the offsets could not be committed to Kafka');
    });
  }

  /**
   * Has ledgers that stand still tried again, though no event of theirs comes. Notices what kafkajs does not report: that the topic
   * was created again while no record came. Also commits the offsets that
   * `#commit` has not written yet, so that lag tools show no lag on a quiet topic.
   */
  async #check(): Promise<void> {
    const { topic, records, log } = this.#options;
    for (const [number, partition] of this.#partitions)
      if (this.#busy.has(number)) this.#tryAgain.add(number);
      else this.#goBack(partition);
    // Taken before the broker is asked, because the offsets read meanwhile may be beyond the end that the broker reports.
    const before = [...this.#partitions.values()].map((known) => ({
      known,
      partition: known.partition,
      identity: known.identity,
      next: known.next,
    }));
    try {
      for (const { partition, identity, end } of await records.extents(before.map((one) => one.partition))) {
        const then = before.find((one) => one.partition === partition);
        if (then === undefined || this.#partitions.get(partition) !== then.known) continue;
        const other = then.identity !== undefined && then.identity !== identity;
        if (other || end < then.next) {
          log.error({ topic, partition }, `the log of partition ${partition} was created again or cut off`);
          this.#position([partition]);
          continue;
        }
        await this.#commit(then.known, (offsets) =>
          this.#consumer.commitOffsets(
            offsets.topics.flatMap(({ topic: name, partitions }) => partitions.map((one) => ({ topic: name, ...one }))),
          ),
        );
      }
    } catch (error) {
      log.debug({ err: error }, 'the extent of the log could not be read');
    }
  }
}
