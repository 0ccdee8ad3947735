import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { LoggerModule } from 'nestjs-pino';
import type pg from 'pg';
import type { Logger } from 'pino';
import { ApiKeyGuard } from '../keys/apiKey.guard.ts';
import type { Config } from './config.ts';
import { Drain } from '../http/drain.ts';
import { HealthController } from '../watching/health.controller.ts';
import { DatabaseWatch } from '../watching/databaseWatch.ts';
import { HealthChecks } from '../watching/health.ts';
import { Keyring } from '../keys/keyring.ts';
import { MetricsController } from '../watching/metrics.controller.ts';
import { ProblemFilter } from '../http/problem.filter.ts';
import { actorOf } from '../keys/actor.ts';
import { CONFIG, POOL } from './tokens.ts';

export interface PlatformParts {
  readonly config: Config;
  readonly pool: pg.Pool;
  readonly keyring: Keyring;
  readonly logger: Logger;
}

/**
 * Provides what every module of a process may inject: CONFIG, POOL, Keyring, HealthChecks, DatabaseWatch and Drain. The module is global, so it
 * starts first and stops last: in `onApplicationShutdown` every other module still has its database.
 */
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly keyring: Keyring,
    private readonly database: DatabaseWatch,
    checks: HealthChecks,
  ) {
    checks.register('database', () => database.check());
  }

  static with({ config, pool, keyring, logger }: PlatformParts): DynamicModule {
    const limit = rateLimit(config);
    return {
      module: PlatformModule,
      global: true,
      // No routes for its middleware, which would make a child logger for each request. A hook logs requests at the level debug.
      imports: [LoggerModule.forRoot({ pinoHttp: { logger }, forRoutes: [] }), ...limit.imports],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: POOL, useValue: pool },
        { provide: Keyring, useValue: keyring },
        HealthChecks,
        DatabaseWatch,
        Drain,
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        ...limit.providers,
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [CONFIG, POOL, Keyring, HealthChecks, DatabaseWatch, Drain],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.database.stop();
    await this.keyring.close();
    await this.pool.end();
  }
}

const MINUTE_MS = 60_000;

/**
 * Limits the requests that each key makes in a minute to LADING_RATE_LIMIT, counted in each process for itself. It runs after the
 * guard, which knows the key; requests to public routes are not counted. Without the setting there is no limit.
 */
function rateLimit({ rateLimit: limit }: Pick<Config, 'rateLimit'>): {
  imports: DynamicModule[];
  providers: Provider[];
} {
  if (limit === undefined) return { imports: [], providers: [] };
  const throttler = ThrottlerModule.forRoot({
    throttlers: [{ ttl: MINUTE_MS, limit }],
    skipIf: (context) => actorOf(context.switchToHttp().getRequest<object>()) === undefined,
    getTracker: (request) => actorOf(request)?.name ?? '',
    generateKey: (_context, tracker) => tracker,
  });
  return { imports: [throttler], providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] };
}
