import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { type FeedLog, silent } from './observer.ts';
import { reasonOf } from './runner.ts';

// Node does not find these two names among the exports of this CommonJS module.
const { ConfigResourceTypes, KafkaJSProtocolError } = kafkajs;

export interface TopicSettings {
  readonly topic: string;
  /** What is kept: all events, unless it is said that the newest record of each key is enough. */
  readonly keeps?: 'everything' | 'the newest';
  /** Used when the topic is created; a topic that exists may have any number. Default 6. */
  readonly partitions?: number | undefined;
  /** Default: the broker's. */
  readonly replicationFactor?: number | undefined;
  /** Default: the broker's. */
  readonly minInSyncReplicas?: number | undefined;
}

interface Topic {
  /** Whether it was absent. */
  readonly made: boolean;
  /** The largest batch of events that it takes. */
  readonly messageBytes: number;
}

/** The topic's settings are wrong; the message says how to correct them. */
class TopicError extends Error {
  override readonly name = 'TopicError';
}

/** The size of the largest event together with its key, its headers and the record batch around it. */
const LEAST_MESSAGE_BYTES = MAX_EVENT_BYTES + 4_096;

/** What a topic takes that is made here. */
const MESSAGE_BYTES = 1_048_588;

/** Auditors replay the topic, so no event in it is ever deleted or compacted away. */
const FOREVER = { 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'delete' };

/** Who starts reads all that is left, so the broker is to take out what is old soon. */
const COMPACTED = {
  ...{ 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'compact' },
  ...{ 'segment.bytes': String(16 * 1024 * 1024), 'min.cleanable.dirty.ratio': '0.1' },
};

/**
 * Creates the topic with unlimited retention when it is absent, and checks its settings when it exists.
 * @throws TopicError when the broker would delete or refuse events; the message has the command that corrects the settings
 */
export async function ensureTopic(kafka: Kafka, settings: TopicSettings, log: FeedLog = silent): Promise<Topic> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = await admin.listTopics();
    if (!topics.includes(settings.topic) && (await make(admin, settings))) {
      log.info({ topic: settings.topic, partitions: settings.partitions ?? 6 }, `made the topic ${settings.topic}`);
      return { made: true, messageBytes: MESSAGE_BYTES };
    }
    return { made: false, messageBytes: await checkWhenKnown(admin, settings) };
  } finally {
    await admin.disconnect();
  }
}

/** @returns false when another process has created the topic meanwhile */
async function make(admin: Admin, settings: TopicSettings): Promise<boolean> {
  const { topic, partitions = 6, replicationFactor = -1, minInSyncReplicas, keeps = 'everything' } = settings;
  const entries = {
    ...(keeps === 'everything' ? FOREVER : COMPACTED),
    'max.message.bytes': String(MESSAGE_BYTES),
    ...(minInSyncReplicas !== undefined && { 'min.insync.replicas': String(minInSyncReplicas) }),
  };
  try {
    return await admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        },
      ],
      waitForLeaders: true,
    });
  } catch (error) {
    const cause = refusal(error);
    if (cause === undefined) throw error;
    throw new TopicError(
      `the topic ${topic} could not be made with ${partitions} partitions and ` +
        `${replicationFactor === -1 ? "the broker's" : replicationFactor} replicas: ${cause}`,
    );
  }
}

/** Why the broker refuses permanently; undefined when another attempt may succeed. */
function refusal(error: unknown): string | undefined {
  const errors: unknown[] =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  const final = errors.find((one) => one instanceof KafkaJSProtocolError && !one.retriable);
  return final === undefined ? undefined : reasonOf(final);
}

/** Checks a topic that another relay may have created a moment ago: not every broker knows such a topic at once. */
async function checkWhenKnown(admin: Admin, settings: TopicSettings): Promise<number> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await check(admin, settings);
    } catch (error) {
      const unknown = error instanceof KafkaJSProtocolError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
      if (!unknown || failures === 5) throw error;
      await sleep(100 * failures);
    }
  }
}

/** @returns how many bytes a batch may have */
async function check(admin: Admin, { topic, minInSyncReplicas, keeps = 'everything' }: TopicSettings): Promise<number> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const has = (name: string) => entries.find(({ configName }) => configName === name)?.configValue;

  const wrong: string[] = [];
  const corrections: string[] = [];
  const expect = (name: string, value: string, fine: boolean, why: string) => {
    if (fine) return;
    wrong.push(`${name} is ${String(has(name))} and must be ${value}: ${why}`);
    corrections.push(`${name}=${value}`);
  };
  const deleted = 'the broker would delete events that consumers and auditors still need';
  // A broker that compacts deletes nothing for its age.
  for (const name of keeps === 'everything' ? ['retention.ms', 'retention.bytes'] : [])
    expect(name, '-1', has(name) === '-1', deleted);
  if (keeps === 'everything')
    expect(
      'cleanup.policy',
      'delete',
      has('cleanup.policy') === 'delete',
      'compaction would keep one event of each ledger',
    );
  else expect('cleanup.policy', 'compact', has('cleanup.policy') === 'compact', 'the newest of each ledger is kept');
  const most = Number(has('max.message.bytes'));
  expect(
    'max.message.bytes',
    String(MESSAGE_BYTES),
    most >= LEAST_MESSAGE_BYTES,
    `an event may have ${MAX_EVENT_BYTES} bytes`,
  );
  if (minInSyncReplicas !== undefined) {
    const value = String(minInSyncReplicas);
    expect('min.insync.replicas', value, has('min.insync.replicas') === value, 'that is what is configured');
  }
  if (wrong.length === 0) return most;
  throw new TopicError(
    `the topic ${topic} is there, but not as Lading needs it: ${wrong.join('; ')}. Correct it with: ` +
      `kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name ${topic} --add-config ${corrections.join(',')}`,
  );
}
