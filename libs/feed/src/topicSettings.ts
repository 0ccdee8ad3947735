import { ConfigError } from '#platform/service/config';
import type { TopicSettings } from './topic.ts';

/** For a topic that is made here; one that is there may have any number of partitions. */
export const topicSettings = [
  'LADING_TOPIC_PARTITIONS',
  'LADING_TOPIC_REPLICAS',
  'LADING_TOPIC_MIN_IN_SYNC_REPLICAS',
] as const;

/**
 * The topic as it is to be.
 * @throws ConfigError with a line for each setting that is wrong
 */
export function readTopicSettings(
  topic: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TopicSettings {
  const problems: string[] = [];
  const [partitions, replicationFactor, minInSyncReplicas] = topicSettings.map((name) => {
    const text = env[name]?.trim() ?? '';
    if (text === '') return undefined;
    if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
    problems.push(
      `${name}=${text} is not a number of ${name === 'LADING_TOPIC_PARTITIONS' ? 'partitions' : 'replicas'}: give 1 or more`,
    );
    return undefined;
  });
  if (replicationFactor !== undefined && (minInSyncReplicas ?? 0) > replicationFactor)
    problems.push(
      'LADING_TOPIC_MIN_IN_SYNC_REPLICAS is more than LADING_TOPIC_REPLICAS: nothing could ever be published',
    );
  if (problems.length > 0) throw new ConfigError(problems);
  return { topic, partitions, replicationFactor, minInSyncReplicas };
}
