import { inKey } from '#contracts/scalars';
import { accountKey } from '#ledger/account';
import { unitChangesOf, UnitIndex } from '#ledger/units';
import { outside, type UnitRange } from '#ledger/unitRanges';
import { Turns } from '#platform/service/turns';
import type { Batch, BookedMove } from '../engine/batch.ts';
import { bigint, id, int, Table } from '../engine/table.ts';
import { arrayLiteral } from '../engine/values.ts';
import type { Model } from '../model.ts';
import { groupBy } from '../reading/groupBy.ts';
import type { Db } from '../reading/readModel.ts';

// Units with a serial number of their own, each in the account it is in; `sequence` is the event that brought it there. A row is units
// that follow each other, `prefix` and a number of so many digits: 12,000 that are named as a range are one row. Of one item and series
// no two rows overlap, so they stand in the order of their last numbers, too.
const units = new Table('units', {
  columns: { item: id, prefix: id, digits: int, last: bigint, first: bigint, account: int, sequence: bigint },
  key: ['item', 'prefix', 'digits', 'last'],
  fillfactor: 85,
  indexes: { units_account: { on: ['account'] } },
});

interface Units extends UnitRange {
  readonly account: number;
  readonly sequence: number;
}

const range = {
  item: ({ item }: UnitRange) => item,
  prefix: ({ prefix }: UnitRange) => prefix,
  digits: ({ digits }: UnitRange) => digits,
  last: ({ to }: UnitRange) => to,
  first: ({ from }: UnitRange) => from,
};

const insert = units.insert<Units>({
  ...range,
  account: ({ account }) => account,
  sequence: ({ sequence }) => sequence,
});

/** The rows that hold units of the given ranges: those that end in one, and the next one if it begins before the range ends. */
const overlapping = (given: string): string => `${given} CROSS JOIN LATERAL (
    SELECT stored.ctid, stored.* FROM units stored
     WHERE stored.ledger = $1 AND stored.item = given.item AND stored.prefix = given.prefix AND stored.digits = given.digits
       AND stored.last >= given.first AND stored.last <= given.last
    UNION ALL
    SELECT * FROM (
      SELECT stored.ctid, stored.* FROM units stored
       WHERE stored.ledger = $1 AND stored.item = given.item AND stored.prefix = given.prefix AND stored.digits = given.digits
         AND stored.last > given.last
       ORDER BY stored.last LIMIT 1
    ) next WHERE next.first <= given.last
  ) stored`;

const COLUMNS = `stored.item, stored.prefix, stored.digits, stored.first AS "from", stored.last AS "to", stored.account`;
const stored = units.over<UnitRange, Units>(
  range,
  (given) => `SELECT DISTINCT ${COLUMNS}, stored.sequence FROM ${overlapping(given)}`,
);
// The position's lock keeps everybody else from moving a row in between.
const remove = units.over<UnitRange>(
  range,
  (given) =>
    `DELETE FROM units WHERE ledger = $1 AND ctid = ANY (ARRAY (SELECT stored.ctid FROM ${overlapping(given)}))`,
);

export const unitsModel: Model = {
  tables: [units],
  /**
   * The named units of a batch end where its last event about them puts them. A move that names none takes what is left on its
   * account, so the units of those accounts are loaded first; where a named unit came from need not be known.
   */
  apply: async (batch, db) => {
    const serial = batch.moves.filter(({ move }) => batch.isSerial(move.item));
    if (serial.length === 0) return;
    const turns = new Turns();
    const index = await drainedUnits(batch, serial, db, turns);
    const unnamed: UnitRange[] = [];
    for (const event of groupBy(serial, (one) => one.event).keys()) {
      const changes = unitChangesOf(event, (item) => batch.isSerial(item));
      unnamed.push(...(changes.unnamed ?? []));
      await turns.through(index.changing(changes, event.sequence));
    }
    const moved = await movedUnits(index, serial, turns);
    // A row may overlap ranges that are asked for in different statements.
    const gone: readonly UnitRange[] = [...moved, ...unnamed];
    const before = new Map((await stored(db, batch.ledger, gone)).map((row) => [rowKey(row), row]));
    await remove(db, batch.ledger, gone);
    await turns.next();
    const left = outside([...before.values()], gone);
    await turns.next();
    await insert(db, batch.ledger, [...left, ...moved]);
  },
};

/** The units of the accounts that a move takes all from. */
async function drainedUnits(batch: Batch, moves: readonly BookedMove[], db: Db, turns: Turns): Promise<UnitIndex> {
  const index = new UnitIndex();
  const drained = new Map<number, string>();
  for (const { move, from } of moves) {
    if (move.serials !== undefined || move.from.stage === 'supply' || batch.isOpened(from)) continue;
    drained.set(from.id, accountKey(from.account));
  }
  if (drained.size === 0) return index;
  const { rows } = await db.query<Units>(
    `SELECT ${COLUMNS} FROM units stored WHERE ledger = $1 AND account = ANY($2::int[])`,
    [batch.ledger, arrayLiteral([...drained.keys()])],
  );
  for (const { account, ...units } of rows) {
    if (turns.over) await turns.next();
    index.put(units, { account: drained.get(account) ?? '', since: 0 });
  }
  return index;
}

/** What the events of the batch moved, where it is at the end. */
async function movedUnits(index: UnitIndex, moves: readonly BookedMove[], turns: Turns): Promise<Units[]> {
  const ids = new Map(moves.flatMap(({ from, to }) => [from, to].map(({ id, account }) => [accountKey(account), id])));
  const moved: Units[] = [];
  for (const { account, since, ...units } of index.all()) {
    if (turns.over) await turns.next();
    if (since !== 0) moved.push({ ...units, account: ids.get(account) ?? -1, sequence: since });
  }
  return moved;
}

const rowKey = ({ item, prefix, digits, to }: UnitRange): string => `${inKey(item)}|${digits}|${to}|${prefix}`;
