import { describe, expect, it } from 'vitest';
import { readTopicSettings } from './topicSettings.ts';

describe("the relay's settings", () => {
  it('a setting of the relay that is absent is left to the broker', () => {
    expect(readTopicSettings('t', { LADING_TOPIC_PARTITIONS: ' ' })).toEqual({ topic: 't' });
  });

  it("the relay's settings are numbers of partitions and replicas", () => {
    const env = { LADING_TOPIC_PARTITIONS: '12', LADING_TOPIC_REPLICAS: '3', LADING_TOPIC_MIN_IN_SYNC_REPLICAS: '2' };
    expect(readTopicSettings('t', env)).toEqual({
      topic: 't',
      partitions: 12,
      replicationFactor: 3,
      minInSyncReplicas: 2,
    });
  });

  it('wrong settings of the relay are refused with a line for each of them', () => {
    expect(() => readTopicSettings('t', { LADING_TOPIC_PARTITIONS: '0', LADING_TOPIC_REPLICAS: 'three' })).toThrow(
      'LADING_TOPIC_PARTITIONS=0 is not a number of partitions: give 1 or more\n' +
        'LADING_TOPIC_REPLICAS=three is not a number of replicas: give 1 or more',
    );
    const more = { LADING_TOPIC_REPLICAS: '1', LADING_TOPIC_MIN_IN_SYNC_REPLICAS: '2' };
    expect(() => readTopicSettings('t', more)).toThrow(/nothing could ever be published/);
  });
});
