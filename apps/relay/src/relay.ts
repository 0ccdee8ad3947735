import type pg from 'pg';
import { createKafka, type KafkaConnection } from '#feed/kafkaClient';
import { type FeedLog, silent } from '#feed/observer';
import { type Failure, persist, reasonOf, Runner } from '#feed/runner';
import type { TopicSettings } from '#feed/topic';
import { Cursors } from './cursors.ts';
import { becomeLeader, type Leadership } from './leadership.ts';
import { publish, type RelayObserver } from './publish.ts';

export interface RelayOptions extends KafkaConnection {
  /** Of the journal; `pool` reads it. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly topic: TopicSettings;
  readonly log?: FeedLog | undefined;
  readonly observer?: RelayObserver | undefined;
  /** Milliseconds between two looks at all heads: what finds an event whose notification was lost. */
  readonly pollEvery?: number | undefined;
  /** Milliseconds between two looks at whether the topic is still the same, while nothing is sent. */
  readonly checkEvery?: number | undefined;
}

interface RelayState {
  /** `standing-by`: another relay publishes. `waiting`: something is away, see the reason. */
  readonly state: 'starting' | 'standing-by' | 'publishing' | 'waiting' | 'stopped';
  readonly reason?: string;
}

const REPORT_MS = 5_000;
const BACKOFF = { first: 100, most: 3_000 };

const REPORT = `
  INSERT INTO feed.relay_status AS s (state, reason, updated) VALUES ($1, $2, now())
  ON CONFLICT (single) DO UPDATE SET state = excluded.state, reason = excluded.reason, updated = excluded.updated`;

/**
 * Publishes the journal to Kafka: each ledger in order, on the partition that was chosen for it, from a cursor. One relay
 * publishes, any number of others stand by. It never ends by itself: what is away is waited for.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #log: FeedLog;
  readonly #runner = new Runner({});
  #state: RelayState = { state: 'starting' };

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  run(): Promise<void> {
    return this.#runner.run(() => this.#run());
  }

  /** Sends what it has begun to send, and stores how far it came. */
  async stop(): Promise<void> {
    await this.#runner.stop();
    this.#state = { state: 'stopped' };
  }

  state(): RelayState {
    return this.#state;
  }

  /** Leads again and again: a lock that was lost is waited for like the first time. */
  async #run(): Promise<void> {
    const stop = this.#runner.stopping;
    const lead = async (running: () => void) => {
      const standingBy = setTimeout(() => {
        this.#enter({ state: 'standing-by' });
      }, 1_000);
      const leadership = await becomeLeader(this.#options.url, this.#options.topic.topic, stop).finally(() => {
        clearTimeout(standingBy);
      });
      running();
      if (leadership !== undefined) await this.#lead(leadership);
    };
    while (!stop.aborted)
      await persist(lead, {
        ...{ stop, backoff: BACKOFF },
        onFailure: (failure) => {
          this.#wait(`the database is away: ${reasonOf(failure.error)}`, failure);
        },
      });
  }

  /** While this is the leader: publishes, and begins anew with new connections after every failure of Kafka. */
  async #lead(leadership: Leadership): Promise<void> {
    const { observer, topic } = this.#options;
    const lost = () => leadership.signal.aborted;
    const stop = AbortSignal.any([this.#runner.stopping, leadership.signal]);
    this.#log.info({ topic: topic.topic }, 'this relay publishes');
    observer?.leading?.(true);
    const reporting = setInterval(() => {
      void this.#report(leadership);
    }, REPORT_MS);
    try {
      const cursors = await Cursors.load(leadership, topic.topic);
      const publishing = (running: () => void) =>
        publish({
          ...this.#options,
          kafka: createKafka(this.#options, this.#log),
          log: this.#log,
          cursors,
          stop,
          onPublishing: () => {
            running();
            this.#enter({ state: 'publishing' });
            void this.#report(leadership);
          },
        });
      await persist(publishing, {
        ...{ stop, backoff: BACKOFF },
        onFailure: (failure) => {
          this.#wait(reasonOf(failure.error), failure);
          void this.#report(leadership);
        },
      });
      if (!lost()) await cursors.store();
    } finally {
      clearInterval(reporting);
      observer?.leading?.(false);
      if (lost()) this.#log.warn({}, 'this relay has lost its lock: it publishes no more until it has the lock again');
      await leadership.end();
    }
  }

  #wait(reason: string, { error, failures, delay }: Failure): void {
    this.#enter({ state: 'waiting', reason });
    this.#log.warn({ failures, err: error }, `cannot publish: ${reason}; trying again in ${delay} ms`);
  }

  #enter(state: RelayState): void {
    if (state.state === 'standing-by' && this.#state.state !== 'standing-by')
      this.#log.info({}, 'another relay publishes: standing by');
    if (!this.#runner.stopping.aborted) this.#state = state;
  }

  /** Shown in status. That it could not be written is found out by what depends on the connection. */
  async #report({ client }: Leadership): Promise<void> {
    const { state, reason = null } = this.#state;
    await client.query({ name: 'relay-report', text: REPORT, values: [state, reason] }).catch(() => undefined);
  }
}
