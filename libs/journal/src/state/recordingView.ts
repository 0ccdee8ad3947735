import type { Entity, EntityKey } from '#ledger/entity';
import { UnitMap, type UnitRange } from '#ledger/unitRanges';
import type { FoundUnits, View } from '#ledger/view';
import type { EntityLookup } from './entities.ts';

/** What a decision looked up and was not loaded. It is to be loaded, and then it is decided again. */
export class Missing {
  readonly entities = new Set<EntityKey>();
  readonly units: UnitRange[] = [];
  /** Accounts whose named units are to be counted. */
  readonly accounts = new Set<string>();
}

/**
 * What is known about serial numbers inside of one transaction. It is never kept beyond the transaction, and is forgotten as
 * soon as an event moves units: so a decision always sees what the events before it wrote.
 */
export class KnownUnits {
  /** Made when it is needed: most batches name no unit. */
  #places: UnitMap<string | null> | undefined;

  /** The account of each unit that was asked for; null when the ledger does not know the unit. */
  get places(): UnitMap<string | null> {
    return (this.#places ??= new UnitMap());
  }
  /** How many units of an account have a serial number. */
  readonly named = new Map<string, number>();

  forget(): void {
    this.#places = undefined;
    this.named.clear();
  }
}

/** A view that records what was not loaded. What was decided on it counts only if nothing was missing. */
export class RecordingView implements View {
  /** Made when there is something to record: for almost every command there is not. */
  #missing: Missing | undefined;

  constructor(
    private readonly entities: EntityLookup,
    private readonly known: KnownUnits,
  ) {}

  missing(): Missing | undefined {
    return this.#missing;
  }

  entity(key: EntityKey): Entity | undefined {
    const cached = this.entities.get(key);
    if (cached === undefined) this.recordMissing(key);
    return cached?.entity;
  }

  units(range: UnitRange): FoundUnits[] {
    return this.known.places.pieces(range).map(({ value, ...piece }) => {
      if (value === undefined) this.#recorded().units.push(piece);
      return { ...piece, account: value ?? undefined };
    });
  }

  named(account: string): number {
    const named = this.known.named.get(account);
    if (named === undefined) this.#recorded().accounts.add(account);
    return named ?? 0;
  }

  recordMissing(key: EntityKey): void {
    this.#recorded().entities.add(key);
  }

  #recorded(): Missing {
    return (this.#missing ??= new Missing());
  }
}
