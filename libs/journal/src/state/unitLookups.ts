import type pg from 'pg';
import { accountsOfUnits, namedInAccounts } from '../sql/units.ts';

/** Serial numbers and accounts that a decision asked about. */
export class UnitQuestions {
  private readonly serials = new Map<string, Set<string>>();
  private readonly accounts = new Set<string>();

  get any(): boolean {
    return this.serials.size > 0 || this.accounts.size > 0;
  }

  aboutUnit(item: string, serial: string): void {
    const of = this.serials.get(item);
    if (of === undefined) this.serials.set(item, new Set([serial]));
    else of.add(serial);
  }

  aboutAccount(account: string): void {
    this.accounts.add(account);
  }

  /** Asks the database, in the transaction that holds the ledger. */
  async answer(client: pg.ClientBase, ledger: string, head: number, lookups: UnitLookups): Promise<void> {
    for (const [item, serials] of this.serials) {
      const asked = [...serials];
      const found = await accountsOfUnits(client, ledger, head, item, asked);
      for (const serial of asked) lookups.units.set(unitKey(item, serial), found.get(serial));
    }
    if (this.accounts.size === 0) return;
    const named = await namedInAccounts(client, ledger, head, [...this.accounts]);
    for (const [account, count] of named) lookups.named.set(account, count);
  }
}

/**
 * What is known about serial numbers inside of one transaction. It is never kept beyond it, and forgotten as soon as an
 * event moves units: so a decision always sees what the events before it wrote.
 */
export class UnitLookups {
  readonly units = new Map<string, string | undefined>();
  readonly named = new Map<string, number>();

  forget(): void {
    this.units.clear();
    this.named.clear();
  }
}

/** Ids hold no `|`. */
export const unitKey = (item: string, serial: string): string => `${item}|${serial}`;
