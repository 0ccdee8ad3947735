import { afterEach, beforeEach, expect, it } from 'vitest';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silent } from '#feed/observer';
import { readTree } from '#journal/tree';
import { parseCheckpoint } from '#proofs/checkpoint';
import { eventually } from '#test/feed/eventually';
import { Topics } from '#test/feed/topics';
import { party } from '#test/journal/submissions';
import { record, TestJournals } from '#test/journal/testJournal';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { checkpointsAfter, latestCheckpoint } from './checkpoints.ts';
import { CheckpointTopic, readCheckpointTopic } from './checkpointTopic.ts';
import { Signer } from './signer.ts';
import { makeSigningKeys } from './signingKeys.ts';

const ORIGIN = 'log.example/nvidia';

describeKafka('a signer that is frozen (SIGSTOP), replaced, and woken again', () => {
  let journals: TestJournals;
  let folder: string;
  let topics: Topics;
  let topic: string;
  beforeEach(async () => {
    journals = await TestJournals.start();
    folder = await temporaryFolder('frozen');
    [topics, topic] = [new Topics(brokers()), freshTopicName()];
  });
  afterEach(async () => {
    await topics.delete(topic);
    await journals.end();
    await rm(folder, { recursive: true });
  });

  /** What the topic has of the log, in the order in which it was written. */
  const inKafka = async (): Promise<string[]> => {
    const notes: string[] = [];
    for await (const { origin, note } of readCheckpointTopic(topics.kafka, topic)) {
      expect(origin).toBe(ORIGIN);
      notes.push(note.toString());
    }
    return notes;
  };
  const leaders = async (): Promise<number[]> => {
    const { rows } = await journals.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'lading signer leader' AND datname = current_database()`,
    );
    return rows.map(({ pid }) => pid);
  };

  it.each(['stored', 'published'])(
    'when a checkpoint is %s, publishes no second root of a size, and nothing older after what is newer',
    async (step) => {
      const journal = journals.make();
      await journals.openLedger(journal, 'nvidia');
      const keyFile = { path: join(folder, 'signing.key'), setting: 'LADING_DATA' };
      await makeSigningKeys(keyFile, 'log.example');
      const [main, hooks] = ['checkpoints/signerProcess.ts', 'setup/typescript.mjs'].map(
        (path) => new URL(`../../../test/${path}`, import.meta.url).href,
      );
      const program = ['--conditions=source', '--import', hooks!, fileURLToPath(main!)];
      const args = [...program, journals.url, folder, step, 'SIGSTOP', brokers().join(','), topic];
      const frozen = spawn(process.execPath, args, { stdio: 'inherit' });
      const ended = once(frozen, 'exit');
      const signer = new Signer({
        ...{ url: journals.url, pool: journals.pool, origin: 'log.example', every: 10, keyFile },
        stateFile: join(folder, 'signing.published'),
        kafka: { brokers: brokers(), clientId: 'test-signer', topic: { topic, partitions: 1 } },
      });
      try {
        await eventually(async () => {
          expect(await readFile(`/proc/${frozen.pid ?? 0}/stat`, 'utf8')).toMatch(/\) T /);
        });
        // As PostgreSQL does to a session that is idle for too long.
        for (const pid of await leaders()) await journals.pool.query('SELECT pg_terminate_backend($1)', [pid]);
        void signer.run();
        await record(
          journal,
          'nvidia',
          Array.from({ length: 3 }, (_, n) => party(`p-${n}`)),
        );
        const { size } = (await readTree(journals.pool, 'nvidia'))!;
        const newest = await eventually(async () => {
          const stored = await latestCheckpoint(journals.pool, 'nvidia');
          expect([stored?.size, (await inKafka()).at(-1)]).toEqual([size, stored?.note.toString()]);
          return stored!;
        });
        frozen.kill('SIGCONT');
        // It stands by again only after it has given up what it was about.
        await eventually(async () => {
          expect([frozen.exitCode, (await leaders()).length]).toEqual([null, 2]);
        });
        const notes = await inKafka();
        expect(notes.at(-1)).toBe(newest.note.toString());
        const sizes = notes.map((note) => parseCheckpoint(Buffer.from(note)).size);
        expect(sizes).toEqual(sizes.toSorted((one, other) => one - other));
        expect(await latestCheckpoint(journals.pool, 'nvidia')).toEqual(newest);
        const published = await checkpointsAfter(journals.pool, 'nvidia', 0, 99);
        expect(new Set(published.map((one) => one.size)).size).toBe(published.length);
      } finally {
        frozen.kill('SIGKILL');
        await ended;
        await signer.stop();
      }
    },
  );

  it('after it made sure that it leads, and before it sent, is refused by the broker, and shuts nobody out', async () => {
    const over = new AbortController();
    const open = (stillLeads: () => Promise<unknown>) =>
      CheckpointTopic.open(
        {
          ...{ brokers: brokers(), clientId: 'test', topic: { topic, partitions: 1 }, log: silent, stop: over.signal },
          ...{ base: 'log.example', stillLeads },
        },
        async () => undefined,
      );
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    let asked = 0;
    const frozen = await open(async () => {
      asked += 1;
      if (asked === 2) await woken;
      if (asked > 2) throw new Error('the lock was lost');
    });
    try {
      frozen.publish({ origin: ORIGIN, note: Buffer.from('older') });
      await eventually(() => {
        expect(asked).toBe(2);
      });
      const next = await open(async () => undefined);
      next.publish({ origin: ORIGIN, note: Buffer.from('newer') });
      await eventually(async () => {
        expect(await inKafka()).toEqual(['newer']);
      });
      wake();
      await eventually(() => {
        expect(frozen.trouble).toMatch(/cannot publish checkpoints to Kafka/);
        expect(asked).toBeGreaterThan(2);
      });
      next.publish({ origin: ORIGIN, note: Buffer.from('newest') });
      await eventually(async () => {
        expect(await inKafka()).toEqual(['newer', 'newest']);
      });
      expect(next.trouble).toBeUndefined();
    } finally {
      over.abort();
      await frozen.close();
    }
  });
});
