import { Leader, type Leadership, type LeaderState } from '#feed/leadership';
import { type FeedLog, silent } from '#feed/observer';
import { Session, type SignerOptions } from './signerSession.ts';

/**
 * Signs checkpoints of every ledger, soon after its commits. One signer signs, any number of others stand by. It never ends by itself: it
 * waits while what it needs is away. A ledger that must not be signed stops no other.
 */
export class Signer {
  readonly #options: SignerOptions;
  readonly #log: FeedLog;
  readonly #leader: Leader<'signing'>;
  #session: Session | undefined;

  constructor(options: SignerOptions) {
    this.#options = options;
    this.#log = options.log ?? silent;
    this.#leader = new Leader({
      ...{ url: options.url, log: this.#log, what: 'lading signer', of: 'of all ledgers' },
      words: { another: 'another signer signs', cannot: 'cannot sign' },
      lead: (leadership, running) => this.#lead(leadership, running),
    });
  }

  run(): Promise<void> {
    return this.#leader.run();
  }

  stop(): Promise<void> {
    return this.#leader.stop();
  }

  state(): LeaderState<'signing'> {
    return this.#leader.state;
  }

  /** The ledgers that it refuses to sign, and why Kafka does not get checkpoints. */
  get trouble(): { readonly refused: number; readonly kafka: string | undefined } {
    return { refused: this.#session?.refused.size ?? 0, kafka: this.#session?.kafka };
  }

  async #lead(leadership: Leadership, running: () => void): Promise<void> {
    const over = new AbortController();
    const stop = AbortSignal.any([this.#leader.stopping, leadership.signal, over.signal]);
    let session: Session | undefined;
    try {
      session = await Session.open(this.#options, leadership, stop, this.#log);
      this.#session = session;
      this.#log.info({ origin: session.base }, 'this signer signs');
      await session.run(() => {
        running();
        this.#leader.enter({ state: 'signing' });
      });
    } finally {
      over.abort();
      this.#session = undefined;
      await session?.close();
      await leadership.end();
    }
  }
}
