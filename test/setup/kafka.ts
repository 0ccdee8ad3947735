import { beforeAll, describe } from 'vitest';
import { randomBytes } from 'node:crypto';

let started: string | undefined = process.env.LADING_TEST_KAFKA;

/**
 * A group of tests that need the run's real Kafka, which the first such group of a run starts. Where Kafka cannot run, the
 * group is skipped and the run prints a warning; with `CI=true` the run has failed before. `npm test` counts the groups by the
 * mark in their titles, so that a run without Kafka is not mistaken for a complete one.
 */
export function describeKafka(title: string, tests: () => void): void {
  const marked = `${title} (on Kafka)`;
  if (process.env.LADING_TEST_KAFKA_MISSING) {
    // oxlint-disable-next-line no-restricted-properties -- the one place that may skip tests
    describe.skip(marked, tests);
    return;
  }
  describe(marked, () => {
    beforeAll(async () => {
      started ??= await startKafka();
    });
    tests();
  });
}

/** The addresses of the run's Kafka, inside the hooks and tests of a `describeKafka`. */
export function brokers(): string[] {
  if (started === undefined) throw new Error('brokers() is for the hooks and tests of a describeKafka');
  return started.split(',');
}

/** The name of a topic that no other test uses. The topic is not created. */
export const freshTopicName = (): string => `test.${randomBytes(6).toString('hex')}`;

async function startKafka(): Promise<string> {
  const starter = process.env.LADING_TEST_KAFKA_STARTER;
  if (starter === undefined) throw new Error('there is no Kafka here: only *.int.spec.ts and *.e2e.spec.ts have one');
  const answer = await fetch(starter);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
