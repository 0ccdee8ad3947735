import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#platform/service/config';
import { makeDataFolder } from '#platform/service/dataFolder';
import { answersAsKafka } from '#servers/kafka/answersAsKafka.mjs';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#servers/embeddedPostgres';
import { checkPort } from '#platform/http/listenOn';
import { troubleOf } from '#platform/database/trouble';
import { exitCodes, UserError } from '../exitCodes.ts';
import type { Undo, Up } from './startOn.ts';

/** A Kafka that is starting beside Lading gets this long to answer. */
const KAFKA_MS = 10_000;

/**
 * Starts all of Lading in this process: a database, its tables, the application, its port. Each started part adds its stop
 * to `undo`, so that it can be stopped also when a later part fails.
 */
export async function startUp(config: Config, say: (message: string) => void, undo: Undo): Promise<Up> {
  await checkPort(config);
  await checkKafka(config.kafkaBrokers);
  // Also with a database of one's own, other commands find in it what runs.
  await makeDataFolder(config.dataDir);
  // To load all services is half of a start, and work for this process: meanwhile PostgreSQL starts in its own.
  const services = loadServices();
  services.catch(() => undefined);
  if (config.databaseUrl !== undefined) return (await services)(config.databaseUrl, config, say, undo);
  const postgres = await startEmbedded(config, say, undo);
  const lost = postgres.ended.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      throw new UserError((error as Error).message, exitCodes.failed);
    },
  );
  const starting = services.then((startOn) => startOn(postgres.url, config, say, undo, { postgres, lost }));
  const started = starting.catch((error: unknown) => {
    const trouble = troubleOf(error);
    if (trouble === undefined) throw error;
    throw new UserError(
      `PostgreSQL went away while Lading started: ${trouble.detail}. Look at ${join(config.dataDir, 'postgres/postgres.log')}, put right what it says, and start again.`,
      exitCodes.failed,
    );
  });
  // A start that waits for a database which does not come back would end with something else, and later.
  return Promise.race([started, lost]);
}

const loadServices = async () => (await import('./startOn.ts')).startOn;

async function checkKafka(brokers: readonly string[]): Promise<void> {
  const answers = (broker: string): Promise<boolean> => {
    const { hostname, port } = new URL(`kafka://${broker}`);
    return answersAsKafka(Number(port), hostname.replace(/^\[|\]$/g, ''));
  };
  const deadline = Date.now() + KAFKA_MS;
  while (brokers.length > 0 && !(await Promise.all(brokers.map(answers))).includes(true)) {
    if (Date.now() > deadline)
      throw new UserError(
        `KAFKA_BROKERS: no Kafka answers at ${brokers.join(', ')}. Start it, correct the address, or unset KAFKA_BROKERS: Lading runs in one process without Kafka.`,
        exitCodes.unavailable,
      );
    await sleep(200);
  }
}

async function startEmbedded(
  { dataDir }: Config,
  say: (message: string) => void,
  undo: Undo,
): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres(dataDir, say);
  undo.push((patienceMs) => postgres.stop(patienceMs));
  say(`PostgreSQL is up, its data in ${join(dataDir, 'postgres')}`);
  return postgres;
}
