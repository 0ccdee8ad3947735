import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type pg from 'pg';
import type { Logger } from 'pino';
import { cutConnections } from '../database/database.ts';
import { ApiKeyGuard } from '../keys/apiKey.guard.ts';
import type { Config } from './config.ts';
import { Drain } from '../http/drain.ts';
import { HealthController } from '../watching/health.controller.ts';
import { DatabaseWatch } from '../watching/databaseWatch.ts';
import { HealthChecks } from '../watching/health.ts';
import { Keyring } from '../keys/keyring.ts';
import { MetricsController } from '../watching/metrics.controller.ts';
import { ProblemFilter } from '../http/problem.filter.ts';
import { CONFIG, POOL, RESERVED } from './tokens.ts';

export interface PlatformParts {
  readonly config: Config;
  readonly pool: pg.Pool;
  readonly reserved: pg.Pool;
  readonly keyring: Keyring;
  readonly logger: Logger;
}

/**
 * Provides what every module of a process may inject: CONFIG, POOL, RESERVED, Keyring, HealthChecks, DatabaseWatch and Drain. The module
 * is global, so it starts first and stops last: in `onApplicationShutdown` every other module still has its database.
 */
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    @Inject(RESERVED) private readonly reserved: pg.Pool,
    private readonly keyring: Keyring,
    private readonly database: DatabaseWatch,
    checks: HealthChecks,
    drain: Drain,
  ) {
    checks.register('database', () => database.check());
    // Who waits for a database that is away is answered while there is a connection to answer on.
    drain.lastCall.addEventListener('abort', () => {
      cutConnections(pool);
    });
  }

  static with({ config, pool, reserved, keyring, logger }: PlatformParts): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      // No routes for its middleware, which would make a child logger for each request. A hook logs requests at the level debug.
      imports: [LoggerModule.forRoot({ pinoHttp: { logger }, forRoutes: [] })],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: POOL, useValue: pool },
        { provide: RESERVED, useValue: reserved },
        { provide: Keyring, useValue: keyring },
        HealthChecks,
        DatabaseWatch,
        Drain,
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [CONFIG, POOL, RESERVED, Keyring, HealthChecks, DatabaseWatch, Drain],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.database.stop();
    await this.keyring.close();
    await Promise.all([this.pool.end(), this.reserved.end()]);
  }
}
