import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { type Actor, type ActorRow, HeldKey, type Known, roles, toActor } from './actor.ts';
import { type Listener, listen } from '../database/listen.ts';

const CHANNEL = 'lading_api_keys';
const MAX_CACHED = 10_000;
/** How long a look-up counts although no change was notified: a network may swallow notifications without breaking the connection. */
const TRUST_MS = 5_000;
/** How often the keys of open requests are looked at: whether a look-up still counts, and whether a secret has ended by itself. */
const LOOK_MS = 1_000;
/** The last use of a key is written at most so often, by each process. */
const WRITE_USES_MS = 60_000;

const admin: Actor = { name: 'admin', roles, ledgers: 'all', sources: 'all', party: undefined };
const ADMIN: Found = { actor: admin, ends: undefined, endsInMs: undefined };

interface KeyringOptions {
  readonly pool: pg.Pool;
  /** The URL of the pool's database, for a connection that listens. */
  readonly url: string;
  /** The bootstrap key. It has every role on every ledger, and no row in the database, so nobody can revoke it. */
  readonly adminKey: string;
  /** For tests. */
  readonly trustMs?: number;
}

/**
 * Finds the holder of a secret. It answers from memory while the connection that is notified of changes stands, for a few seconds
 * at most, and asks the database for every request while that connection is broken. So a revocation takes effect in every process
 * as soon as the notification has arrived; and without one when what is remembered no longer counts.
 */
export class Keyring {
  readonly #cache = new LRUCache<string, Known>({ max: MAX_CACHED });
  /** The keys of the requests that are open, by the hashes of their secrets. */
  readonly #held = new Map<string, Set<HeldKey>>();
  /** Look-ups that were asked for and have not begun, and those that have: see `lookUp`. */
  readonly #waiting = new Map<string, Promise<Known | undefined>>();
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #uses = new LRUCache<string, { written: number; since: boolean }>({ max: MAX_CACHED });
  readonly #options: Required<Pick<KeyringOptions, 'pool' | 'trustMs'>> & KeyringOptions;
  readonly #listener: Listener;
  readonly #timer: NodeJS.Timeout;
  readonly #adminId: string;
  #looking = false;
  #changes = 0;

  constructor(options: KeyringOptions) {
    this.#options = { trustMs: TRUST_MS, ...options };
    this.#adminId = idOf(options.adminKey);
    this.#listener = listen({
      url: options.url,
      channels: [CHANNEL],
      name: 'lading keyring',
      // What happened while nobody listened was not notified.
      onListening: () => {
        this.#changed(() => true);
      },
      onNotification: (name) => {
        this.#changed((held) => held.actor.name === name);
      },
    });
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** @returns undefined when no key in force has this secret; rejects when the database is needed and does not answer */
  async holderOf(secret: string): Promise<Actor | undefined> {
    return (await this.#find(idOf(secret)))?.actor;
  }

  /**
   * The key of a secret, for a request: it is told of changes until it is released.
   * @returns undefined when no key in force has this secret; rejects when the database is needed and does not answer
   */
  async hold(secret: string): Promise<HeldKey | undefined> {
    const id = idOf(secret);
    const known = await this.#find(id);
    return known && this.#holding(id, known);
  }

  /** The same at once, by the hash of the secret: undefined as well when the database has to be asked. */
  holdKnown(id: string): HeldKey | undefined {
    const known = this.#cache.get(id);
    if (known === undefined || !this.counts(known)) return undefined;
    this.#noteUse(known.actor);
    return this.#holding(id, known);
  }

  #holding(id: string, known: Known): HeldKey {
    const others = this.#held.get(id) ?? new Set();
    const held = new HeldKey(id, known, this, () => {
      others.delete(held);
      if (others.size === 0 && this.#held.get(id) === others) this.#held.delete(id);
    });
    this.#held.set(id, others.add(held));
    return held;
  }

  /** Whether this is the hash of the bootstrap key, for which no database has to be asked. */
  isAdmin(id: string): boolean {
    return id === this.#adminId;
  }

  /** Whether what was found earlier counts at this moment without another look. */
  counts({ changes, until }: Known): boolean {
    return this.#listener.listening && changes === this.#changes && performance.now() < until;
  }

  /**
   * Asks the database, and tells every request that holds this key. Look-ups of one key that are asked for together are one
   * statement, which begins after the last of them asked, so that none gets an answer from before its question.
   */
  lookUp(id: string): Promise<Known | undefined> {
    const waiting = this.#waiting.get(id) ?? this.#lookUpAfter(this.#running.get(id), id);
    this.#waiting.set(id, waiting);
    return waiting;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#listener.close();
    await this.#writeUses(0).catch(() => undefined);
  }

  async #find(id: string): Promise<Known | undefined> {
    const cached = this.#cache.get(id);
    const known = cached !== undefined && this.counts(cached) ? cached : await this.lookUp(id);
    if (known !== undefined) this.#noteUse(known.actor);
    return known;
  }

  async #lookUpAfter(running: Promise<unknown> | undefined, id: string): Promise<Known | undefined> {
    await running?.catch(() => undefined);
    const found = this.#ask(id);
    this.#waiting.delete(id);
    this.#running.set(id, found);
    try {
      return await found;
    } finally {
      if (this.#running.get(id) === found) this.#running.delete(id);
    }
  }

  async #ask(id: string): Promise<Known | undefined> {
    const changes = this.#changes;
    const asked = performance.now();
    const found = id === this.#adminId ? ADMIN : await findKey(this.#options.pool, Buffer.from(id, 'base64'));
    const known = found && {
      actor: found.actor,
      ends: found.ends,
      until: asked + Math.min(this.#options.trustMs, found.endsInMs ?? Infinity),
      changes,
    };
    // Unknown secrets are not cached: there is no end of them.
    if (known !== undefined && this.counts(known)) this.#cache.set(id, known);
    for (const held of this.#held.get(id) ?? []) held.learn(known);
    return known;
  }

  /** After a change, what was remembered of any key no longer counts, and open requests with this key look again at once. */
  #changed(concerns: (held: HeldKey) => boolean): void {
    this.#changes++;
    this.#cache.clear();
    for (const [id, held] of this.#held) {
      const [one] = held;
      // The timer tries again when the database does not answer.
      if (one !== undefined && concerns(one)) this.lookUp(id).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const [id, held] of this.#held) {
        if ([...held].some((one) => !one.isSure)) await this.lookUp(id);
      }
      await this.#writeUses(WRITE_USES_MS);
    } catch {
      // The database does not answer: whoever acts for a key meanwhile asks by itself, and this is tried again soon.
    } finally {
      this.#looking = false;
    }
  }

  #noteUse({ name }: Actor): void {
    const use = this.#uses.get(name);
    if (use === undefined) this.#uses.set(name, { written: -Infinity, since: true });
    else use.since = true;
  }

  /** Writes down which keys were used since that was written last, unless it was within `pauseMs`: no request waits for it. */
  async #writeUses(pauseMs: number): Promise<void> {
    const now = performance.now();
    const due = [...this.#uses].filter(([, { written, since }]) => since && now - written >= pauseMs);
    if (due.length === 0) return;
    await writeUses(
      this.#options.pool,
      due.map(([name]) => name),
    );
    for (const [, use] of due) Object.assign(use, { written: now, since: false });
  }
}

interface Found {
  readonly actor: Actor;
  readonly ends: Date | undefined;
  readonly endsInMs: number | undefined;
}

// How long a secret still works is asked of the database, whose clock decides when it ends.
const FIND_KEY = `
  SELECT name, roles, ledgers, sources, party, ends, (extract(epoch FROM ends - now()) * 1000)::float8 AS "endsInMs"
  FROM platform.api_keys, LATERAL (SELECT least(expires, CASE WHEN hash <> $1 THEN previous_ends END) AS ends) AS secret
  WHERE (hash = $1 OR previous_hash = $1) AND revoked IS NULL AND (ends IS NULL OR ends > now())`;

/** The holder of the secret with this hash; undefined when there is none in force. */
async function findKey(pool: pg.Pool, hashed: Buffer): Promise<Found | undefined> {
  const { rows } = await pool.query<ActorRow & { ends: Date | null; endsInMs: number | null }>(FIND_KEY, [hashed]);
  const [row] = rows;
  return row && { actor: toActor(row), ends: row.ends ?? undefined, endsInMs: row.endsInMs ?? undefined };
}

// A key that was deleted meanwhile has no last use.
const WRITE_USES = `
  INSERT INTO platform.api_key_uses (name, used)
  SELECT name, now() FROM platform.api_keys WHERE name = ANY ($1)
  ON CONFLICT (name) DO UPDATE SET used = excluded.used`;

const writeUses = async (pool: pg.Pool, names: readonly string[]): Promise<void> => {
  await pool.query(WRITE_USES, [names]);
};

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

/** The hash of a secret as text. */
export const idOf = (secret: string): string => hash('sha256', secret, 'base64');
