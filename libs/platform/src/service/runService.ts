import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, readConfig, type WithDatabase } from './config.ts';
import { createApp, type CreateAppOptions } from './createApp.ts';
import { createLogger } from '../watching/logging.ts';
import { watchProcess } from '../watching/metrics.ts';
import { migrate, type MigrationClass } from '../database/migrate.ts';
import { listenOn } from '../http/listenOn.ts';
import { stopOnSignals } from './stopOnSignals.ts';
import { waitForDatabase } from '../database/waitForDatabase.ts';

interface RunServiceOptions extends Omit<CreateAppOptions, 'name'> {
  /** The tables that the service works with. */
  readonly migrations: readonly MigrationClass[];
  /** What must be set besides the database. */
  readonly needs?: readonly 'kafka'[];
}

/**
 * Runs a service as a process: it reads the settings, waits for the database, migrates it, starts the application, listens, and stops
 * cleanly on SIGTERM or SIGINT. Mistakes in the settings end the process with status 2 and a line for each, other errors with 1.
 */
export async function runService(
  name: string,
  module: Type | DynamicModule,
  defaultPort: number,
  { migrations, needs = [], ...options }: RunServiceOptions,
): Promise<NestFastifyApplication | undefined> {
  try {
    const config = readConfig({ defaultPort, needs: ['database', ...needs] }) as WithDatabase;
    const logger = createLogger(name, config.logLevel);
    process.on('uncaughtException', (error) => {
      logger.fatal({ err: error }, 'ended by an uncaught error');
      process.exit(1);
    });

    const started: { app?: NestFastifyApplication } = {};
    // From the start on: as the first process of a container, one without a handler would not hear SIGTERM.
    stopOnSignals(() => started.app, logger);
    await waitForDatabase(config.databaseUrl, (message) => {
      logger.info(message);
    });
    const ran = await migrate(config.databaseUrl, migrations);
    if (ran.length > 0) logger.info({ migrations: ran }, 'migrated the database');

    watchProcess();
    const app = await createApp(module, config, { name, ...options });
    started.app = app;
    const url = await listenOn(app, config);
    logger.info({ url }, 'listening');
    return app;
  } catch (error) {
    fail(name, error);
    return undefined;
  }
}

function fail(name: string, error: unknown): void {
  const isMistake = error instanceof ConfigError;
  const lines = isMistake ? error.problems : [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  for (const line of lines) process.stderr.write(`lading ${name}: ${line}\n`);
  // Something that was started may keep the process alive, so it exits here, once its last output is written.
  process.stderr.write('', () => process.exit(isMistake ? 2 : 1));
}
