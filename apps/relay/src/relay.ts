import type pg from 'pg';
import { createKafka, type KafkaConnection } from '#feed/kafkaClient';
import { type FeedLog, silent } from '#feed/observer';
import { type FailedAttempt, persist, reasonOf, Runner } from '#feed/runner';
import type { TopicSettings } from '#feed/topic';
import { becomeLeader, type Leadership } from '#feed/leadership';
import { troubleOf } from '#platform/database/trouble';
import { Cursors } from './cursors.ts';
import { publish, type RelayObserver } from './publish.ts';

export interface RelayOptions extends KafkaConnection {
  /** The URL of the journal's database, which `pool` reads. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly topic: TopicSettings;
  readonly log?: FeedLog | undefined;
  readonly observer?: RelayObserver | undefined;
  /** Milliseconds between two polls of all heads, which find events whose notification was lost. */
  readonly pollEvery?: number | undefined;
  /** Milliseconds between two checks whether the topic is still the same, while no event is sent. */
  readonly checkEvery?: number | undefined;
}

interface RelayState {
  /** `standing-by`: another relay publishes. `waiting`: the database or Kafka is unavailable; the reason says which. */
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
 * publishes, any number of others stand by. It never ends by itself: it waits while the database or Kafka is unavailable.
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

  /** Finishes the batch that is being sent, stores the cursors, and ends. */
  async stop(): Promise<void> {
    await this.#runner.stop();
    this.#state = { state: 'stopped' };
  }

  state(): RelayState {
    return this.#state;
  }

  /** Waits for the lock and publishes, again each time that the lock was lost. */
  async #run(): Promise<void> {
    const stop = this.#runner.stopping;
    const lead = async (running: () => void) => {
      const standingBy = setTimeout(() => {
        this.#enter({ state: 'standing-by' });
      }, 1_000);
      const leadership = await becomeLeader(this.#options.url, 'lading relay', this.#options.topic.topic, stop).finally(
        () => {
          clearTimeout(standingBy);
        },
      );
      running();
      if (leadership !== undefined) await this.#lead(leadership);
    };
    while (!stop.aborted)
      await persist(lead, {
        ...{ stop, backoff: BACKOFF },
        onFailure: (failure) => {
          this.#wait(troubleOf(failure.error)?.detail ?? reasonOf(failure.error), failure);
        },
      });
  }

  /** Publishes for as long as this relay is the leader, with new connections after every failure of Kafka. */
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
      if (lost()) this.#log.warn({}, 'this relay has lost its lock, and publishes nothing until it has the lock again');
      await leadership.end();
    }
  }

  #wait(reason: string, { error, failures, delay }: FailedAttempt): void {
    // What goes on failing for the same reason is logged once, also a broker whose log is full.
    const isNew = failures === 1 || this.#state.reason !== reason;
    this.#enter({ state: 'waiting', reason });
    if (isNew) this.#log.warn({ failures, err: error }, `cannot publish: ${reason}; trying again in ${delay} ms`);
  }

  #enter(state: RelayState): void {
    if (state.state === 'standing-by' && this.#state.state !== 'standing-by')
      this.#log.info({}, 'another relay publishes: standing by');
    if (!this.#runner.stopping.aborted) this.#state = state;
  }

  /** Writes what the status shows. A failure is ignored: what else uses this connection reports that it is broken. */
  async #report({ client }: Leadership): Promise<void> {
    const { state, reason = null } = this.#state;
    await client.query({ name: 'relay-report', text: REPORT, values: [state, reason] }).catch(() => undefined);
  }
}
