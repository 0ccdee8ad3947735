import { becomeLeader, type Leadership } from '#feed/leadership';
import { type FeedLog, silent } from '#feed/observer';
import { persist, reasonOf, Runner } from '#feed/runner';
import { troubleOf } from '#platform/database/trouble';
import { Session, type SignerOptions } from './signerSession.ts';

interface SignerState {
  /** `standing-by`: another signer signs. `waiting`: the database, Kafka or the key is not to be had; the reason says which. */
  readonly state: 'starting' | 'standing-by' | 'signing' | 'waiting' | 'stopped';
  readonly reason?: string;
}

const BACKOFF = { first: 100, most: 3_000 };

/**
 * Signs checkpoints of every ledger, soon after its commits. One signer signs, any number of others stand by. It never ends by itself: it
 * waits while what it needs is away. A ledger that must not be signed stops no other.
 */
export class Signer {
  readonly #options: SignerOptions;
  readonly #log: FeedLog;
  readonly #runner = new Runner({});
  #state: SignerState = { state: 'starting' };
  #session: Session | undefined;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
  }

  run(): Promise<void> {
    return this.#runner.run(() => this.#run());
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
    this.#state = { state: 'stopped' };
  }

  state(): SignerState {
    return this.#state;
  }

  /** The ledgers that it refuses to sign, and why Kafka does not get checkpoints. */
  get trouble(): { readonly refused: number; readonly kafka: string | undefined } {
    return { refused: this.#session?.refused.size ?? 0, kafka: this.#session?.kafka };
  }

  async #run(): Promise<void> {
    const stop = this.#runner.stopping;
    const lead = async (running: () => void) => {
      const standingBy = setTimeout(() => {
        this.#enter({ state: 'standing-by' });
      }, 1_000);
      const leadership = await becomeLeader(this.#options.url, 'lading signer', 'of all ledgers', stop).finally(() => {
        clearTimeout(standingBy);
      });
      if (leadership !== undefined) await this.#lead(leadership, running);
    };
    while (!stop.aborted)
      await persist(lead, {
        ...{ stop, backoff: BACKOFF },
        onFailure: ({ error, failures, delay }) => {
          const reason = troubleOf(error)?.detail ?? reasonOf(error);
          const isNew = failures === 1 || this.#state.reason !== reason;
          this.#enter({ state: 'waiting', reason });
          if (isNew) this.#log.warn({ failures, err: error }, `cannot sign: ${reason}; trying again in ${delay} ms`);
        },
      });
  }

  async #lead(leadership: Leadership, running: () => void): Promise<void> {
    const over = new AbortController();
    const stop = AbortSignal.any([this.#runner.stopping, leadership.signal, over.signal]);
    let session: Session | undefined;
    try {
      session = await Session.open(this.#options, leadership, stop, this.#log);
      this.#session = session;
      this.#log.info({ origin: session.base }, 'this signer signs');
      await session.run(() => {
        running();
        this.#enter({ state: 'signing' });
      });
    } finally {
      over.abort();
      this.#session = undefined;
      await session?.close();
      await leadership.end();
    }
  }

  #enter(state: SignerState): void {
    if (state.state === 'standing-by' && this.#state.state !== 'standing-by')
      this.#log.info({}, 'another signer signs: standing by');
    if (!this.#runner.stopping.aborted) this.#state = state;
  }
}
