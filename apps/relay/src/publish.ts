import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { KafkaLog } from '#feed/kafkaLog';
import type { FeedLog } from '#feed/observer';
import { ensureTopic, type TopicSettings } from '#feed/topic';
import type { EventBytes } from '#journal/reader';
import { JournalTail } from '#journal/tail';
import type { Cursors } from './cursors.ts';
import { type Addressed, Publisher } from './publisher.ts';
import { verifyCursors } from './verify.ts';

/** What the relay does, for metrics. */
export interface RelayObserver {
  leading?(leading: boolean): void;
  /** A batch was acknowledged. */
  published?(batch: { readonly seconds: number; readonly events: ReadonlyMap<string, number> }): void;
}

interface PublishOptions {
  readonly kafka: Kafka;
  readonly topic: TopicSettings;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly cursors: Cursors;
  readonly log: FeedLog;
  readonly observer?: RelayObserver | undefined;
  readonly pollEvery?: number | undefined;
  readonly checkEvery?: number | undefined;
  /** Aborted when this relay must stop publishing. */
  readonly stop: AbortSignal;
  /** Called when the topic and the cursors are verified, and sending begins. */
  readonly onPublishing: () => void;
}

/** The topic is no longer the one that events were sent to. */
class TopicChanged extends Error {
  override readonly name = 'TopicChanged';
}

const STORE_MS = 50;

/**
 * One session with Kafka: creates or checks the topic, verifies the cursors, then sends the events of the journal as they come.
 * Resolves when it is stopped. Rejects on any failure; the next call begins with a new producer and verifies again.
 */
export async function publish(options: PublishOptions): Promise<void> {
  const { kafka, topic, cursors, log, stop } = options;
  const records = new KafkaLog(kafka, topic.topic);
  const publisher = new Publisher(kafka, topic.topic);
  try {
    const { messageBytes } = await ensureTopic(kafka, topic, log);
    for (const [ledger, cursor] of await verifyCursors(cursors.all, topic.topic, records, log))
      await cursors.replace(ledger, cursor);
    const partitions = await records.partitions();
    await publisher.connect();
    options.onPublishing();
    if (!stop.aborted) await new Session(options, records, publisher, { partitions, messageBytes }).run();
  } finally {
    await Promise.all([publisher.close(), records.close().catch(() => undefined)]);
  }
}

/** kafkajs has no linger, so batches are made here: sending events one by one gives 250–400 events/s, in batches 20,000. */
const MAX_EVENTS = 1_000;
/** What a topic takes that the relay made, for one partition, as a batch may be. One event may go beyond this. */
const MAX_BYTES = 900_000;
/** An upper bound for the key, the headers and the record's own fields. */
const OVERHEAD_BYTES = 900;
/** An upper bound for what is around the records of one partition. */
const AROUND_BYTES = 100;

class Session {
  readonly #tail: JournalTail;
  /** Aborted when publishing ends for any reason. */
  readonly #over = new AbortController();
  /** The least offset that the next record of each partition must get. */
  readonly #next = new Map<number, bigint>();
  #failed: { error: unknown } | undefined;

  constructor(
    private readonly options: PublishOptions,
    private readonly records: KafkaLog,
    private readonly publisher: Publisher,
    private readonly topic: { readonly partitions: readonly number[]; readonly messageBytes: number },
  ) {
    const { url, pool, pollEvery, cursors } = options;
    this.#tail = new JournalTail({
      ...{ url, pool, pollEvery, name: 'lading relay listener' },
      positions: cursors.positions,
      onHead: (ledger, head, position) => {
        this.#expectHead(ledger, head, position);
      },
      stop: AbortSignal.any([options.stop, this.#over.signal]),
    });
    for (const { partition, offset } of cursors.all.values()) this.#expect(partition, offset);
  }

  async run(): Promise<void> {
    const { checkEvery = 10_000, stop, cursors } = this.options;
    const timers = [this.#every(STORE_MS, () => cursors.store()), this.#every(checkEvery, () => this.#checkTopic())];
    try {
      // One batch is read while the one before it is sent.
      let reading = this.#read();
      while (!stop.aborted && this.#failed === undefined) {
        const batch = await reading;
        if (batch.length === 0) {
          await this.#tail.wait();
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
      await this.#tail.close();
    }
  }

  #read(): Promise<readonly EventBytes[]> {
    const reading = this.#nextBatch();
    // The failure of this promise is thrown where it is awaited, which may be after another failure.
    reading.catch(() => undefined);
    return reading;
  }

  /** The next events to send, each ledger's in order, several ledgers' together; empty when everything was read. */
  async #nextBatch(): Promise<readonly EventBytes[]> {
    await this.#tail.lookAtHeads();
    const batch: EventBytes[] = [];
    let bytes = 0;
    while (batch.length < MAX_EVENTS && bytes < MAX_BYTES) {
      const ledger = this.#tail.nextLedger();
      if (ledger === undefined) break;
      const limits = { events: MAX_EVENTS - batch.length, bytes: MAX_BYTES - bytes, overhead: OVERHEAD_BYTES };
      const events = await this.#tail.read(ledger, limits);
      for (const event of events) bytes += event.bytes.length + OVERHEAD_BYTES;
      batch.push(...events);
    }
    return batch;
  }

  #expectHead(ledger: string, head: number, position: number): void {
    if (head >= position) return;
    this.options.log.error(
      { ledger, published: position, journal: head },
      `ledger ${ledger} is published up to ${position}, but the journal ends at ${head}: was it restored from an old backup?`,
    );
  }

  async #send(events: readonly EventBytes[]): Promise<void> {
    const batch: Addressed[] = [];
    for (const { ledger, sequence, bytes } of events) {
      const partition = await this.options.cursors.partitionOf(ledger, this.topic.partitions);
      batch.push({ ledger, sequence, bytes, partition });
    }
    for (const part of this.#parts(batch)) await this.#sendPart(part);
  }

  /** Parts of a batch that the topic takes: it may have been made, or changed, to take no more than the largest event. */
  *#parts(batch: readonly Addressed[]): Generator<readonly Addressed[]> {
    let from = 0;
    let sizes = new Map<number, number>();
    for (const [at, { partition, bytes }] of batch.entries()) {
      const size = bytes.length + OVERHEAD_BYTES;
      if (AROUND_BYTES + (sizes.get(partition) ?? 0) + size > this.topic.messageBytes && at > from) {
        yield batch.slice(from, at);
        from = at;
        sizes = new Map();
      }
      sizes.set(partition, (sizes.get(partition) ?? 0) + size);
    }
    yield batch.slice(from);
  }

  async #sendPart(batch: readonly Addressed[]): Promise<void> {
    const { cursors, observer } = this.options;
    const began = performance.now();
    const offsets = await this.publisher.send(batch);
    const counts = new Map<string, number>();
    const seen = new Map<number, bigint>();
    for (const [index, { ledger, sequence, partition }] of batch.entries()) {
      const offset = offsets[index] ?? 0n;
      // Only relays write to the topic, and the last offset is known: a smaller offset means another log.
      if (!seen.has(partition) && offset < (this.#next.get(partition) ?? 0n))
        throw new TopicChanged(
          `partition ${partition} was created again or cut off: it gave offset ${offset} a second time`,
        );
      seen.set(partition, offset);
      cursors.acknowledge(ledger, sequence, offset);
      counts.set(ledger, (counts.get(ledger) ?? 0) + 1);
    }
    for (const [partition, offset] of seen) this.#expect(partition, offset);
    observer?.published?.({ seconds: (performance.now() - began) / 1_000, events: counts });
  }

  /** Notices that the topic was created again or deleted while no event is sent. */
  async #checkTopic(): Promise<void> {
    // Taken before the broker is asked, because events that are sent meanwhile are beyond the end that the broker reports.
    const next = new Map(this.#next);
    for (const { partition, end } of await this.records.extents([...next.keys()]))
      if (end < (next.get(partition) ?? 0n))
        throw new TopicChanged(`partition ${partition} was created again or cut off: it ends at ${end}`);
  }

  #expect(partition: number, last: bigint | undefined): void {
    if (last === undefined) return;
    const next = this.#next.get(partition) ?? 0n;
    this.#next.set(partition, last + 1n > next ? last + 1n : next);
  }

  /** Repeats `work` at an interval, never twice at a time; a failure of `work` ends the session. */
  #every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => {
          this.#failed ??= { error };
          this.#over.abort();
        })
        .finally(() => {
          busy = false;
        });
    }, milliseconds);
  }
}
