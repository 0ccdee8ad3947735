import type { Cluster, Kafka, KafkaMessage } from 'kafkajs';

/** Where the log of one partition begins and ends at the moment. */
export interface LogExtent {
  readonly partition: number;
  /** The first offset that the log still has. */
  readonly start: bigint;
  /** The offset that the next record will get. */
  readonly end: bigint;
  /**
   * Distinguishes this log from another of the same name: the time of its first record, which does not change while retention
   * is unlimited. Undefined while the log is empty.
   */
  readonly identity: string | undefined;
}

interface FetchedPartition {
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
}

/**
 * Reads a topic's log by offset, without a consumer group. kafkajs has no public way to read single records, and joining a group
 * for each would take seconds. Its cluster object can read them, and kafkajs hands that object to partition assigners.
 */
export class KafkaLog {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #cluster: Promise<Cluster> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /** The numbers of the topic's partitions, fresh from the broker. Rejects when there is no such topic. */
  partitions(): Promise<readonly number[]> {
    return this.#with(async (cluster) => {
      await cluster.refreshMetadata();
      const partitions = cluster.findTopicPartitionMetadata(this.#topic).map(({ partitionId }) => partitionId);
      if (partitions.length === 0) throw new Error(`the broker knows no partition of topic ${this.#topic}`);
      return partitions.sort((a, b) => a - b);
    });
  }

  /** Where the logs of these partitions begin and end, and their identities. */
  async extents(partitions: readonly number[]): Promise<readonly LogExtent[]> {
    if (partitions.length === 0) return [];
    const offsets = await this.#with(async (cluster) => {
      const ask = { topic: this.#topic, partitions: partitions.map((partition) => ({ partition })) };
      const [starts] = await cluster.fetchTopicsOffset([{ ...ask, fromBeginning: true }]);
      const [ends] = await cluster.fetchTopicsOffset([{ ...ask, fromBeginning: false }]);
      return partitions.map((partition) => ({
        partition,
        start: offsetOf(starts?.partitions, partition),
        end: offsetOf(ends?.partitions, partition),
      }));
    });
    return Promise.all(
      offsets.map(async (extent) => ({
        ...extent,
        identity:
          extent.start < extent.end ? (await this.recordAt(extent.partition, extent.start))?.timestamp : undefined,
      })),
    );
  }

  /** The record at exactly this offset, which must lie within the log; undefined when the log has no record there. */
  async recordAt(partition: number, offset: bigint): Promise<KafkaMessage | undefined> {
    const [first] = await this.read(partition, offset, 1);
    return first !== undefined && BigInt(first.offset) === offset ? first : undefined;
  }

  /** The records from this offset on, about `maxBytes` of them but at least one; none at the end of the log. */
  read(partition: number, offset: bigint, maxBytes: number): Promise<readonly KafkaMessage[]> {
    return this.#with(async (cluster) => {
      const leader = Object.keys(cluster.findLeaderForPartitions(this.#topic, [partition]))[0];
      if (leader === undefined) throw new Error(`partition ${partition} of topic ${this.#topic} is not there`);
      const broker = await cluster.findBroker({ nodeId: leader });
      const { responses } = (await broker.fetch({
        maxWaitTime: 0,
        minBytes: 0,
        maxBytes,
        topics: [{ topic: this.#topic, partitions: [{ partition, fetchOffset: offset.toString(), maxBytes }] }],
      })) as { responses: readonly { partitions: readonly FetchedPartition[] }[] };
      // The broker sends whole batches, so records before the requested offset may come along.
      return (responses[0]?.partitions[0]?.messages ?? []).filter((message) => BigInt(message.offset) >= offset);
    });
  }

  /** Closes the connections. The log cannot be used afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#disconnect();
  }

  /**
   * Runs one request at a time: for two first requests at once, kafkajs opens two connections and forgets one of them. After an
   * error the next call begins with new connections and fresh metadata, because the topic may have been created again.
   */
  #with<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      try {
        const cluster = await this.#connected();
        await cluster.refreshMetadataIfNecessary();
        return await work(cluster);
      } catch (error) {
        await this.#disconnect();
        throw error;
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #connected(): Promise<Cluster> {
    if (this.#closed) return Promise.reject(new Error('the log is closed'));
    this.#cluster ??= connect(this.#kafka, this.#topic);
    return this.#cluster;
  }

  /** Disconnects, also a cluster that is still connecting. */
  async #disconnect(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.then((connected) => connected.disconnect()).catch(() => undefined);
  }
}

async function connect(kafka: Kafka, topic: string): Promise<Cluster> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    return cluster;
  } catch (error) {
    await cluster.disconnect().catch(() => undefined);
    throw error;
  }
}

/** A new cluster object, taken from the partition assigner of a consumer that never joins a group. */
function clusterOf(kafka: Kafka): Cluster {
  let given: Cluster | undefined;
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    metadataMaxAge: 10_000,
    partitionAssigners: [
      ({ cluster }) => {
        given = cluster;
        return {
          name: 'unused',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (given === undefined) throw new Error('this version of kafkajs gives no cluster to partition assigners');
  return given;
}

function offsetOf(offsets: readonly { partition: number; offset: string }[] | undefined, partition: number): bigint {
  const offset = offsets?.find((one) => one.partition === partition)?.offset;
  if (offset === undefined) throw new Error(`the broker does not say where partition ${partition} begins and ends`);
  return BigInt(offset);
}
