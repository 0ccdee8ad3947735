import type pg from 'pg';
import { createKafka, type KafkaConnection } from '#feed/kafkaClient';
import { type FeedLog, silent } from '#feed/observer';
import { delayAfter, pause, reasonOf } from '#feed/retry';
import type { TopicSettings } from '#feed/topic';
import { report } from './cursors.ts';
import { becomeLeader, type Leadership } from './leadership.ts';
import { Progress } from './progress.ts';
import { publish } from './publish.ts';
import type { RelayObserver } from './relayObserver.ts';

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

export interface RelayState {
  /** `standing-by`: another relay publishes. `waiting`: something is away, see the reason. */
  readonly state: 'starting' | 'standing-by' | 'publishing' | 'waiting' | 'stopped';
  readonly reason?: string;
}

const REPORT_MS = 5_000;

/**
 * Publishes the journal to Kafka: each ledger on the partition that it was given at first sight, in order, from a cursor. One
 * relay publishes, any number of others stand by. It stops for nothing: what is away is waited for.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #log: FeedLog;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #state: RelayState = { state: 'starting' };

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Sends what it has begun to send, and stores how far it came. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  state(): RelayState {
    return this.#state;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const known = setTimeout(() => {
          this.#enter({ state: 'standing-by' });
        }, 1_000);
        const leadership = await becomeLeader(this.#options.url, this.#options.topic.topic, signal).finally(() => {
          clearTimeout(known);
        });
        failures = 0;
        if (leadership !== undefined) await this.#lead(leadership);
      } catch (error) {
        failures += 1;
        await this.#wait(`the database is away: ${reasonOf(error)}`, error, failures);
      }
    }
    this.#state = { state: 'stopped' };
  }

  /** While this is the leader: publishes, begins anew with new connections after every failure of Kafka's. */
  async #lead(leadership: Leadership): Promise<void> {
    const { observer, topic } = this.#options;
    const lost = () => leadership.signal.aborted;
    const over = AbortSignal.any([this.#stopping.signal, leadership.signal]);
    const ended = () => over.aborted;
    this.#log.info({ topic: topic.topic }, 'this relay publishes');
    observer?.leading?.(true);
    const reporting = setInterval(() => {
      void this.#report(leadership);
    }, REPORT_MS);
    try {
      const progress = await Progress.load(leadership, topic.topic);
      for (let failures = 0; !ended(); ) {
        const kafka = createKafka(this.#options, this.#log);
        try {
          await publish({
            ...this.#options,
            kafka,
            log: this.#log,
            progress,
            signal: over,
            onPublishing: () => {
              failures = 0;
              this.#enter({ state: 'publishing' });
              void this.#report(leadership);
            },
          });
        } catch (error) {
          if (ended()) break;
          failures += 1;
          await this.#wait(reasonOf(error), error, failures, leadership, over);
        }
      }
      if (!lost()) await progress.store();
    } finally {
      clearInterval(reporting);
      observer?.leading?.(false);
      if (lost()) this.#log.warn({}, 'this relay has lost its lock: it publishes no more until it has it again');
      await leadership.end();
    }
  }

  async #wait(
    reason: string,
    error: unknown,
    failures: number,
    leadership?: Leadership,
    signal = this.#stopping.signal,
  ) {
    const delay = delayAfter(failures, { first: 100, most: 3_000 });
    this.#enter({ state: 'waiting', reason });
    this.#log.warn({ failures, err: error }, `cannot publish: ${reason}; trying again in ${Math.round(delay)} ms`);
    if (leadership !== undefined) await this.#report(leadership);
    await pause(delay, signal);
  }

  #enter(state: RelayState): void {
    if (state.state === 'standing-by' && this.#state.state !== 'standing-by')
      this.#log.info({}, 'another relay publishes: standing by');
    if (!this.#stopping.signal.aborted) this.#state = state;
  }

  /** For status; that it could not be written is found out by what depends on it. */
  async #report({ client }: Leadership): Promise<void> {
    const { state, reason } = this.#state;
    await report(client, state, reason).catch(() => undefined);
  }
}
