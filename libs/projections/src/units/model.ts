import type { LedgerEvent } from '#contracts/cloudEvent';
import { accountKey } from '#ledger/account';
import { type NamedUnit, unitChanges } from '#ledger/units';
import type { Batch, BookedMove } from '../engine/batch.ts';
import { bigint, id, int, Table } from '../engine/table.ts';
import { arrayLiteral } from '../engine/values.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';

// Units with a serial number of their own, each in the account it is in; `sequence` is the event that brought it there.
const units = new Table('units', {
  columns: { serial: id, item: id, account: int, sequence: bigint },
  key: ['serial', 'item'],
  fillfactor: 85,
  indexes: { units_account: { on: ['account'] } },
});

interface Serial {
  readonly item: string;
  readonly serial: string;
}
interface Unit extends Serial {
  readonly account: number;
  readonly sequence: number;
}

const upsert = units.upsert<Unit>({
  serial: ({ serial }) => serial,
  item: ({ item }) => item,
  account: ({ account }) => account,
  sequence: ({ sequence }) => sequence,
});

export const unitsModel: Model = {
  tables: [units],
  /**
   * The named units of a batch end where its last event about them puts them. A move that names none takes what is left on its
   * account, so the units of those accounts are loaded first; where a named unit came from need not be known.
   */
  apply: async (batch, db) => {
    const serial = batch.moves.filter(({ move }) => batch.isSerial(move.item));
    if (serial.length === 0) return;
    const moving = new MovingUnits();
    await moving.load(batch, serial, db);
    for (const [event, moves] of groupBy(serial, ({ event }) => event)) moving.apply(event, moves);
    await upsert(db, batch.ledger, moving.moved());
  },
};

const serialKey = ({ item, serial }: Serial): string => `${item}|${serial}`;

/** Units and the accounts that they are in, while the events of a batch move them. */
class MovingUnits {
  readonly #moved = new Map<string, Unit>();
  readonly #accountOf = new Map<string, number>();
  readonly #unitsOf = new Map<number, Map<string, Serial>>();

  async load(batch: Batch, moves: readonly BookedMove[], db: Db): Promise<void> {
    const drained = new Set<number>();
    for (const { move, from } of moves) {
      if (move.serials === undefined && move.from.stage !== 'supply' && !batch.isOpened(from)) drained.add(from.id);
    }
    if (drained.size === 0) return;
    const { rows } = await db.query<Serial & { account: number }>(
      'SELECT item, serial, account FROM units WHERE ledger = $1 AND account = ANY($2::int[])',
      [batch.ledger, arrayLiteral([...drained])],
    );
    for (const { account, ...unit } of rows) this.#put(unit, account);
  }

  apply({ sequence }: LedgerEvent, booked: readonly BookedMove[]): void {
    const ids = new Map(
      booked.flatMap(({ from, to }) => [from, to].map(({ id, account }) => [accountKey(account), id])),
    );
    const { named, rest } = unitChanges(booked.map(({ move }) => move));
    const puts: NamedUnit[] = [...named];
    const taken = new Set(named.map(serialKey));
    for (const { from, to } of rest) {
      for (const [key, unit] of this.#unitsOf.get(ids.get(from) ?? -1) ?? [])
        if (!taken.has(key)) puts.push({ ...unit, to });
    }
    for (const { item, serial, to } of puts) {
      const account = ids.get(to) ?? -1;
      this.#put({ item, serial }, account);
      this.#moved.set(serialKey({ item, serial }), { item, serial, account, sequence });
    }
  }

  moved(): Unit[] {
    return [...this.#moved.values()];
  }

  #put(unit: Serial, account: number): void {
    const key = serialKey(unit);
    const before = this.#accountOf.get(key);
    if (before !== undefined) this.#unitsOf.get(before)?.delete(key);
    this.#accountOf.set(key, account);
    const there = this.#unitsOf.get(account) ?? new Map<string, Serial>();
    there.set(key, unit);
    this.#unitsOf.set(account, there);
  }
}
