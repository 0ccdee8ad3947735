import type { Entity, EntityKey } from '#ledger/entity';
import type { View } from '#ledger/view';
import type { Lookup } from './entities.ts';
import { type UnitLookups, unitKey, UnitQuestions } from './unitLookups.ts';

/** What a decision looked up and was not there: to be loaded, and then it is decided again. */
export class Missing {
  readonly entities = new Set<EntityKey>();
  readonly questions = new UnitQuestions();
}

/** A view that notes what was not there. Only if nothing was missing, what was decided counts. */
export class NotingView implements View {
  /** Made when there is something to note: for almost every command there is not. */
  #missing: Missing | undefined;

  constructor(
    private readonly entities: Lookup,
    private readonly lookups: UnitLookups,
  ) {}

  entity(key: EntityKey): Entity | undefined {
    const known = this.entities.get(key);
    if (known === undefined) this.note(key);
    return known?.entity;
  }

  unit(item: string, serial: string): string | undefined {
    const key = unitKey(item, serial);
    const account = this.lookups.units.get(key);
    if (account === undefined && !this.lookups.units.has(key)) this.#noted().questions.aboutUnit(item, serial);
    return account;
  }

  named(account: string): number {
    const named = this.lookups.named.get(account);
    if (named === undefined) this.#noted().questions.aboutAccount(account);
    return named ?? 0;
  }

  note(key: EntityKey): void {
    this.#noted().entities.add(key);
  }

  missing(): Missing | undefined {
    return this.#missing;
  }

  #noted(): Missing {
    return (this.#missing ??= new Missing());
  }
}
