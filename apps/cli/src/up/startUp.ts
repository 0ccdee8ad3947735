import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveDashboard } from '#apps/query/src/dashboard/serveDashboard';
import { SignIn } from '#apps/query/src/dashboard/signIn';
import { serveDocs } from '#platform/docs/serveDocs';
import { adminKey } from '#platform/keys/adminKey';
import type { Config } from '#platform/service/config';
import { createApp } from '#platform/service/createApp';
import { makeDataFolder } from '#platform/service/dataFolder';
import { answersAsKafka } from '#servers/kafka/answersAsKafka.mjs';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#servers/embeddedPostgres';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { watchProcess } from '#platform/watching/metrics';
import { checkPort, listenOn } from '#platform/http/listenOn';
import { migrate } from '#platform/database/migrate';
import { stopGracefully } from '#platform/service/stopOnSignals';
import { troubleOf } from '#platform/database/trouble';
import { waitForDatabase } from '#platform/database/waitForDatabase';
import { projectionMigrations } from '#projections/migrations/projectionMigrations';
import { exitCodes, UserError } from '../exitCodes.ts';
import { announce, withdraw } from '../running.ts';
import { AllInOneModule } from './allInOne.module.ts';

export interface Up {
  readonly url: string;
  /** Opens the dashboard signed in: once, and for a short time. */
  readonly dashboard: string;
  readonly adminKey: string;
  /** The file of the admin key; undefined when the key came from the environment. */
  readonly keyFile: string | undefined;
  /** Rejects when the database of this process has ended and cannot be started again. */
  readonly lost: Promise<never>;
}

const READY_MS = 60_000;
/** A Kafka that is starting beside Lading gets this long to answer. */
const KAFKA_MS = 10_000;
/** What the database of this process has at the least to stop, when nothing else leaves it more. */
const POSTGRES_STOP_MS = 1_000;

/** The steps that stop what was started, each in the milliseconds that it gets; they run from the last to the first. */
export type Undo = ((patienceMs: number) => unknown)[];

/**
 * Starts all of Lading in this process: a database, its tables, the application, its port. Each started part adds its stop
 * to `undo`, so that it can be stopped also when a later part fails.
 */
export async function startUp(config: Config, say: (message: string) => void, undo: Undo): Promise<Up> {
  await checkPort(config);
  await checkKafka(config.kafkaBrokers);
  // Also with a database of one's own, other commands find in it what runs.
  await makeDataFolder(config.dataDir);
  if (config.databaseUrl !== undefined) return startOn(config.databaseUrl, config, say, undo);
  const postgres = await startEmbedded(config, say, undo);
  const lost = postgres.ended.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      throw new UserError((error as Error).message, exitCodes.failed);
    },
  );
  const started = startOn(postgres.url, config, say, undo, { postgres, lost }).catch((error: unknown) => {
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

/** All of Lading but its database. `own` is the database of this process, unless `databaseUrl` is one's own. */
async function startOn(
  databaseUrl: string,
  config: Config,
  say: (message: string) => void,
  undo: Undo,
  own?: { readonly postgres: EmbeddedPostgres; readonly lost: Promise<never> },
): Promise<Up> {
  await waitForDatabase(databaseUrl, say);
  const ran = await migrate(databaseUrl, projectionMigrations);
  if (ran.length > 0) say(`made the tables (${ran.length} migrations)`);

  watchProcess();
  const app = await createApp(
    AllInOneModule.with(config),
    { ...config, databaseUrl },
    {
      name: 'up',
      prepare: (app) => {
        serveDocs(app);
        serveDashboard(app);
      },
    },
  );
  undo.push((patienceMs) => stopGracefully(app, patienceMs - POSTGRES_STOP_MS));
  const url = await listenOn(app, config);
  const { key, file } = await adminKey(config);
  if (own !== undefined)
    app.get(HealthChecks).register('PostgreSQL', () => {
      if (own.postgres.trouble !== undefined) throw new NotReady(own.postgres.trouble);
    });
  // The projector creates its tables when it starts, and no question can be answered before that.
  await becomesReady(app.get(HealthChecks));
  announce(config.dataDir, { pid: process.pid, url, databaseUrl });
  undo.push(() => {
    withdraw(config.dataDir);
  });
  const dashboard = `${url}/app/#code=${app.get(SignIn, { strict: false }).newCode()}`;
  return { url, dashboard, adminKey: key, keyFile: file, lost: own?.lost ?? new Promise<never>(() => undefined) };
}

async function becomesReady(health: HealthChecks): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { ready, checks } = await health.run();
    if (ready) return;
    if (Date.now() > deadline) {
      const down = Object.entries(checks).flatMap(([name, { status, detail }]) =>
        status === 'down' ? `${name}: ${detail ?? status}` : [],
      );
      throw new UserError(`Not ready within ${READY_MS / 1000} s. ${down.join('; ')}`, exitCodes.unavailable);
    }
    await sleep(20);
  }
}

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
