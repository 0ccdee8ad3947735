import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
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
import { rateLimit } from '../http/rateLimit.ts';
import { CONFIG, POOL } from './tokens.ts';
import { ZodPipe } from '../http/checked.ts';

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
        { provide: APP_PIPE, useClass: ZodPipe },
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
