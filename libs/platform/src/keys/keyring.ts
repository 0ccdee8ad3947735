import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { type Actor, type Role, roles } from './actor.ts';
import { type Listener, listen } from '../database/listen.ts';

const CHANNEL = 'lading_api_keys';
const MAX_CACHED = 10_000;

const admin: Actor = { name: 'admin', roles, ledgers: 'all', sources: 'all', party: undefined };

interface KeyringOptions {
  readonly pool: pg.Pool;
  /** The URL of the pool's database, for a connection that listens. */
  readonly url: string;
  /** The bootstrap key. It has every role on every ledger, and no row in the database, so nobody can revoke it. */
  readonly adminKey: string;
}

/**
 * Finds the holder of a secret. It answers from memory while the connection that is notified of changes stands, and asks the
 * database for every request while that connection is broken. So a revocation takes effect in every process as soon as its
 * transaction is committed and the notification has arrived.
 */
export class Keyring {
  readonly #cache = new LRUCache<string, Actor>({ max: MAX_CACHED });
  readonly #watchers = new Set<(name: string) => void>();
  readonly #adminHash: Buffer;
  readonly #pool: pg.Pool;
  readonly #listener: Listener;
  #changes = 0;

  constructor({ pool, url, adminKey }: KeyringOptions) {
    this.#pool = pool;
    this.#adminHash = hashOf(adminKey);
    this.#listener = listen({
      url,
      channels: [CHANNEL],
      name: 'lading keyring',
      onListening: () => {
        this.#forget();
      },
      onNotification: (name) => {
        this.#forget();
        for (const watcher of this.#watchers) watcher(name);
      },
    });
  }

  /** @returns undefined when no key in force has this secret; rejects when the database is needed and does not answer */
  async holderOf(secret: string): Promise<Actor | undefined> {
    const hashed = hashOf(secret);
    if (timingSafeEqual(hashed, this.#adminHash)) return admin;
    const cacheKey = hashed.toString('base64');
    const known = this.#listener.listening ? this.#cache.get(cacheKey) : undefined;
    if (known !== undefined) return known;

    const before = this.#changes;
    const found = await findKey(this.#pool, hashed);
    // When a notification arrived during the query, the row may be older than the change, so it is not cached. Unknown secrets are
    // not cached either: there is no end of them.
    if (found !== undefined && before === this.#changes && this.#listener.listening) this.#cache.set(cacheKey, found);
    return found;
  }

  /**
   * Calls `onChanged` when the key of that name changes, for example when it is revoked or rotated. Streams need this, because they
   * outlive the request that was authenticated.
   * @returns a function that ends this
   */
  onChange(name: string, onChanged: () => void): () => void {
    const watcher = (changed: string) => {
      if (changed === name) onChanged();
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async close(): Promise<void> {
    await this.#listener.close();
  }

  #forget(): void {
    this.#changes++;
    this.#cache.clear();
  }
}

/** The holder of the key with this hash; undefined when there is no such key, or it is revoked. */
async function findKey(pool: pg.Pool, hashed: Buffer): Promise<Actor | undefined> {
  const { rows } = await pool.query<ActorRow>('SELECT * FROM platform.api_keys WHERE hash = $1 AND revoked IS NULL', [
    hashed,
  ]);
  return rows[0] && toActor(rows[0]);
}

/** The columns of a key that say what its holder may do. */
export interface ActorRow {
  name: string;
  roles: Role[];
  ledgers: string[] | null;
  sources: string[] | null;
  party: string | null;
}

export function toActor({ name, roles, ledgers, sources, party }: ActorRow): Actor {
  return { name, roles, ledgers: ledgers ?? 'all', sources: sources ?? 'all', party: party ?? undefined };
}

/** Makes a new API key: 256 random bits, safe in a URL and in a header, and recognisable if it leaks into a repository. */
export function newSecret(): string {
  return `lading_${randomBytes(32).toString('base64url')}`;
}

/**
 * The part of a key that is stored. A plain SHA-256 is enough: nobody can guess 256 bits, so a slow password hash would only cost
 * time. Looking a key up by its hash is safe against timing attacks, because the time depends on the hash, and a hash does not
 * lead back to the key.
 */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
