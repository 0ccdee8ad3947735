import { Inject, Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type pg from 'pg';
import { feedMetrics } from '#feed/observer';
import { relayStatus } from '#feed/status';
import { readTopicSettings } from '#feed/topicSettings';
import type { WithDatabase } from '#platform/service/config';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { counter, FAST, gauge, histogram } from '#platform/watching/metrics';
import { CONFIG, POOL } from '#platform/service/tokens';
import { Relay } from './relay.ts';
import type { RelayObserver } from './publish.ts';

const LAG_MS = 5_000;

const publishSeconds = histogram('lading_relay_publish_seconds', 'One batch sent and acknowledged', FAST);
const publishedEvents = counter('lading_relay_events_total', 'Events sent and acknowledged', ['ledger']);
const leadingRelay = gauge('lading_relay_leading', '1 in the relay that publishes, 0 in one that stands by');
const { lag } = feedMetrics('relay');

const metrics: RelayObserver = {
  leading(leading) {
    leadingRelay.set(leading ? 1 : 0);
  },
  published({ seconds, events }) {
    publishSeconds.observe(seconds);
    for (const [ledger, count] of events) publishedEvents.inc({ ledger }, count);
  },
};

/** Runs the relay for as long as the application lives. */
@Injectable()
class RelayService implements OnApplicationBootstrap, OnApplicationShutdown {
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
      observer: metrics,
    });
    health.register('relay', () => {
      const { state, reason } = this.#relay.state();
      if (state === 'waiting' || state === 'starting') throw new NotReady(reason ?? state);
      return state;
    });
  }

  onApplicationBootstrap(): void {
    // It waits for what is away. An error that ends it all the same is nobody's to catch, so it ends the process with status 1.
    void this.#relay.run();
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
    for (const { ledger, lagEvents, lagSeconds } of await relayStatus(this.pool)) lag(ledger, lagEvents, lagSeconds);
  }
}

/** The relay: from the journal to Kafka. */
@Module({ providers: [RelayService] })
export class RelayModule {}
