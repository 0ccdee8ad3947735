import pg from 'pg';
import { clientConfig, cutConnection } from './database.ts';

interface ListenOptions {
  readonly url: string;
  readonly channels: readonly string[];
  /** Shown in pg_stat_activity. */
  readonly name?: string;
  /**
   * Called after every connection and reconnection, before any notification that arrives over it. Notifications in between are lost,
   * so a cache must be dropped, and a waiting reader must look again.
   */
  readonly onListening: () => void;
  readonly onNotification: (payload: string, channel: string) => void;
  /** Called when the connection breaks. No notification arrives until the next `onListening`. */
  readonly onDisconnected?: (error: Error) => void;
}

export interface Listener {
  /** Whether notifications arrive at this moment, as far as this process can know. */
  readonly listening: boolean;
  close(): Promise<void>;
}

/** A frozen or cut-off database answers no heartbeat, which is how the listener notices that no notifications arrive. */
const HEARTBEAT_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** Listens to channels of PostgreSQL on a connection of its own, and reconnects until it is closed. */
export function listen(options: ListenOptions): Listener {
  const listener = new ReconnectingListener(options);
  listener.start();
  return listener;
}

class ReconnectingListener implements Listener {
  listening = false;
  #closed = false;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #connecting: Promise<void> = Promise.resolve();

  constructor(private readonly options: ListenOptions) {}

  start(): void {
    this.#connecting = this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.listening = false;
    clearTimeout(this.#timer);
    // A connection that only listens has nothing to finish, and its server may be frozen.
    if (this.#client !== undefined) cutConnection(this.#client);
    await this.#connecting;
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      ...clientConfig(this.options.url, { name: this.options.name ?? 'lading listener' }),
      query_timeout: HEARTBEAT_MS,
    });
    this.#client = client;
    client.on('error', (error) => {
      this.#lost(client, error);
    });
    client.on('end', () => {
      this.#lost(client, new Error('the connection was closed'));
    });
    client.on('notification', ({ channel, payload }) => {
      this.options.onNotification(payload ?? '', channel);
    });
    try {
      await client.connect();
      for (const channel of this.options.channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      // The connection may have broken during the awaits above, or the listener may have been closed.
      if (this.#closed || this.#client !== client) return;
      this.#retryMs = FIRST_RETRY_MS;
      this.listening = true;
      this.options.onListening();
      this.#later(HEARTBEAT_MS, () => this.#heartbeat(client));
    } catch (error) {
      this.#lost(client, error as Error);
    }
  }

  async #heartbeat(client: pg.Client): Promise<void> {
    try {
      await client.query('SELECT 1');
      if (this.#client === client && !this.#closed) this.#later(HEARTBEAT_MS, () => this.#heartbeat(client));
    } catch (error) {
      this.#lost(client, error as Error);
    }
  }

  #lost(client: pg.Client, error: Error): void {
    if (this.#closed || this.#client !== client) return;
    const heard = this.listening;
    this.listening = false;
    this.#client = undefined;
    client.end().catch(() => undefined);
    if (heard) this.options.onDisconnected?.(error);
    this.#later(this.#retryMs, () => {
      this.start();
    });
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #later(ms: number, work: () => unknown): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void work(), ms);
  }
}
