import type { UnitRow } from '#contracts/rows';
import { rangeOf, serialAt, type SerialRange } from '#contracts/serials';
import { filtered, type HoldingsFilter, ownUnits } from '../holdings/queries.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

/** Units in any stage, also those that are outside the parties' hands: a lost unit is still known by its number. */
interface UnitsQuery extends Omit<HoldingsFilter, 'accounts'>, PageQuery {}

/** Units that follow each other, in one account. */
type UnitsRow = Omit<UnitRow, 'serial'> & SerialRange;

const COLUMNS = `u.item, u.prefix, u.digits, u.first AS "from", u.last AS "to", h.owner, h.custodian, h."order", h.line, h.stage, h.shipment, u.sequence`;
const KEY = ['u.item', 'u.prefix', 'u.digits', 'u.last'];

/**
 * Units with a serial number, each with the account it is in. They are sorted by item and serial number: first what stands before the
 * digits at its end, then how many digits these are, then the number.
 */
export async function units(model: ReadModel, query: UnitsQuery): Promise<Page<UnitRow>> {
  const { db, ledger } = model;
  const limit = limitOf(query) + 1;
  const start = pageStart(query, ['', '', 0, 0]);
  // The first row may have units that stand before the page.
  const where = filtered(new Where(ledger, 'u'), 'h', query, model).after(KEY, start);
  const { rows } = await db.query<UnitsRow>(
    `SELECT ${COLUMNS} FROM units u JOIN holdings h ON h.ledger = $1 AND h.account = u.account
     ${where.sql} ORDER BY ${KEY.join(', ')} LIMIT ${limit}`,
    where.values,
  );
  const page: { readonly row: UnitsRow; readonly number: number }[] = [];
  for (const row of rows) {
    const isCut = row.item === start?.[0] && row.prefix === start[1] && row.digits === start[2];
    const first = isCut ? Math.max(row.from, Number(start[3]) + 1) : row.from;
    const last = Math.min(row.to, first + limit - page.length - 1);
    for (let number = first; number <= last; number++) page.push({ row, number });
  }
  return pageOf(
    page,
    query,
    ({ row: { item, prefix, digits }, number }) => [item, prefix, digits, number],
    ({ row, number }) => unitOf(row, number),
  );
}

/** Units of a serial number that are answered. */
const MOST_ALIKE = 10;

interface Alike {
  readonly units: readonly UnitRow[];
  /** All of them, by item. */
  readonly count: number;
}

/** The units with this serial number: one, unless several items number theirs alike. The first ones, and how many there are. */
export async function unit({ db, ledger, party }: ReadModel, serial: string, item?: string): Promise<Alike> {
  const { prefix, digits, from } = rangeOf(serial);
  const where = new Where(ledger, 'i').equals('i.item', item);
  const number = where.value(from);
  where.only(party, ownUnits('h'));
  const { rows } = await db.query<UnitsRow & { count: number }>(
    `SELECT ${COLUMNS}, count(*) OVER () AS count FROM items i
       CROSS JOIN LATERAL (
         SELECT * FROM units
         WHERE ledger = $1 AND item = i.item AND prefix = ${where.value(prefix)} AND digits = ${where.value(digits)} AND last >= ${number}
         ORDER BY last LIMIT 1
       ) u
       JOIN holdings h ON h.ledger = $1 AND h.account = u.account
     ${where.and(`u.first <= ${number}`).sql} ORDER BY u.item LIMIT ${MOST_ALIKE}`,
    where.values,
  );
  return { units: rows.map(({ count: _, ...row }) => unitOf(row, from)), count: rows[0]?.count ?? 0 };
}

/** Events that were taken back, so many of whose lines are looked at to find a unit. */
const MOST_LINES = 50;

/**
 * The order lines of which units may have had numbers at a moment of the past, by events that were taken back since: the tables of now
 * have nothing of them any more.
 */
export async function unnamedSince({ db, ledger, asOf }: ReadModel, item?: string): Promise<Unnamed[]> {
  const where = new Where(ledger, 'a').and('a.voided_by IS NOT NULL').equals('h.item', item);
  const known = where.value(asOf.known);
  const { rows } = await db.query<Unnamed>(
    `SELECT DISTINCT h.item, h."order", h.line FROM activity a
       JOIN postings p ON p.ledger = $1 AND p.sequence = a.sequence
       JOIN holdings h ON h.ledger = $1 AND h.account = p.account
       LEFT JOIN items i ON i.ledger = $1 AND i.item = h.item
     ${where.and(`a.voided_by > ${known}::bigint AND a.sequence <= ${known}::bigint AND i.tracking IS DISTINCT FROM 'quantity'`).sql}
     ORDER BY 1, 2, 3 LIMIT ${MOST_LINES}`,
    where.values,
  );
  return rows;
}

type Unnamed = Pick<UnitRow, 'item' | 'order' | 'line'>;

/** One unit of a row. */
function unitOf({ prefix, digits, from: _, to: __, ...row }: UnitsRow, number: number): UnitRow {
  return { serial: serialAt({ prefix, digits }, number), ...row };
}
