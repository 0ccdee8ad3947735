import type { LedgerEvent } from '#contracts/cloudEvent';
import type { Entity, EntityKey } from '#ledger/entity';
import { evolve } from '#ledger/evolve';
import { touched } from '#ledger/touched';
import type { EntityShelf } from './entityCache.ts';
import { type Known, versionOf } from './known.ts';

/** Something that entities can be looked up in. Undefined: not loaded; that there is none is a `Known` too. */
export interface Lookup {
  get(key: EntityKey): Known | undefined;
}

/**
 * The committed entities that one batch works on: what it found in the cache or loaded. It holds on to them, so that the
 * cache may evict whatever it likes in the meantime.
 */
export class Entities implements Lookup {
  private readonly held = new Map<EntityKey, Known>();

  constructor(private readonly shelf: EntityShelf) {}

  get(key: EntityKey): Known | undefined {
    const held = this.held.get(key);
    if (held !== undefined) return held;
    const cached = this.shelf.get(key);
    if (cached !== undefined) this.held.set(key, cached);
    return cached;
  }

  /** Takes in what was committed: loaded, folded, or acknowledged. */
  set(key: EntityKey, known: Known): void {
    this.held.set(key, known);
    this.shelf.set(key, known);
  }

  /** Folds an event that another writer committed into the entities that are here. */
  fold(event: LedgerEvent): void {
    for (const key of touched(event)) {
      const known = this.get(key);
      // What was loaded after the event was committed has it already.
      if (known !== undefined && versionOf(known) < event.sequence) this.set(key, evolved(key, known, event));
    }
  }
}

/** Changes over entities, kept apart until they are known to stay. */
export class Overlay implements Lookup {
  private readonly changed = new Map<EntityKey, Known>();

  constructor(private readonly below: Lookup) {}

  get(key: EntityKey): Known | undefined {
    return this.changed.get(key) ?? this.below.get(key);
  }

  set(key: EntityKey, known: Known): void {
    this.changed.set(key, known);
  }

  /** The changed entities with `events` events or more since their snapshots; they count as kept from here on. */
  takeLong(events: number): [EntityKey, Entity][] {
    const long: [EntityKey, Entity][] = [];
    for (const [key, { entity, sinceSnapshot }] of this.changed) {
      if (entity === undefined || sinceSnapshot < events) continue;
      long.push([key, entity]);
      this.changed.set(key, { entity, sinceSnapshot: 0 });
    }
    return long;
  }

  moveTo(target: { set(key: EntityKey, known: Known): void }): void {
    for (const [key, known] of this.changed) target.set(key, known);
    this.changed.clear();
  }
}

/** An entity after one more event of its stream. */
export const evolved = (key: EntityKey, { entity, sinceSnapshot }: Known, event: LedgerEvent): Known => ({
  entity: evolve(key, entity, event),
  sinceSnapshot: sinceSnapshot + 1,
});
