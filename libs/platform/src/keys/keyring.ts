import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { type Actor, type Role, roles } from './actor.ts';
import { type Listener, listen } from '../database/listen.ts';

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
        for (const tell of this.#watchers) tell(name);
      },
    });
  }

  /** Rejects when the database is needed and does not answer. */
  async holderOf(secret: string): Promise<Actor | undefined> {
    const hashed = hashOf(secret);
    if (timingSafeEqual(hashed, this.#adminHash)) return admin;
    const cacheKey = hashed.toString('base64');
    const known = this.#listener.listening ? this.#cache.get(cacheKey) : undefined;
    if (known !== undefined) return known;

    const before = this.#changes;
    const found = await findKey(this.#pool, hashed);
    // What was read before a change that we were told of meanwhile may be what it was before that change. Unknown secrets
    // are not remembered: there are too many of them.
    if (found !== undefined && before === this.#changes && this.#listener.listening) this.#cache.set(cacheKey, found);
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

/** What the key with this hash may do; undefined when there is none, or it is revoked. */
async function findKey(pool: pg.Pool, hashed: Buffer): Promise<Actor | undefined> {
  const { rows } = await pool.query<ActorRow>('SELECT * FROM platform.api_keys WHERE hash = $1 AND revoked IS NULL', [
    hashed,
  ]);
  return rows[0] && toActor(rows[0]);
}

/** The columns of a key that say what it may do. */
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

/** A new API key: 256 bits of chance, safe in a URL and a header, and recognisable when it leaks into a repository. */
export function newSecret(): string {
  return `lading_${randomBytes(32).toString('base64url')}`;
}

/**
 * What is kept of a key. A plain SHA-256: nobody can guess 256 bits, so a slow password hash would only slow us down. A lookup
 * by it is timing-safe as well: what a lookup takes tells about the hash, of which nothing leads back to the key.
 */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
