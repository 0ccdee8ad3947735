import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { type Actor, roles } from './actor.ts';
import { findKey } from './apiKeys.ts';
import { type Listener, listen } from '../database/listen.ts';
import { hashOf } from './secret.ts';

const CHANNEL = 'lading_api_keys';
const MAX_CACHED = 10_000;

const admin: Actor = { name: 'admin', roles, ledgers: 'all', sources: 'all', party: undefined };

export interface KeyringOptions {
  readonly pool: pg.Pool;
  /** The database of the pool, for a connection that listens. */
  readonly url: string;
  /** The bootstrap key: every role, every ledger, and no row that somebody could revoke. */
  readonly adminKey: string;
}

/**
 * Tells who a secret belongs to. Answers come from memory for as long as the database would tell us of a change; while it
 * cannot, every request asks it. So a revocation bites in every process when its transaction is committed and told.
 */
export class Keyring {
  private readonly cache = new LRUCache<string, Actor>({ max: MAX_CACHED });
  private readonly watchers = new Set<(name: string) => void>();
  private readonly adminHash: Buffer;
  private readonly pool: pg.Pool;
  private readonly listener: Listener;
  private changes = 0;

  constructor({ pool, url, adminKey }: KeyringOptions) {
    this.pool = pool;
    this.adminHash = hashOf(adminKey);
    this.listener = listen({
      url,
      channels: [CHANNEL],
      name: 'lading keyring',
      onListening: () => {
        this.forget();
      },
      onNotification: (name) => {
        this.forget();
        for (const tell of this.watchers) tell(name);
      },
    });
  }

  /** Rejects when the database is needed and does not answer. */
  async holderOf(secret: string): Promise<Actor | undefined> {
    const hash = hashOf(secret);
    if (timingSafeEqual(hash, this.adminHash)) return admin;
    const cacheKey = hash.toString('base64');
    const known = this.listener.listening ? this.cache.get(cacheKey) : undefined;
    if (known !== undefined) return known;

    const before = this.changes;
    const found = await findKey(this.pool, hash);
    // What was read before a change that we were told of meanwhile may be what it was before that change. Unknown secrets
    // are not remembered: there are too many of them.
    if (found !== undefined && before === this.changes && this.listener.listening) this.cache.set(cacheKey, found);
    return found;
  }

  /**
   * Calls `tell` when the key of that name changes (revoked, rotated …), for what outlives a request: an open stream.
   * @returns call it to hear no more
   */
  onChange(name: string, tell: () => void): () => void {
    const watcher = (changed: string) => {
      if (changed === name) tell();
    };
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  async close(): Promise<void> {
    await this.listener.close();
  }

  private forget(): void {
    this.changes++;
    this.cache.clear();
  }
}
