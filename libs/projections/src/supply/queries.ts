import { Day } from '#contracts/scalars';
import type { SupplyRow } from '#contracts/supplyRows';
import { BadCursor, limitOf, type Page, pageOf, type PageQuery, pageStart, Where } from '../reading/page.ts';
import type { ReadModel } from '../reading/readModel.ts';

interface SupplyQuery extends PageQuery {
  readonly supplier?: string | undefined;
  /** Periods that end on this day, or on those from one to another (`2023-12-01/2023-12-31`), where `..` is open. */
  readonly ends?: string | undefined;
}

/** What is promised in the period of a commitment, by the windows that end in it. */
export const PROMISED_IN_PERIOD = `
  SELECT coalesce(sum(p.promised), 0)::bigint AS promised, coalesce(sum(p.dispatched), 0)::bigint AS dispatched,
    coalesce(sum(p.reallocated), 0)::bigint AS reallocated
  FROM promises p WHERE p.ledger = $1 AND p.item = c.item AND p.buyer = '' AND p.supplier = c.supplier
    AND p.due_to BETWEEN c.period_from AND c.period_to`;

const IS_COMMITTED = `EXISTS (
  SELECT FROM commitments k WHERE k.ledger = $1 AND k.item = c.item AND k.supplier = c.supplier
    AND k.period_to >= c.due_to AND k.period_from <= c.due_to)`;

/** One of the lists that the answer is put together of: its table, the end and the beginning of its periods, and whose they are. */
interface Source {
  readonly columns: string;
  readonly table: string;
  readonly to: string;
  readonly from: string;
  readonly and?: string;
  readonly own: (self: string) => string;
}
const OF_LINES = {
  columns:
    'c.supplier, c.due_from AS "from", c.due_to AS "to", NULL::bigint AS committed, NULL::bigint AS sequence, c.promised, c.dispatched, c.reallocated',
  table: 'promises c',
  to: 'c.due_to',
  from: 'c.due_from',
};
const committed: Source = {
  columns: 'c.supplier, c.period_from AS "from", c.period_to AS "to", c.quantity AS committed, c.sequence, p.*',
  table: `commitments c CROSS JOIN LATERAL (${PROMISED_IN_PERIOD}) p`,
  to: 'c.period_to',
  from: 'c.period_from',
  own: (self) => `c.supplier = ${self}`,
};
const uncommitted: Source = {
  ...OF_LINES,
  and: `c.buyer = '' AND c.promised > c.dispatched AND NOT ${IS_COMMITTED}`,
  own: (self) => `c.supplier = ${self}`,
};
/** What others than a supplier see: its commitments are not theirs. */
const bought: Source = {
  ...OF_LINES,
  and: 'c.promised > c.dispatched',
  own: (self) => `c.buyer = ${self} AND c.supplier <> ${self}`,
};

type Row = Omit<SupplyRow, 'period' | 'allocated' | 'oversold'> & { readonly from: string; readonly to: string };

/**
 * What suppliers promised of an item, beside what they committed to: by supplier, then by the end of the period. A supplier sees its own;
 * a buyer sees what its own orders were promised.
 */
export async function supply(model: ReadModel, item: string, query: SupplyQuery): Promise<Page<SupplyRow>> {
  const values: unknown[] = [];
  const lists = [committed, uncommitted, ...(model.party === undefined ? [] : [bought])].map(
    (source) => `(${select(source, model, item, query, values)})`,
  );
  const { rows } = await model.db.query<Row>(
    `SELECT * FROM (${lists.join(' UNION ALL ')}) s ORDER BY supplier, "to", "from" LIMIT ${limitOf(query) + 1}`,
    values,
  );
  return pageOf(
    rows,
    query,
    ({ supplier, to, from }) => [supplier, to, from],
    ({ supplier, from, to, committed, promised, dispatched, reallocated, sequence }) => ({
      supplier,
      period: { from, to },
      committed,
      promised,
      allocated: dispatched + reallocated,
      dispatched,
      reallocated,
      oversold: committed === null ? 0 : Math.max(0, promised - committed),
      sequence,
    }),
  );
}

/** @param values of the whole statement: those of this list are added */
function select(source: Source, { ledger, party }: ReadModel, item: string, query: SupplyQuery, values: unknown[]) {
  const { columns, table, to, from, and, own } = source;
  const key = pageStart(query, ['', '', '']);
  if (key !== undefined && ![key[1], key[2]].every((day) => Day.safeParse(day).success)) throw new BadCursor();
  const where = new Where(ledger, 'c');
  where.values.splice(0, 1, ...(values.length === 0 ? [ledger] : values));
  where.equals('c.item', item).equals('c.supplier', query.supplier).only(party, own);
  if (and !== undefined) where.and(and);
  if (query.ends !== undefined) {
    const [first = '..', last = first] = query.ends.split('/');
    if (first !== '..') where.and(`${to} >= ${where.value(first)}::date`);
    if (last !== '..') where.and(`${to} <= ${where.value(last)}::date`);
  }
  if (key !== undefined) {
    const [supplier = '', end = '', begin = ''] = key.map((part) => where.value(part));
    where.and(`(c.supplier, ${to}, ${from}) > (${supplier}, ${end}::date, ${begin}::date)`);
  }
  values.splice(0, values.length, ...where.values);
  return `SELECT ${columns} FROM ${table} ${where.sql} ORDER BY c.supplier, ${to}, ${from} LIMIT ${limitOf(query) + 1}`;
}
