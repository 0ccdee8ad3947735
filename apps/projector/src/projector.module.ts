import {
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type pg from 'pg';
import { feedMetrics } from '#feed/observer';
import type { WithDatabase } from '#platform/service/config';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { createPool } from '#platform/database/database';
import { CONFIG } from '#platform/service/tokens';
import { Projector } from '#projections/versions/projector';
import { feedOf } from './feedOf.ts';

/** `kafka` where brokers are set, unless the module was asked to read the journal. */
const SOURCE = Symbol('where events come from');
type Source = 'kafka' | 'journal' | 'as configured';

/** Feeds the read models for as long as the application lives. */
@Injectable()
class ProjectorService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #projector: Projector;
  readonly #pool: pg.Pool;

  constructor(
    @Inject(CONFIG) config: WithDatabase,
    @Inject(SOURCE) asked: Source,
    health: HealthChecks,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext('Projector');
    // Its own: a batch of the read models sends its statements without waiting for each answer.
    const pool = createPool(config.databaseUrl, {
      name: 'lading projector',
      pipeline: true,
      onError: (error) => {
        logger.warn({ err: error }, 'a connection to the database broke');
      },
    });
    this.#pool = pool;
    const source = asked === 'as configured' ? (config.kafkaBrokers.length > 0 ? 'kafka' : 'journal') : asked;
    this.#projector = new Projector({
      pool,
      url: config.databaseUrl,
      log: logger,
      feed: (version) =>
        feedOf(version, {
          ...{ config, pool, source, log: logger },
          // A version that is being built is behind by its nature: only the one that answers is measured.
          observer: version.state === 'active' ? feedMetrics('projector') : undefined,
        }),
    });
    health.register('projector', () => {
      const { state, reason, parked } = this.#projector.state();
      if (state !== 'running') throw new NotReady(reason ?? state);
      return parked.length === 0
        ? source
        : `${source}; standing still: ${parked.map(({ ledger }) => ledger).join(', ')}`;
    });
  }

  onApplicationBootstrap(): void {
    this.#projector.run().catch((error: unknown) => {
      this.logger.error({ err: error }, 'the projector has ended');
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#projector.stop();
    await this.#pool.end();
  }
}

/** The projector: from Kafka, or from the journal where there is no Kafka, to the read models. */
@Module({ providers: [ProjectorService, { provide: SOURCE, useValue: 'as configured' satisfies Source }] })
export class ProjectorModule {
  /** For a process that has the journal at hand: the read models follow it without the way round Kafka. */
  static readingJournal(): DynamicModule {
    return {
      module: ReadingJournal,
      providers: [ProjectorService, { provide: SOURCE, useValue: 'journal' satisfies Source }],
    };
  }
}

@Module({})
class ReadingJournal {}
