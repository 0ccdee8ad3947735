import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { installKafka } from '#servers/kafka/installKafka.mjs';
import { Topics } from '../feed/topics.ts';
import { freshDatabase } from './freshDatabase.ts';
import { brokers, describeKafka, freshTopicName } from './kafka.ts';
import { takes } from './kafkaClasses.mjs';
import { temporaryFolder } from './temporaryFolder.ts';

const MIGRATED = {
  template: 'harness',
  migrate: async (url: string) => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query('CREATE TABLE crates (id int PRIMARY KEY)');
    await client.end();
  },
};

const query = async (url: string, sql: string) => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

describe('the PostgreSQL of the tests', () => {
  it('gives every caller a database of its own, made from a template that is built once', async () => {
    const [one, two] = await Promise.all([freshDatabase(MIGRATED), freshDatabase(MIGRATED)]);
    await query(one.url, 'INSERT INTO crates VALUES (1)');
    expect(await query(one.url, 'SELECT id FROM crates')).toEqual([{ id: 1 }]);
    expect(await query(two.url, 'SELECT id FROM crates')).toEqual([]);
    await one.drop();
    await expect(query(one.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });

  it('lets the tests in as what the services are: a role that owns its database, and has no power over the server', async () => {
    const { url } = await freshDatabase(MIGRATED);
    expect(
      await query(
        url,
        `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS power,
                datdba = pg_roles.oid AS owner FROM pg_roles, pg_database
         WHERE rolname = current_user AND datname = current_database()`,
      ),
    ).toEqual([{ power: false, owner: true }]);
    await expect(query(url, `SELECT pg_read_file('/etc/passwd')`)).rejects.toThrow(/permission denied/);
  });
});

describeKafka('the Kafka of the tests', () => {
  const topic = freshTopicName();
  let topics: Topics;
  beforeAll(() => {
    topics = new Topics(brokers());
  });
  afterAll(() => topics.delete(topic));

  it('gives back what was sent to it', async () => {
    await topics.make(topic);
    const { kafka } = topics;
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ key: 'nvidia', value: 'shipped' }] });
    await producer.disconnect();

    const consumer = kafka.consumer({ groupId: topic });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const value = await new Promise((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          resolve(message.value?.toString());
        },
      });
    });
    await consumer.disconnect();
    expect(value).toBe('shipped');
  });

  it('finds Kafka’s classes ready made in an archive, and none in a file that is broken or was cut off', async () => {
    if (process.env.LADING_TEST_KAFKA !== undefined) return; // This run has a Kafka of its user's, and starts none.
    const jars = await installKafka();
    const archive = `${jars}.jsa`;
    expect(process.env.JAVA_TOOL_OPTIONS).toContain(`"-XX:SharedArchiveFile=${archive}"`);
    expect(takes(archive, jars)).toBe(true);
    const folder = await temporaryFolder('archive');
    const broken = join(folder, 'broken.jsa');
    await writeFile(broken, 'not an archive');
    expect(takes(broken, jars)).toBe(false);
    await writeFile(broken, (await readFile(archive)).subarray(0, 20_000_000));
    expect(takes(broken, jars)).toBe(false);
    await rm(folder, { recursive: true });
  });
});
