import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { appliedSequence } from '#projections/reading/readModel';
import { projectionStatus } from '#projections/versions/status';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { Topics } from '#test/feed/topics';
import { LEDGER, manyEvents } from '#test/projections/manyEvents';
import { published } from '#test/projections/published';
import { freshDatabase } from '#test/setup/freshDatabase';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { ProjectorModule } from './projector.module.ts';

describe('the projector', () => {
  const events = published([...manyEvents(600, 50)]);
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let pool: ReturnType<typeof createPool>;

  beforeAll(async () => {
    database = await freshDatabase({
      template: 'projector',
      migrate: (url) => migrate(url, projectionMigrations),
    });
    pool = createPool(database.url);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  async function start(
    module: Type | DynamicModule,
    rest: Record<string, string> = {},
  ): Promise<NestFastifyApplication> {
    const env = {
      DATABASE_URL: database.url,
      LADING_ADMIN_KEY: 'lading_mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6',
      LOG_LEVEL: 'silent',
      ...rest,
    };
    return createApp(module, readConfig({ env }) as WithDatabase, { name: 'projector' });
  }
  const applied = (sequence: number) =>
    eventually(async () => {
      expect(await appliedSequence(pool, LEDGER)).toBe(sequence);
    });

  it('the projector follows the journal where there is no Kafka, is ready when it does, and continues where it stopped', async () => {
    await append(pool, events.slice(0, 300));
    const first = await start(ProjectorModule);
    await applied(300);
    await eventually(async () => {
      const { statusCode, body } = await first.inject('/health/ready');
      expect([statusCode, body]).toEqual([200, expect.stringContaining('journal')]);
    });
    await append(pool, events.slice(300, 400));
    await applied(400);
    await stopGracefully(first);
    await append(pool, events.slice(400, 500));
    const second = await start(ProjectorModule.readingJournal(), { KAFKA_BROKERS: '127.0.0.1:1' });
    await applied(500);
    await stopGracefully(second);
    expect(await projectionStatus(pool)).toMatchObject([
      { consumer: 'projector', ledger: LEDGER, sequence: 500, head: 500, state: 'live' },
    ]);
  });

  describeKafka('with brokers', () => {
    it('the projector follows Kafka, and fills events that are missing there from the journal', async () => {
      const topics = new Topics(brokers());
      const topic = freshTopicName();
      await topics.make(topic);
      await append(pool, events.slice(500));
      const app = await start(ProjectorModule, { KAFKA_BROKERS: brokers().join(','), LADING_TOPIC: topic });
      // Events 501 to 510 never get there.
      await topics.send(topic, events.slice(510));
      await applied(600);
      await stopGracefully(app);
      await topics.delete(topic);
    });
  });
});
