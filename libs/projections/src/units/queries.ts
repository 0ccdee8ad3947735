import type { UnitRow } from '#contracts/rows';
import { filtered, type HoldingsFilter } from '../holdings/queries.ts';
import { limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

/** Units in any stage, also those that are outside the parties' hands: a lost unit is still known by its number. */
interface UnitsQuery extends Omit<HoldingsFilter, 'accounts'>, PageQuery {}

/** Units with a serial number, sorted by it, each with the account it is in. */
export async function units({ db, ledger }: ReadModel, query: UnitsQuery): Promise<Page<UnitRow>> {
  const where = filtered(new Where(ledger, 'u'), 'h', query).after(['u.serial', 'u.item'], pageStart(query, ['', '']));
  const { rows } = await db.query<UnitRow>(`${SELECT} ${where.sql} ${ORDER} LIMIT ${limitOf(query) + 1}`, where.values);
  return pageOf(
    rows,
    query,
    ({ serial, item }) => [serial, item],
    (row) => row,
  );
}

/** The units with this serial number: one, unless several items number theirs alike. */
export async function unit({ db, ledger }: ReadModel, serial: string, item?: string): Promise<UnitRow[]> {
  const where = new Where(ledger, 'u').equals('u.serial', serial).equals('u.item', item);
  return (await db.query<UnitRow>(`${SELECT} ${where.sql} ${ORDER}`, where.values)).rows;
}

const SELECT = `
  SELECT u.serial, h.owner, h.custodian, u.item, h."order", h.line, h.stage, h.shipment, u.sequence
  FROM units u JOIN holdings h ON h.ledger = u.ledger AND h.account = u.account`;
const ORDER = `ORDER BY u.serial, u.item`;
