import type { Entity, EntityKey } from '#ledger/entity';
import type pg from 'pg';
import { UnitMap, type UnitRange } from '#ledger/unitRanges';
import type { UnitChanges } from '#ledger/units';
import type { FoundUnits, View } from '#ledger/view';
import { Turns } from '#platform/service/turns';
import { moveUnits, namedInAccounts, storedUnits } from '../sql/units.ts';
import type { EntityLookup } from './entities.ts';

/** What a decision looked up and was not loaded. It is to be loaded, and then it is decided again. */
export class Missing {
  readonly entities = new Set<EntityKey>();
  readonly units: UnitRange[] = [];
  /** Accounts whose named units are to be counted. */
  readonly accounts = new Set<string>();
}

/** Units that are together: their account, null when the ledger does not know them, undefined when they were not loaded. */
export type KnownPiece = UnitRange & { readonly value: string | null | undefined };
/** Units and accounts that are to be loaded. */
export type NotLoaded = Readonly<Pick<Missing, 'accounts'>> & { readonly units: readonly UnitRange[] };

/** Where units with serial numbers are, as far as it is known, and what becomes of them while a batch is decided. */
export interface KnownUnits {
  /** The range in pieces, in its order. */
  pieces(range: UnitRange): readonly KnownPiece[];
  /** How many units of an account have a serial number; undefined when they were not counted. */
  named(account: string): number | undefined;
  load(client: pg.ClientBase, ledger: string, head: number, missing: NotLoaded): Promise<void>;
  move(client: pg.ClientBase, ledger: string, head: number, changes: UnitChanges): Promise<void>;
  /** After units were moved back. */
  forget(): void;
}

/**
 * The serial numbers of one transaction that writes them. What is known is never kept beyond the transaction, and is forgotten as
 * soon as an event moves units: so a decision always sees what the events before it wrote.
 */
export class UnitsWritten implements KnownUnits {
  /** Made when it is needed: most batches name no unit. */
  #places: UnitMap<string | null> | undefined;
  readonly #named = new Map<string, number>();

  pieces(range: UnitRange) {
    return (this.#places ??= new UnitMap()).pieces(range);
  }

  named(account: string): number | undefined {
    return this.#named.get(account);
  }

  async load(client: pg.ClientBase, ledger: string, head: number, { units, accounts }: NotLoaded): Promise<void> {
    if (units.length > 0) {
      const places = (this.#places ??= new UnitMap());
      const found = await storedUnits(client, ledger, head, units);
      for (const range of units) places.put(range, null);
      // Of a row that reaches beyond what was asked for, the rest is known now, too.
      const turns = new Turns();
      for (const { account, ...range } of found) {
        if (turns.over) await turns.next();
        places.put(range, account);
      }
      await turns.next();
    }
    if (accounts.size === 0) return;
    const named = await namedInAccounts(client, ledger, head, [...accounts]);
    for (const [account, count] of named) this.#named.set(account, count);
  }

  async move(client: pg.ClientBase, ledger: string, head: number, changes: UnitChanges): Promise<void> {
    await moveUnits(client, ledger, head, changes);
    this.forget();
  }

  forget(): void {
    this.#places = undefined;
    this.#named.clear();
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
    return this.known.pieces(range).map(({ value, ...piece }) => {
      if (value === undefined) this.#recorded().units.push(piece);
      return { ...piece, account: value ?? undefined };
    });
  }

  named(account: string): number {
    const named = this.known.named(account);
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
