import type { LedgerEvent } from '#contracts/cloudEvent';
import { lengthOf, type SerialRange } from '#contracts/serials';
import type { Entity, EntityKey } from '#ledger/entity';
import type pg from 'pg';
import { UnitMap, type UnitRange } from '#ledger/unitRanges';
import type { NamedUnits, UnitChanges } from '#ledger/units';
import type { FoundUnits, Recorded, View } from '#ledger/view';
import { Turns } from '#platform/service/turns';
import { moveUnits, namedInAccounts, type StoredUnits, storedUnits } from '../sql/units.ts';
import type { EntityLookup } from './entities.ts';
import type { KnownEvents } from './recordedEvents.ts';

/** What a decision looked up and was not loaded. It is to be loaded, and then it is decided again. */
export class Missing {
  readonly entities = new Set<EntityKey>();
  readonly units: UnitRange[] = [];
  /** Accounts whose named units are to be counted. */
  readonly accounts = new Set<string>();
  /** Events by their sequences, with their streams; and whole streams by themselves. */
  readonly recorded = new Set<number>();
  readonly streams = new Set<EntityKey>();
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
  /** Writes what was moved and is not written yet, where that is so many ranges of units at least. */
  write(client: pg.ClientBase, ledger: string, head: number, least?: number): Promise<void>;
  /** After units were moved back. */
  forget(): void;
}

/**
 * The serial numbers of one transaction that writes them. What is known is never kept beyond the transaction. Where an event names units
 * they are moved here, and are written with those of the events after it: the same units may be handed on hundreds of times in one batch.
 */
export class UnitsWritten implements KnownUnits {
  /** Where units are after the events so far. Made when it is needed: most batches name no unit. */
  #places: UnitMap<string | null> | undefined;
  /** The rows of `journal.units` that have units of these, by `tid`. */
  readonly #rows = new Map<string, StoredUnits>();
  /** The units that were moved and are not written. */
  #moved: UnitMap<true> | undefined;
  #unwritten = 0;
  /** How many units of an account have a serial number by what is written, and how many more by what is not. */
  readonly #named = new Map<string, number>();
  readonly #more = new Map<string, number>();

  pieces(range: UnitRange) {
    return (this.#places ??= new UnitMap()).pieces(range);
  }

  named(account: string): number | undefined {
    const written = this.#named.get(account);
    return written === undefined ? undefined : written + (this.#more.get(account) ?? 0);
  }

  async load(client: pg.ClientBase, ledger: string, head: number, { units, accounts }: NotLoaded): Promise<void> {
    if (units.length > 0) await this.#loadUnits(client, ledger, head, units);
    if (accounts.size === 0) return;
    const named = await namedInAccounts(client, ledger, head, [...accounts]);
    for (const [account, count] of named) this.#named.set(account, count);
  }

  async #loadUnits(client: pg.ClientBase, ledger: string, head: number, units: readonly UnitRange[]): Promise<void> {
    const { asked, rows } = await storedUnits(client, ledger, head, units);
    const places = (this.#places ??= new UnitMap());
    const turns = new Turns();
    // Of a row that reaches beyond what was asked for, the rest is known now, too. What was known may have been moved since.
    for (const row of rows) {
      if (turns.over) await turns.next();
      this.#rows.set(row.tid, row);
      for (const { value, ...piece } of places.pieces(row)) if (value === undefined) places.put(piece, row.account);
    }
    for (const range of asked)
      for (const { value, ...piece } of places.pieces(range)) if (value === undefined) places.put(piece, null);
    await turns.next();
  }

  async move(client: pg.ClientBase, ledger: string, head: number, changes: UnitChanges): Promise<void> {
    const { named, rest, unnamed = [] } = changes;
    // PostgreSQL knows what else is in an account, as of what is written.
    if (rest.length > 0) await this.write(client, ledger, head);
    // A rule has asked for what it names, as a rule.
    const units = [...named, ...unnamed].flatMap((range) =>
      this.pieces(range).filter(({ value }) => value === undefined),
    );
    if (units.length > 0) await this.#loadUnits(client, ledger, head, units);
    if (rest.length > 0) {
      await moveUnits(client, ledger, head, changes, this.#rows.values());
      this.forget();
      return;
    }
    const turns = new Turns();
    for (const { account, ...range } of named) {
      if (turns.over) await turns.next();
      this.#place(range, account);
    }
    for (const range of unnamed) this.#place(range, null);
  }

  #place(range: UnitRange, account: string | null): void {
    for (const { value, ...piece } of this.pieces(range)) this.#count(value, -lengthOf(piece));
    this.#count(account, lengthOf(range));
    this.#places?.put(range, account);
    (this.#moved ??= new UnitMap()).put(range, true);
    this.#unwritten += 1;
  }

  #count(account: string | null | undefined, more: number): void {
    if (typeof account === 'string') this.#more.set(account, (this.#more.get(account) ?? 0) + more);
  }

  async write(client: pg.ClientBase, ledger: string, head: number, least = 1): Promise<void> {
    if (this.#moved === undefined || this.#unwritten < least) return;
    const named: NamedUnits[] = [];
    const unnamed: UnitRange[] = [];
    const turns = new Turns();
    for (const { value: _, ...range } of this.#moved.all()) {
      if (turns.over) await turns.next();
      for (const { value: account, ...piece } of this.pieces(range)) {
        if (typeof account === 'string') named.push({ ...piece, account });
        else unnamed.push(piece);
      }
    }
    await moveUnits(client, ledger, head, { named, rest: [], unnamed }, this.#rows.values());
    this.forget();
  }

  forget(): void {
    this.#places = undefined;
    this.#moved = undefined;
    this.#unwritten = 0;
    this.#rows.clear();
    this.#named.clear();
    this.#more.clear();
  }
}

/** A view that records what was not loaded. What was decided on it counts only if nothing was missing. */
export class RecordingView implements View {
  /** Made when there is something to record: for almost every command there is not. */
  #missing: Missing | undefined;
  /** What was found of whole lists. While a decision is made nothing moves: the thousands of units of a list are looked up once. */
  #found: Map<readonly SerialRange[], { readonly item: string; readonly units: readonly FoundUnits[] }> | undefined;

  constructor(
    private readonly entities: EntityLookup,
    private readonly known: KnownUnits,
    private readonly events?: KnownEvents,
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
    // Written out, since thousands of units are asked for by themselves: to spread a piece takes longer than to find it.
    return this.known.pieces(range).map(({ item, prefix, digits, from, to, value }) => {
      if (value === undefined) this.#recorded().units.push({ item, prefix, digits, from, to });
      return { item, prefix, digits, from, to, account: value ?? undefined };
    });
  }

  unitsOf(item: string, ranges: readonly SerialRange[]): readonly FoundUnits[] {
    const before = this.#found?.get(ranges);
    if (before?.item === item) return before.units;
    const units: FoundUnits[] = [];
    for (const { prefix, digits, from, to } of ranges) {
      for (const found of this.units({ item, prefix, digits, from, to })) units.push(found);
    }
    (this.#found ??= new Map()).set(ranges, { item, units });
    return units;
  }

  named(account: string): number {
    const named = this.known.named(account);
    if (named === undefined) this.#recorded().accounts.add(account);
    return named ?? 0;
  }

  recorded(sequence: number): Recorded | undefined {
    const recorded = this.events?.recorded(sequence);
    if (recorded === undefined) this.#recorded().recorded.add(sequence);
    return recorded ?? undefined;
  }

  stream(key: EntityKey): readonly LedgerEvent[] {
    const stream = this.events?.stream(key);
    if (stream === undefined) this.#recorded().streams.add(key);
    return stream ?? [];
  }

  isWhole(): boolean {
    return this.#missing === undefined;
  }

  recordMissing(key: EntityKey): void {
    this.#recorded().entities.add(key);
  }

  #recorded(): Missing {
    return (this.#missing ??= new Missing());
  }
}
