import { join } from 'node:path';
import { startBroker } from '../kafka/broker.mjs';

/**
 * @typedef {object} Infrastructure
 * @property {string} databaseUrl
 * @property {string} brokers
 * @property {{name: string, exited: Promise<unknown>, stop: () => Promise<void>}[]} servers that were started here, in the
 *   order in which they stop
 * @property {() => Promise<void>} release gives the folder free, when they have
 */

/**
 * PostgreSQL and Kafka for the stack, with their data in `dataDir`; what DATABASE_URL and KAFKA_BROKERS name is taken as it is.
 * @param {string} dataDir
 * @param {{DATABASE_URL?: string | undefined, KAFKA_BROKERS?: string | undefined}} env
 * @param {(message: string) => void} log
 * @returns {Promise<Infrastructure>}
 */
export async function startInfrastructure(dataDir, env, log) {
  // Only now: before, there was no build to take it from.
  const { holdFolder } = await import('#platform/holdFolder');
  const { startEmbeddedPostgres } = await import('#platform/embeddedPostgres');
  // Before either of them touches its data.
  const release = await holdFolder(dataDir);
  const [postgres, kafka] = await Promise.allSettled([
    env.DATABASE_URL ? undefined : startEmbeddedPostgres(join(dataDir, 'database'), log),
    env.KAFKA_BROKERS ? undefined : startBroker({ dataDir: join(dataDir, 'kafka'), log }),
  ]);
  const failed = [postgres, kafka].find((result) => result.status === 'rejected');
  if (postgres.status === 'rejected' || kafka.status === 'rejected') {
    for (const result of [kafka, postgres]) if (result.status === 'fulfilled') await result.value?.stop();
    await release();
    throw failed?.status === 'rejected' ? failed.reason : new Error('the infrastructure did not start');
  }
  return {
    databaseUrl: postgres.value?.url ?? String(env.DATABASE_URL),
    brokers: kafka.value?.brokers ?? String(env.KAFKA_BROKERS),
    servers: [
      ...(kafka.value ? [{ name: 'Kafka', ...kafka.value }] : []),
      ...(postgres.value ? [{ name: 'PostgreSQL', ...postgres.value }] : []),
    ],
    release,
  };
}
