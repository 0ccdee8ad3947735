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
 * What every module of a process may ask for: CONFIG, POOL, Keyring, HealthChecks, Drain. It is global, so it comes up first
 * and goes last: in `onApplicationShutdown` every other module still has its database.
 */
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly keyring: Keyring,
    checks: HealthChecks,
  ) {
    checks.register('database', () => pool.query('SELECT 1').then(() => undefined));
  }

  static with({ config, pool, keyring, logger }: PlatformParts): DynamicModule {
    const limit = rateLimit(config);
    return {
      module: PlatformModule,
      global: true,
      // Without its middleware: it costs each request a child logger, and requests are logged by a hook where asked for.
      imports: [LoggerModule.forRoot({ pinoHttp: { logger }, forRoutes: [] }), ...limit.imports],
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: POOL, useValue: pool },
        { provide: Keyring, useValue: keyring },
        HealthChecks,
        Drain,
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        ...limit.providers,
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: [CONFIG, POOL, Keyring, HealthChecks, Drain],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.keyring.close();
    await this.pool.end();
  }
}

const MINUTE_MS = 60_000;

/**
 * The limit of LADING_RATE_LIMIT: requests a minute for each key, counted in each process for itself. Behind the guard, so
 * that a key is known; public routes are not counted. Nothing at all unless it is set.
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
