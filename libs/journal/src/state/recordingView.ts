import type { Entity, EntityKey } from '#ledger/entity';
import type { View } from '#ledger/view';
import type { EntityLookup } from './entities.ts';

/** What a decision looked up and was not loaded. It is to be loaded, and then it is decided again. */
export class Missing {
  readonly entities = new Set<EntityKey>();
  /** Serial numbers, by their item. */
  readonly serials = new Map<string, Set<string>>();
  /** Accounts whose named units are to be counted. */
  readonly accounts = new Set<string>();

  addSerial(item: string, serial: string): void {
    const serials = this.serials.get(item);
    if (serials === undefined) this.serials.set(item, new Set([serial]));
    else serials.add(serial);
  }
}

/**
 * What is known about serial numbers inside of one transaction. It is never kept beyond the transaction, and is forgotten as
 * soon as an event moves units: so a decision always sees what the events before it wrote.
 */
export class KnownUnits {
  /** The account of each unit, by `unitKey`; undefined when the ledger does not know the unit. */
  readonly accounts = new Map<string, string | undefined>();
  /** How many units of an account have a serial number. */
  readonly named = new Map<string, number>();

  forget(): void {
    this.accounts.clear();
    this.named.clear();
  }
}

/** Ids hold no `|`. */
export const unitKey = (item: string, serial: string): string => `${item}|${serial}`;

/** A view that records what was not loaded. What was decided on it counts only if nothing was missing. */
export class RecordingView implements View {
  /** Made when there is something to record: for almost every command there is not. */
  #missing: Missing | undefined;

  constructor(
    private readonly entities: EntityLookup,
    private readonly units: KnownUnits,
  ) {}

  missing(): Missing | undefined {
    return this.#missing;
  }

  entity(key: EntityKey): Entity | undefined {
    const cached = this.entities.get(key);
    if (cached === undefined) this.recordMissing(key);
    return cached?.entity;
  }

  unit(item: string, serial: string): string | undefined {
    const key = unitKey(item, serial);
    const account = this.units.accounts.get(key);
    if (account === undefined && !this.units.accounts.has(key)) this.#recorded().addSerial(item, serial);
    return account;
  }

  named(account: string): number {
    const named = this.units.named.get(account);
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
