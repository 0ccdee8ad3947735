import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Listener, listen } from '#platform/database/listen';
import { Signal } from '#platform/database/signal';
import type { WithDatabase } from '#platform/service/config';
import { CONFIG } from '#platform/service/tokens';

const CHANNELS = { applied: 'lading_applied', recorded: 'lading_events' } as const;
/** That the read models applied events, or that the journal recorded some. */
export type SignalOf = keyof typeof CHANNELS;

/** Hears from PostgreSQL which ledgers have new events, on one connection for everybody who waits. */
@Injectable()
export class Signals implements OnModuleInit, OnApplicationShutdown {
  /** By channel and ledger. */
  readonly #waiting = new Map<string, Set<Signal>>();
  #listener: Listener | undefined;

  constructor(@Inject(CONFIG) private readonly config: WithDatabase) {}

  onModuleInit(): void {
    this.#listener = listen({
      url: this.config.databaseUrl,
      channels: Object.values(CHANNELS),
      name: 'lading query signals',
      // Notifications of the time without a connection are not repeated: everybody looks.
      onListening: () => {
        for (const signals of this.#waiting.values()) for (const signal of signals) signal.set();
      },
      onNotification: (ledger, channel) => {
        for (const signal of this.#waiting.get(`${channel} ${ledger}`) ?? []) signal.set();
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#listener?.close();
  }

  /** Does `work` with a signal that is set whenever the ledger has new events. */
  async during<T>(ledger: string, what: SignalOf, work: (signal: Signal) => Promise<T>): Promise<T> {
    const name = `${CHANNELS[what]} ${ledger}`;
    const signals = this.#waiting.get(name) ?? new Set();
    const signal = new Signal();
    this.#waiting.set(name, signals.add(signal));
    try {
      return await work(signal);
    } finally {
      signals.delete(signal);
      if (signals.size === 0 && this.#waiting.get(name) === signals) this.#waiting.delete(name);
    }
  }
}
