import { Inject, Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type pg from 'pg';
import { readSigningSettings } from '#checkpoints/signingSettings';
import type { SignerObserver } from '#checkpoints/signLedger';
import { Signer } from '#checkpoints/signer';
import { readTopicSettings } from '#feed/topicSettings';
import type { WithDatabase } from '#platform/service/config';
import { makeDataFolder } from '#platform/service/dataFolder';
import { CONFIG, POOL } from '#platform/service/tokens';
import { HealthChecks, NotReady } from '#platform/watching/health';
import { counter, gauge } from '#platform/watching/metrics';

const size = gauge('lading_checkpoint_size', 'Events in the newest checkpoint that was published', ['ledger']);
const signedAt = new Map<string, number>();
gauge(
  'lading_checkpoint_age_seconds',
  'Since the newest checkpoint was published; a ledger without new events needs no newer one',
  ['ledger'],
  function () {
    for (const [ledger, at] of signedAt) this.set({ ledger }, (performance.now() - at) / 1_000);
  },
);
const refusals = counter('lading_checkpoint_refusals_total', 'Times that a ledger was not signed', ['ledger']);

const metrics: SignerObserver = {
  published(ledger, events) {
    size.set({ ledger }, events);
    signedAt.set(ledger, performance.now());
  },
  refused(ledger) {
    refusals.inc({ ledger });
  },
};

/** Runs the signer for as long as the application lives. */
@Injectable()
class SignerService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #signer: Signer;

  constructor(
    @Inject(CONFIG) private readonly config: WithDatabase,
    @Inject(POOL) pool: pg.Pool,
    health: HealthChecks,
    logger: PinoLogger,
  ) {
    logger.setContext('Signer');
    const { keyFile, keySetting, stateFile, origin, topic, witnesses } = readSigningSettings(config.dataDir);
    const brokers = config.kafkaBrokers;
    this.#signer = new Signer({
      url: config.databaseUrl,
      pool,
      keyFile: { path: keyFile, setting: keySetting },
      stateFile,
      origin,
      witnesses,
      ...(brokers.length > 0 && {
        kafka: { brokers, clientId: 'lading-signer', topic: { ...readTopicSettings(topic), partitions: 1 } },
      }),
      log: logger,
      observer: metrics,
    });
    health.register('signer', () => this.#state());
  }

  async onApplicationBootstrap(): Promise<void> {
    await makeDataFolder(this.config.dataDir);
    void this.#signer.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#signer.stop();
  }

  /**
   * In words for everybody, so without the names of ledgers and files. A signer that waits for its key keeps no process from answering: what else the
   * process does needs no signature.
   */
  #state(): string {
    const { state } = this.#signer.state();
    if (state === 'starting') throw new NotReady(state);
    if (state === 'waiting') return 'waiting: its log says for what';
    const { refused, kafka } = this.#signer.trouble;
    const said = refused === 0 ? [] : [`does not sign ${refused} ledger(s): GET /v1/status says why`];
    return [state, ...said, ...(kafka === undefined ? [] : [kafka])].join('; ');
  }
}

/** The signer: from the trees of the journal to checkpoints. */
@Module({ providers: [SignerService] })
export class SignerModule {}
