import { LRUCache } from 'lru-cache';
import { isVoid, type LedgerEvent } from '#contracts/cloudEvent';
import type { Entity, EntityKey } from '#ledger/entity';
import { evolve, foldStream, isFoldedAnew, touched } from '#ledger/evolve';
import { approximateBytes } from '#ledger/serialisable';

/** An entity as far as this writer has read or written its stream. */
export interface CachedEntity {
  /** Undefined when it is known that the entity does not exist. */
  readonly entity: Entity | undefined;
  /** Events of its stream since its newest snapshot. */
  readonly sinceSnapshot: number;
}

/** The sequence of the last event of its stream that is in it; 0 when it does not exist. */
export const versionOf = ({ entity }: CachedEntity): number => entity?.version ?? 0;

/** An entity after one more event of its stream. */
export const evolved = (key: EntityKey, { entity, sinceSnapshot }: CachedEntity, event: LedgerEvent): CachedEntity => ({
  entity: evolve(key, entity, event),
  sinceSnapshot: sinceSnapshot + 1,
});

/**
 * An entity from its whole stream, after an event of it was taken back. It gets a snapshot at once: the next one who loads it need not fold all of it.
 * It is folded when somebody asks for it: of the hundreds of events that one batch takes back, only the last one's entities are asked for.
 */
export function anewFrom(key: EntityKey, stream: readonly LedgerEvent[], toAdd?: LedgerEvent): CachedEntity {
  let entity: Entity | undefined;
  // The stream may grow before it is folded. It is forgotten then, which the entity may be kept for long after.
  let todo:
    | { readonly stream: readonly LedgerEvent[]; readonly length: number; readonly toAdd?: LedgerEvent }
    | undefined = { stream, length: stream.length, ...(toAdd && { toAdd }) };
  return {
    get entity() {
      if (todo !== undefined) entity = foldStream(key, todo.stream.slice(0, todo.length), todo.toAdd);
      todo = undefined;
      return entity;
    },
    sinceSnapshot: Infinity,
  };
}

/** What entities are looked up in. Undefined means not loaded; an entity known not to exist is a `CachedEntity` too. */
export interface EntityLookup {
  get(key: EntityKey): CachedEntity | undefined;
}

/** What an entry takes beside its key and its entity, measured; an entry takes it also when the entity does not exist. */
const ENTRY_BYTES = 200;

/**
 * The entities that a process keeps in memory, of all its ledgers together. The cache is bounded in bytes; the entities that
 * were not used for longest are evicted first.
 */
export class EntityCache {
  readonly #entries: LRUCache<string, CachedEntity>;
  #partitions = 0;

  /** @param bytes that the entries may take, roughly */
  constructor(bytes: number) {
    this.#entries = new LRUCache({
      maxSize: bytes,
      sizeCalculation: ({ entity }, key) => ENTRY_BYTES + 2 * key.length + (entity ? approximateBytes(entity) : 0),
    });
  }

  /** A part of the cache that can be emptied by itself. */
  partition(): CachePartition {
    return new CachePartition(this.#entries, () => `${++this.#partitions} `);
  }
}

/** One writer's part of the cache. An entity that it returned may be evicted before the next call: whoever needs it holds it. */
export class CachePartition implements EntityLookup {
  #prefix: string;

  constructor(
    private readonly entries: LRUCache<string, CachedEntity>,
    private readonly nextPrefix: () => string,
  ) {
    this.#prefix = nextPrefix();
  }

  get(key: EntityKey): CachedEntity | undefined {
    return this.entries.get(this.#prefix + key);
  }

  set(key: EntityKey, cached: CachedEntity): void {
    this.entries.set(this.#prefix + key, cached);
  }

  forget(key: EntityKey): void {
    this.entries.delete(this.#prefix + key);
  }

  /** Empties the partition: its entries are never found again, and are evicted like all that is not used. */
  clear(): void {
    this.#prefix = this.nextPrefix();
  }
}

/**
 * The committed entities that one batch works on: those that it found in the cache, or loaded. It holds them, so that the
 * cache may evict whatever it likes in the meantime.
 */
export class CommittedEntities implements EntityLookup {
  readonly #held = new Map<EntityKey, CachedEntity>();

  constructor(private readonly partition: CachePartition) {}

  get(key: EntityKey): CachedEntity | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const cached = this.partition.get(key);
    if (cached !== undefined) this.#held.set(key, cached);
    return cached;
  }

  /** Keeps an entity that was loaded, folded, or changed by a commit that was acknowledged. */
  set(key: EntityKey, cached: CachedEntity): void {
    this.#held.set(key, cached);
    this.partition.set(key, cached);
  }

  #forget(key: EntityKey): void {
    this.#held.delete(key);
    this.partition.forget(key);
  }

  /** Folds an event that another writer committed into the entities that are here. */
  fold(event: LedgerEvent): void {
    for (const key of touched(event)) {
      const cached = this.get(key);
      if (isVoid(event) && isFoldedAnew(key)) {
        // Its whole stream is read when it is needed.
        if (cached !== undefined && versionOf(cached) < event.sequence) this.#forget(key);
        continue;
      }
      // An entity that was loaded after the event was committed has it already.
      if (cached !== undefined && versionOf(cached) < event.sequence) this.set(key, evolved(key, cached, event));
    }
  }
}

/** Changes of entities, kept apart until it is known that they stay. */
export class EntityOverlay implements EntityLookup {
  readonly #changed = new Map<EntityKey, CachedEntity>();

  constructor(private readonly below: EntityLookup) {}

  get(key: EntityKey): CachedEntity | undefined {
    return this.#changed.get(key) ?? this.below.get(key);
  }

  set(key: EntityKey, cached: CachedEntity): void {
    this.#changed.set(key, cached);
  }

  /** Takes out the changed entities with `events` events or more since their snapshots, and counts those from 0 again. */
  takeDueForSnapshot(events: number): [EntityKey, Entity][] {
    const due: [EntityKey, Entity][] = [];
    for (const [key, { entity, sinceSnapshot }] of this.#changed) {
      if (entity === undefined || sinceSnapshot < events) continue;
      due.push([key, entity]);
      this.#changed.set(key, { entity, sinceSnapshot: 0 });
    }
    return due;
  }

  moveTo(target: { set(key: EntityKey, cached: CachedEntity): void }): void {
    for (const [key, cached] of this.#changed) target.set(key, cached);
    this.#changed.clear();
  }
}
