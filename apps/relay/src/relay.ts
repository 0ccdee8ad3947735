import type pg from 'pg';
import { createKafka, type KafkaConnection } from '#feed/kafkaClient';
import { type FeedLog, silent } from '#feed/observer';
import { persist, reasonOf } from '#feed/runner';
import type { TopicSettings } from '#feed/topic';
import { BACKOFF, Leader, type Leadership, type LeaderState } from '#feed/leadership';
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

const REPORT_MS = 5_000;

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
  readonly #leader: Leader<'publishing'>;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#leader = new Leader({
      ...{ url: options.url, log: this.#log, what: 'lading relay', of: options.topic.topic },
      words: { another: 'another relay publishes', cannot: 'cannot publish' },
      lead: (leadership, running) => {
        running();
        return this.#lead(leadership);
      },
    });
  }

  run(): Promise<void> {
    return this.#leader.run();
  }

  /** Finishes the batch that is being sent, stores the cursors, and ends. */
  stop(): Promise<void> {
    return this.#leader.stop();
  }

  state(): LeaderState<'publishing'> {
    return this.#leader.state;
  }

  /** Publishes for as long as this relay is the leader, with new connections after every failure of Kafka. */
  async #lead(leadership: Leadership): Promise<void> {
    const { observer, topic } = this.#options;
    const lost = () => leadership.signal.aborted;
    const stop = AbortSignal.any([this.#leader.stopping, leadership.signal]);
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
            this.#leader.enter({ state: 'publishing' });
            void this.#report(leadership);
          },
        });
      await persist(publishing, {
        ...{ stop, backoff: BACKOFF },
        onFailure: (failure) => {
          this.#leader.wait(reasonOf(failure.error), failure);
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

  /** Writes what the status shows. A failure is ignored: what else uses this connection reports that it is broken. */
  async #report({ client }: Leadership): Promise<void> {
    const { state, reason = null } = this.#leader.state;
    await client.query({ name: 'relay-report', text: REPORT, values: [state, reason] }).catch(() => undefined);
  }
}
