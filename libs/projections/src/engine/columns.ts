import type { Db } from '../reading/readModel.ts';

/** One column of many rows, as a parameter for `unnest($1::text[], …)`. */
export type Column = readonly (string | number | boolean | null)[];

/**
 * Runs a statement over rows that come as columns; not at all when there are none.
 * `$1` is the ledger, `$2` the first column.
 */
export async function overRows(db: Db, sql: string, ledger: string, columns: readonly Column[]): Promise<void> {
  if (columns[0] === undefined || columns[0].length === 0) return;
  await db.query(sql, [ledger, ...columns.map(arrayLiteral)]);
}

/** Turns rows into columns. */
export function columns<T>(rows: readonly T[], ...of: ((row: T) => Column[number])[]): Column[] {
  return of.map((value) => rows.map(value));
}

/**
 * An array as PostgreSQL reads it. pg's own writer escapes every element by two regular expressions; ids need none of it. Joined, not
 * added up: a string that grows by an element a time is a chain of a hundred thousand pieces, which the garbage collector follows.
 */
export function arrayLiteral(values: Column): string {
  if (values.length === 0) return '{}';
  if (values.every(isPlain))
    return typeof values[0] === 'string' ? `{"${values.join('","')}"}` : `{${values.join(',')}}`;
  return `{${values.map(element).join(',')}}`;
}

/** All numbers, or all texts that mean themselves between quotes. A column has one type. */
const isPlain = (value: Column[number]): boolean =>
  typeof value === 'string' ? !value.includes('"') && !value.includes('\\') : value !== null;

function element(value: Column[number]): string {
  if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
