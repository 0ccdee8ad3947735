import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_EVENT_BYTES } from '#contracts/cloudEvent';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { type FeedLog, silent } from './observer.ts';
import { reasonOf } from './runner.ts';

// Of this CommonJS module Node finds some names only, and not these; Jest finds all.
const { ConfigResourceTypes, KafkaJSProtocolError } = kafkajs;

export interface TopicSettings {
  readonly topic: string;
  /** For a topic that is made; one that is there may have any number. Default 6. */
  readonly partitions?: number | undefined;
  /** Default: the broker's. */
  readonly replicationFactor?: number | undefined;
  /** Default: the broker's. */
  readonly minInSyncReplicas?: number | undefined;
}

/** The topic is not as it must be; the message says what to do about it. */
class TopicError extends Error {
  override readonly name = 'TopicError';
}

/** An event of the largest size with its key, headers and the record batch around it. */
const MIN_MESSAGE_BYTES = MAX_EVENT_BYTES + 4_096;

/** The stream is what auditors replay: nothing of it is ever deleted, and nothing compacted away. */
const FOREVER = { 'retention.ms': '-1', 'retention.bytes': '-1', 'cleanup.policy': 'delete' };

/**
 * Makes the topic when it is absent, with unlimited retention, and checks it when it is there.
 * @throws TopicError when it would lose events; the message has the command that mends it
 */
export async function ensureTopic(
  kafka: Kafka,
  settings: TopicSettings,
  log: FeedLog = silent,
): Promise<'made' | 'there'> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = await admin.listTopics();
    if (!topics.includes(settings.topic) && (await make(admin, settings))) {
      log.info({ topic: settings.topic, partitions: settings.partitions ?? 6 }, `made the topic ${settings.topic}`);
      return 'made';
    }
    await checkWhenKnown(admin, settings);
    return 'there';
  } finally {
    await admin.disconnect();
  }
}

/** @returns false when somebody else made it meanwhile */
async function make(admin: Admin, settings: TopicSettings): Promise<boolean> {
  const { topic, partitions = 6, replicationFactor = -1, minInSyncReplicas } = settings;
  const entries = {
    ...FOREVER,
    'max.message.bytes': '1048588',
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

/** Why a broker refuses for good; undefined when it may work the next time. */
function refusal(error: unknown): string | undefined {
  const errors: unknown[] =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  const final = errors.find((one) => one instanceof KafkaJSProtocolError && !one.retriable);
  return final === undefined ? undefined : reasonOf(final);
}

/** A topic that another relay has made this moment is not known to every broker yet. */
async function checkWhenKnown(admin: Admin, settings: TopicSettings): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await check(admin, settings);
      return;
    } catch (error) {
      const unknown = error instanceof KafkaJSProtocolError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
      if (!unknown || failures === 5) throw error;
      await sleep(100 * failures);
    }
  }
}

async function check(admin: Admin, { topic, minInSyncReplicas }: TopicSettings): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const has = (name: string) => entries.find(({ configName }) => configName === name)?.configValue;

  const wrong: string[] = [];
  const mend: string[] = [];
  const expect = (name: string, value: string, fine: boolean, why: string) => {
    if (fine) return;
    wrong.push(`${name} is ${String(has(name))} and must be ${value}: ${why}`);
    mend.push(`${name}=${value}`);
  };
  const deleted = 'the broker would delete events that consumers and auditors still need';
  expect('retention.ms', '-1', has('retention.ms') === '-1', deleted);
  expect('retention.bytes', '-1', has('retention.bytes') === '-1', deleted);
  expect(
    'cleanup.policy',
    'delete',
    has('cleanup.policy') === 'delete',
    'compaction would keep one event of each ledger',
  );
  const most = Number(has('max.message.bytes'));
  expect('max.message.bytes', '1048588', most >= MIN_MESSAGE_BYTES, `an event may have ${MAX_EVENT_BYTES} bytes`);
  if (minInSyncReplicas !== undefined) {
    const value = String(minInSyncReplicas);
    expect('min.insync.replicas', value, has('min.insync.replicas') === value, 'that is what is configured');
  }
  if (wrong.length === 0) return;
  throw new TopicError(
    `the topic ${topic} is there, but not as Lading needs it: ${wrong.join('; ')}. Mend it with: ` +
      `kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name ${topic} --add-config ${mend.join(',')}`,
  );
}
