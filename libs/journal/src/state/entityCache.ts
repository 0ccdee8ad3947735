import { LRUCache } from 'lru-cache';
import type { EntityKey } from '#ledger/entity';
import { approximateBytes } from '#ledger/serialisable';
import type { Known } from './known.ts';

/** What an entry costs beside its key and its entity, measured; also one that says that there is no entity. */
const ENTRY_BYTES = 200;

/** The entities that a process keeps in memory, of all its ledgers together: bounded in bytes, the unused go first. */
export class EntityCache {
  private readonly known: LRUCache<string, Known>;
  private shelves = 0;

  constructor(bytes: number) {
    this.known = new LRUCache({
      maxSize: bytes,
      sizeCalculation: ({ entity }, key) => ENTRY_BYTES + 2 * key.length + (entity ? approximateBytes(entity) : 0),
    });
  }

  /** A part of the cache that can be emptied by itself. */
  shelf(): EntityShelf {
    return new EntityShelf(this.known, () => `${++this.shelves} `);
  }

  /** Bytes in use, roughly. */
  get bytes(): number {
    return this.known.calculatedSize;
  }
}

/** One writer's entities. What it returns may be gone at the next call: whoever needs it twice holds on to it. */
export class EntityShelf {
  private prefix: string;

  constructor(
    private readonly known: LRUCache<string, Known>,
    private readonly nextPrefix: () => string,
  ) {
    this.prefix = nextPrefix();
  }

  get(key: EntityKey): Known | undefined {
    return this.known.get(this.prefix + key);
  }

  set(key: EntityKey, known: Known): void {
    this.known.set(this.prefix + key, known);
  }

  /** Empties it: the old entries are never found again and go as the unused do. */
  clear(): void {
    this.prefix = this.nextPrefix();
  }
}
