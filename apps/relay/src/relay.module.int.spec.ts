import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type pg from 'pg';
import { feedMigrations } from '#feed/migrations/feedMigrations';
import { readConfig, type WithDatabase } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { createPool } from '#platform/database/database';
import { migrate } from '#platform/database/migrate';
import { metricsText } from '#platform/watching/metrics';
import { eventually } from '#test/feed/eventually';
import { append } from '#test/feed/seedJournal';
import { someEvents } from '#test/feed/someEvents';
import { Topics } from '#test/feed/topics';
import { freshDatabase } from '#test/setup/freshDatabase';
import { brokers, describeKafka, freshTopicName } from '#test/setup/kafka';
import { RelayModule } from './relay.module.ts';

describeKafka('the relay as a service', () => {
  const topic = freshTopicName();
  let url: string;
  let pool: pg.Pool;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-relay-'));
    ({ url } = await freshDatabase({
      template: 'relay service',
      migrate: (to) => migrate(to, feedMigrations),
    }));
    pool = createPool(url);
  });
  afterAll(async () => {
    await pool.end();
    await new Topics(brokers()).delete(topic);
    await rm(dataDir, { recursive: true });
  });

  const startOn = (kafka: string): Promise<NestFastifyApplication> => {
    const env = {
      DATABASE_URL: url,
      KAFKA_BROKERS: kafka,
      LADING_TOPIC: topic,
      LADING_DATA: dataDir,
      LOG_LEVEL: 'silent',
    };
    return createApp(RelayModule, readConfig({ env }) as WithDatabase, { name: 'relay' });
  };

  const published = async (): Promise<number> =>
    Number(/^lading_relay_events_total (\d+)$/m.exec(await metricsText(() => false))?.[1] ?? 0);

  it('the relay service is ready when it publishes, shows in its metrics what it published, and stops with nothing left to do', async () => {
    await append(pool, someEvents('nvidia', 1, 10));
    const before = await published(); // by the relays that this process had before
    const app = await startOn(brokers().join(','));
    await eventually(async () => {
      const ready = await app.inject('/health/ready');
      expect([ready.statusCode, ready.json<{ checks: { relay: object } }>().checks.relay]).toEqual([
        200,
        { status: 'up', detail: 'publishing' },
      ]);
      expect(await published()).toBe(before + 10);
      expect((await app.inject('/metrics')).body).toMatch(/^lading_relay_leading 1$/m);
    });
    await app.close();
    const { rows } = await pool.query('SELECT sequence FROM feed.relay_cursors');
    expect(rows).toEqual([{ sequence: 10 }]);
  });

  it('the relay service is alive but not ready while the broker is away, and says why', async () => {
    // Nobody listens on port 1.
    const app = await startOn('127.0.0.1:1');
    await eventually(async () => {
      const ready = await app.inject('/health/ready');
      expect(ready.statusCode).toBe(503);
      expect(ready.body).toMatch(/"relay":\{"status":"down","detail":"[^"]*(ECONNREFUSED|Connection error)/);
    });
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    await app.close();
  });
});
