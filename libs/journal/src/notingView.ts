import type { Entity, EntityKey } from '#ledger/entity';
import type { View } from '#ledger/view';
import type { Lookup } from './entities.ts';
import { type UnitLookups, unitKey, UnitQuestions } from './unitLookups.ts';

/** A view that notes what a decision looked up and was not there, so that it can be loaded and decided again. */
export class NotingView implements View {
  readonly missing = new Set<EntityKey>();
  readonly questions = new UnitQuestions();

  constructor(
    private readonly entities: Lookup,
    private readonly lookups: UnitLookups,
  ) {}

  /** Whether all that was looked up was there: only then what was decided counts. */
  isComplete(): boolean {
    return this.missing.size === 0 && !this.questions.any;
  }

  entity(key: EntityKey): Entity | undefined {
    const known = this.entities.get(key);
    if (known === undefined) this.missing.add(key);
    return known?.entity;
  }

  unit(item: string, serial: string): string | undefined {
    const key = unitKey(item, serial);
    const account = this.lookups.units.get(key);
    if (account === undefined && !this.lookups.units.has(key)) this.questions.aboutUnit(item, serial);
    return account;
  }

  named(account: string): number {
    const named = this.lookups.named.get(account);
    if (named === undefined) this.questions.aboutAccount(account);
    return named ?? 0;
  }
}
