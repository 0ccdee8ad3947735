import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Listener, listen } from '#platform/database/listen';
import type { WithDatabase } from '#platform/service/config';
import { CONFIG } from '#platform/service/tokens';

const CHANNELS = { applied: 'lading_applied', recorded: 'lading_events' } as const;
export type NewsOf = keyof typeof CHANNELS;

/** Hears from PostgreSQL that a ledger has events which were not there before: one connection for everybody who waits. */
@Injectable()
export class News implements OnModuleInit, OnApplicationShutdown {
  private readonly subscriptions = new Map<string, Set<Subscription>>();
  private listener: Listener | undefined;

  constructor(@Inject(CONFIG) private readonly config: WithDatabase) {}

  onModuleInit(): void {
    this.listener = listen({
      url: this.config.databaseUrl,
      channels: Object.values(CHANNELS),
      name: 'lading query news',
      // What was said while nobody listened is not said again: everybody looks.
      onListening: () => {
        for (const of of this.subscriptions.values()) for (const each of of) each.tell();
      },
      onNotification: (ledger, channel) => {
        for (const each of this.subscriptions.get(`${channel} ${ledger}`) ?? []) each.tell();
      },
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.listener?.close();
  }

  /** Listens for a ledger's news from this moment on, until `end` is called. */
  of(ledger: string, what: NewsOf): Subscription {
    const name = `${CHANNELS[what]} ${ledger}`;
    const all = this.subscriptions.get(name) ?? new Set();
    this.subscriptions.set(name, all);
    const subscription = new Subscription(() => {
      all.delete(subscription);
      if (all.size === 0 && this.subscriptions.get(name) === all) this.subscriptions.delete(name);
    });
    all.add(subscription);
    return subscription;
  }
}

/** News that somebody waits for. What comes while nobody waits is not lost: the next wait is over at once. */
export class Subscription {
  private news = false;
  private wake: () => void = () => undefined;

  constructor(readonly end: () => void) {}

  tell(): void {
    this.news = true;
    this.wake();
  }

  /** Until there is news, or for that many milliseconds, or until `signal` is aborted. Whether there was news. */
  async wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (!this.news && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms);
        function done() {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        }
        this.wake = done;
        signal?.addEventListener('abort', done);
      });
    }
    const { news } = this;
    this.news = false;
    return news;
  }
}
