import { Inject, Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type pg from 'pg';
import { relayStatus } from '#feed/status';
import type { WithDatabase } from '#platform/service/config';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { feedLagEvents, feedLagSeconds } from '#platform/watching/metrics';
import { CONFIG, POOL } from '#platform/service/tokens';
import { Relay } from './relay.ts';
import { relayMetrics } from './relayObserver.ts';
import { readTopicSettings } from './relaySettings.ts';

const LAG_MS = 5_000;

/** Runs the relay for as long as the application lives. */
@Injectable()
export class RelayService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #relay: Relay;
  #measuring: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIG) config: WithDatabase,
    @Inject(POOL) private readonly pool: pg.Pool,
    health: HealthChecks,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext('Relay');
    this.#relay = new Relay({
      url: config.databaseUrl,
      pool,
      brokers: config.kafkaBrokers,
      clientId: 'lading-relay',
      topic: readTopicSettings(config.topic),
      log: logger,
      observer: relayMetrics,
    });
    health.register('relay', () => {
      const { state, reason } = this.#relay.state();
      if (state === 'waiting' || state === 'starting') throw new NotReady(reason ?? state);
      return state;
    });
  }

  onApplicationBootstrap(): void {
    this.#relay.run().catch((error: unknown) => {
      this.logger.error({ err: error }, 'the relay has ended');
    });
    this.#measuring = setInterval(() => {
      this.#measureLag().catch((error: unknown) => {
        this.logger.debug({ err: error }, 'the lag could not be measured');
      });
    }, LAG_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#measuring);
    await this.#relay.stop();
  }

  async #measureLag(): Promise<void> {
    for (const { consumer, ledger, lagEvents, lagSeconds } of await relayStatus(this.pool)) {
      feedLagEvents.set({ consumer, ledger }, lagEvents);
      feedLagSeconds.set({ consumer, ledger }, lagSeconds);
    }
  }
}

/** The relay: from the journal to Kafka. */
@Module({ providers: [RelayService], exports: [RelayService] })
export class RelayModule {}
