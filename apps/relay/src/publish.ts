import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { KafkaLog } from '#feed/kafkaLog';
import type { Published } from '#feed/message';
import type { FeedLog } from '#feed/observer';
import { ensureTopic, type TopicSettings } from '#feed/topic';
import { Wake } from '#feed/wake';
import { listen } from '#platform/database/listen';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import { type Addressed, Publisher } from './publisher.ts';
import type { RelayObserver } from './relayObserver.ts';
import { verifyCursors } from './verify.ts';

export interface PublishOptions {
  readonly kafka: Kafka;
  readonly topic: TopicSettings;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly progress: Progress;
  readonly log: FeedLog;
  readonly observer?: RelayObserver | undefined;
  readonly pollEvery?: number | undefined;
  readonly checkEvery?: number | undefined;
  /** Fires when this relay is to publish no more. */
  readonly signal: AbortSignal;
  /** The topic is as it must be, everything stored is where it was said to be, and sending begins. */
  readonly onPublishing: () => void;
}

/** The topic is no longer what was sent to. */
class TopicChanged extends Error {
  override readonly name = 'TopicChanged';
}

const STORE_MS = 50;

/**
 * One connection to Kafka: makes or checks the topic, verifies the cursors, then sends what the journal has, as it comes.
 * Resolves when `signal` fires; rejects on any failure, and the next call begins with a new producer and verifies again.
 */
export async function publish(options: PublishOptions): Promise<void> {
  const { kafka, topic, progress, log, signal } = options;
  const records = new KafkaLog(kafka, topic.topic);
  const publisher = new Publisher(kafka, topic.topic);
  try {
    await ensureTopic(kafka, topic, log);
    for (const [ledger, cursor] of await verifyCursors(progress.all, topic.topic, records, log))
      await progress.replace(ledger, cursor);
    const partitions = await records.partitions();
    await publisher.connect();
    options.onPublishing();
    if (!signal.aborted) await new Session(options, records, publisher, partitions).run();
  } finally {
    await Promise.all([publisher.close(), records.close().catch(() => undefined)]);
  }
}

class Session {
  readonly #outbox: Outbox;
  readonly #wake: Wake;
  /** The offset that each partition's next record must at least get. */
  readonly #next = new Map<number, bigint>();
  #failed: { error: unknown } | undefined;

  constructor(
    private readonly options: PublishOptions,
    private readonly records: KafkaLog,
    private readonly publisher: Publisher,
    private readonly partitions: readonly number[],
  ) {
    this.#outbox = new Outbox(options.pool, options.progress.positions, options.log);
    this.#wake = new Wake(options.signal);
    for (const { partition, offset } of options.progress.all.values()) this.#expect(partition, offset);
  }

  async run(): Promise<void> {
    const { url, pollEvery = 1_000, checkEvery = 10_000, signal, progress } = this.options;
    const lookAtAll = () => {
      this.#outbox.heardNothing();
      this.#wake.now();
    };
    const listener = listen({
      url,
      channels: ['lading_events'],
      name: 'lading relay listener',
      onListening: lookAtAll,
      onNotification: (ledger) => {
        this.#outbox.heard(ledger);
        this.#wake.now();
      },
    });
    const timers = [
      setInterval(lookAtAll, pollEvery),
      this.#every(STORE_MS, () => progress.store()),
      this.#every(checkEvery, () => this.#check()),
    ];
    try {
      // One batch is read while the one before it is sent.
      let reading = this.#read();
      while (!signal.aborted && this.#failed === undefined) {
        const batch = await reading;
        if (batch.length === 0) {
          await this.#wake.wait();
          reading = this.#read();
          continue;
        }
        const sending = this.#send(batch);
        reading = this.#read();
        await sending;
      }
      if (this.#failed !== undefined) throw this.#failed.error;
    } finally {
      for (const timer of timers) clearInterval(timer);
      await listener.close();
    }
  }

  /** Its failure is thrown where it is awaited, which may be after another failure. */
  #read(): Promise<readonly Published[]> {
    const reading = this.#outbox.next();
    reading.catch(() => undefined);
    return reading;
  }

  async #send(events: readonly Published[]): Promise<void> {
    const { progress, observer } = this.options;
    const batch: Addressed[] = [];
    for (const { ledger, sequence, bytes } of events)
      batch.push({ ledger, sequence, bytes, partition: await progress.partitionOf(ledger, this.partitions) });

    const began = performance.now();
    const offsets = await this.publisher.send(batch);
    const counts = new Map<string, number>();
    const seen = new Map<number, bigint>();
    for (const [index, { ledger, sequence, partition }] of batch.entries()) {
      const offset = offsets[index] ?? 0n;
      // Only relays write here, and each knows the last offset: a smaller one is another log.
      if (!seen.has(partition) && offset < (this.#next.get(partition) ?? 0n))
        throw new TopicChanged(
          `partition ${partition} was made again or cut off: it gave offset ${offset} a second time`,
        );
      seen.set(partition, offset);
      progress.acknowledge(ledger, sequence, offset);
      counts.set(ledger, (counts.get(ledger) ?? 0) + 1);
    }
    for (const [partition, offset] of seen) this.#expect(partition, offset);
    observer?.published?.({ seconds: (performance.now() - began) / 1_000, events: counts });
  }

  /** Notices a topic that was made again, or taken away, while nothing is sent. */
  async #check(): Promise<void> {
    // As known before the broker is asked: what is sent meanwhile is beyond the end that it tells.
    const next = new Map(this.#next);
    for (const { partition, end } of await this.records.extents([...next.keys()]))
      if (end < (next.get(partition) ?? 0n))
        throw new TopicChanged(`partition ${partition} was made again or cut off: it ends at ${end}`);
  }

  #expect(partition: number, last: bigint | undefined): void {
    if (last === undefined) return;
    const next = this.#next.get(partition) ?? 0n;
    this.#next.set(partition, last + 1n > next ? last + 1n : next);
  }

  /** Does `work` now and then, never twice at a time; its failure ends the session. */
  #every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => {
          this.#failed ??= { error };
          this.#wake.now();
        })
        .finally(() => {
          busy = false;
        });
    }, milliseconds);
  }
}
