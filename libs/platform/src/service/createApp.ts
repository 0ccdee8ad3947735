import { type DynamicModule, Module, type NestApplicationOptions, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PinoLogger } from 'nestjs-pino';
import type pg from 'pg';
import { adminKey } from '../keys/adminKey.ts';
import type { WithDatabase } from './config.ts';
import { addRequestHooks, createAdapter } from '../http/createAdapter.ts';
import type { AdmissionLimits } from '../http/admission.ts';
import { type BodyLimits, bodyLimits } from '../http/bodies.ts';
import { createPool } from '../database/database.ts';
import { type AnswerLimits, Drain } from '../http/drain.ts';
import { Keyring } from '../keys/keyring.ts';
import { createLogger } from '../watching/logging.ts';
import { NestLogger } from '../watching/nestLogger.ts';
import { PlatformModule } from './platform.module.ts';

export interface CreateAppOptions {
  /** The name of the service, in its logs and on its connections to PostgreSQL. */
  readonly name?: string;
  /** How many connections the shared pool has at most; 10 unless given. */
  readonly connections?: number;
  /** How long answers wait for clients that do not take them, and how many; `answerLimits` unless given. */
  readonly answers?: AnswerLimits;
  /** How fast bodies have to come, and how many there may be; as the settings say unless given. */
  readonly bodies?: BodyLimits;
  /** Called before the application is initialised, to add pages and documents. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

/**
 * Makes a Nest application on Fastify with everything that services share: keys, problem documents, health, metrics, logs. The
 * application is initialised and answers `inject`, but does not listen yet. The database must have its tables (see `migrate`).
 */
export async function createApp(
  module: Type | DynamicModule,
  config: WithDatabase,
  { name = 'lading', connections = 10, answers, bodies, prepare }: CreateAppOptions = {},
): Promise<NestFastifyApplication> {
  const logger = createLogger(name, config.logLevel);
  const { key } = await adminKey(config);
  const poolOf = (purpose: string, max: number): pg.Pool =>
    createPool(config.databaseUrl, {
      name: `lading ${purpose}`,
      max,
      ordered: true,
      pipeline: true,
      timeouts: timeoutsWithin(config.patienceMs),
      onError: (error) => {
        logger.warn({ err: error }, 'a connection to the database broke');
      },
    });
  const pool = poolOf(name, connections);
  const reserved = poolOf(`${name} reserved`, RESERVED_CONNECTIONS);
  const keyring = new Keyring({ pool: reserved, url: config.databaseUrl, adminKey: key });

  try {
    const platform = PlatformModule.with({ config, pool, reserved, keyring, logger });
    const root = { module: RootModule, imports: [platform, module] };
    const options: NestApplicationOptions = { bodyParser: false, bufferLogs: true, abortOnError: false };
    const adapter = createAdapter({ trustedProxies: config.trustedProxies, bodies: bodies ?? bodiesWithin(config) });
    const app = await NestFactory.create<NestFastifyApplication>(root, adapter, options);
    app.useLogger(new NestLogger(await app.resolve(PinoLogger), {}));
    const drain = app.get(Drain);
    addRequestHooks(adapter.getInstance(), { keyring, drain, logger, limits: answers, admission: admissionOf(config) });
    await prepare?.(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return app;
  } catch (error) {
    await closeAll(keyring, pool, reserved);
    throw error;
  }
}

/** For what has to be quick while all others are taken: keys and health. */
const RESERVED_CONNECTIONS = 2;

/** A request waits for a connection, then for its statement, then for a server that is frozen: all together no longer than this. */
const timeoutsWithin = (patienceMs: number) => ({
  connect: Math.min(5_000, patienceMs / 4),
  statement: patienceMs / 2,
  unanswered: patienceMs / 4,
});

const bodiesWithin = ({ bodyMemory }: WithDatabase): BodyLimits => ({
  ...bodyLimits,
  bytes: { ofKey: bodyMemory / 2, all: bodyMemory },
});

const admissionOf = ({ rateLimit, failedKeyLimit, maxRequests }: WithDatabase): AdmissionLimits => ({
  requests: { ofKey: Math.floor(maxRequests / 2), all: maxRequests },
  ofKeyPerMinute: rateLimit,
  failedPerMinute: failedKeyLimit,
});

/** The root of the modules of a process. */
@Module({})
class RootModule {}

async function closeAll(keyring: Keyring, ...pools: readonly pg.Pool[]): Promise<void> {
  await keyring.close();
  for (const pool of pools) if (!pool.ended) await pool.end();
}
