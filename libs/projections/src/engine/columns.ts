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
 * An array as PostgreSQL reads it. pg's own writer escapes every element by two regular expressions, which was a third of a
 * rebuild's time in this process; ids need none of it.
 */
export function arrayLiteral(values: Column): string {
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) text += ',';
    if (typeof value === 'string') text += quoted(value);
    else text += value === null || value === undefined ? 'NULL' : String(value);
  }
  return text + '}';
}

const SPECIAL = /["\\]/;
const quoted = (text: string): string => `"${SPECIAL.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
