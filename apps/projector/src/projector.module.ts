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
import { gauge } from '#platform/watching/metrics';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { createPool } from '#platform/database/database';
import { CONFIG } from '#platform/service/tokens';
import { Projector } from '#projections/versions/projector';
import { feedOf } from './feedOf.ts';

/** `kafka` where brokers are set, unless the module was asked to read the journal. */
const SOURCE = Symbol('where events come from');
type Source = 'kafka' | 'journal' | 'as configured';

const projectors = new Set<Projector>();
gauge('lading_projection_parked', '1 while a ledger is parked or waits at a hole', ['ledger'], function collect() {
  this.reset();
  const parked = [...projectors].flatMap((projector) => projector.state().parked);
  for (const { ledger } of parked) this.set({ ledger }, 1);
});

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
          observer: feedMetrics('projector', () => this.#projector.answers(version.version)),
        }),
    });
    health.register('projector', () => {
      const { state, reason, parked } = this.#projector.state();
      if (state !== 'running') throw new NotReady(reason ?? state);
      // Everybody may ask this, so it names no ledger.
      return parked.length === 0
        ? source
        : `${source}; ledgers that stand still: ${parked.length} (GET /v1/status says which, and why)`;
    });
  }

  onApplicationBootstrap(): void {
    projectors.add(this.#projector);
    // It waits for what is away. An error that ends it all the same is nobody's to catch, so it ends the process with status 1.
    void this.#projector.run();
  }

  async onApplicationShutdown(): Promise<void> {
    projectors.delete(this.#projector);
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
