import type { LedgerEvent } from '#contracts/cloudEvent';
import { accountKey } from '#ledger/account';
import { type NamedUnit, unitChanges } from '#ledger/units';
import type { AccountState, Batch, BookedMove } from '../engine/batch.ts';
import { arrayLiteral, columns, overRows } from '../engine/columns.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';
import { unitsTables } from './table.ts';

const PUT = `
  INSERT INTO units
  SELECT $1, * FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[])
  ON CONFLICT (ledger, serial, item) DO UPDATE SET account = excluded.account, sequence = excluded.sequence`;

export const unitsModel: Model = { name: 'units', tables: unitsTables, apply };

interface Unit {
  readonly item: string;
  readonly serial: string;
  readonly account: number;
  readonly sequence: number;
}

/**
 * The named units of a batch end where its last event about them puts them. A move that names none takes what is left on its
 * account, so the units of those accounts are loaded first; where a named unit came from need not be known.
 */
async function apply(batch: Batch, db: Db): Promise<void> {
  const serial = batch.moves.filter(({ move }) => batch.isSerial(move.item));
  if (serial.length === 0) return;
  const index = await Index.load(batch, serial, db);
  for (const [event, moves] of groupBy(serial, ({ event }) => event)) index.apply(event, moves);
  await overRows(
    db,
    PUT,
    batch.ledger,
    columns(
      index.moved(),
      ({ serial }) => serial,
      ({ item }) => item,
      ({ account }) => account,
      ({ sequence }) => sequence,
    ),
  );
}

const keyOf = ({ item, serial }: Pick<NamedUnit, 'item' | 'serial'>): string => `${item}|${serial}`;

class Index {
  readonly #moved = new Map<string, Unit>();
  readonly #accountOf = new Map<string, number>();
  readonly #unitsOf = new Map<number, Map<string, Pick<Unit, 'item' | 'serial'>>>();

  static async load(batch: Batch, moves: readonly BookedMove[], db: Db): Promise<Index> {
    const index = new Index();
    const drained = new Set<AccountState>();
    for (const { move, from } of moves) {
      if (move.serials === undefined && move.from.stage !== 'supply' && !batch.isOpened(from)) drained.add(from);
    }
    if (drained.size === 0) return index;
    const { rows } = await db.query<{ item: string; serial: string; account: number }>(
      'SELECT item, serial, account FROM units WHERE ledger = $1 AND account = ANY($2::int[])',
      [batch.ledger, arrayLiteral([...drained].map(({ id }) => id))],
    );
    for (const { account, ...unit } of rows) index.#put(unit, account);
    return index;
  }

  apply({ sequence }: LedgerEvent, booked: readonly BookedMove[]): void {
    const ids = new Map(
      booked.flatMap(({ from, to }) => [from, to].map(({ id, account }) => [accountKey(account), id])),
    );
    const { named, rest } = unitChanges(booked.map(({ move }) => move));
    const puts: NamedUnit[] = [...named];
    const taken = new Set(named.map(keyOf));
    for (const { from, to } of rest) {
      for (const [key, unit] of this.#unitsOf.get(ids.get(from) ?? -1) ?? [])
        if (!taken.has(key)) puts.push({ ...unit, to });
    }
    for (const { item, serial, to } of puts) {
      const account = ids.get(to) ?? -1;
      this.#put({ item, serial }, account);
      this.#moved.set(keyOf({ item, serial }), { item, serial, account, sequence });
    }
  }

  moved(): Unit[] {
    return [...this.#moved.values()];
  }

  #put(unit: Pick<Unit, 'item' | 'serial'>, account: number): void {
    const key = keyOf(unit);
    const before = this.#accountOf.get(key);
    if (before !== undefined) this.#unitsOf.get(before)?.delete(key);
    this.#accountOf.set(key, account);
    const there = this.#unitsOf.get(account) ?? new Map<string, Pick<Unit, 'item' | 'serial'>>();
    there.set(key, unit);
    this.#unitsOf.set(account, there);
  }
}
