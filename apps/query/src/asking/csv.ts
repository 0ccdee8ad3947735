import { z } from 'zod';
import { type ComponentName, rowSchema } from '#platform/docs/components';
import { bytesOf } from '#platform/service/turns';

/** RFC 4180: a line of names first, lines end in CRLF. Answers are in UTF-8. */
export const CSV = 'text/csv; charset=utf-8; header=present';

/**
 * Rows as CSV. A column is a field of the row; an object in a row has a column for each of its fields (`window.from`), and a list is JSON
 * in one cell. An empty cell is null. The columns are those of the schema, whatever the rows have, so that all pages have the same.
 * @param only the fields that the rows have, where a question leaves some out
 */
export function csvOf(row: ComponentName, rows: Iterable<unknown>, only?: readonly string[]): Promise<Buffer> {
  const columns = columnsOf(rowSchema(row)).filter(([top]) => only === undefined || only.includes(top ?? ''));
  return bytesOf(linesOf(columns, rows));
}

function* linesOf(columns: readonly Path[], rows: Iterable<unknown>): Generator<string> {
  yield lineOf(columns.map((path) => path.join('.')));
  for (const row of rows) yield lineOf(columns.map((path) => valueAt(row, path)));
}

const lineOf = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`;

type Path = readonly string[];

function columnsOf(schema: z.ZodType, at: Path = []): Path[] {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType;
  if (!(inner instanceof z.ZodObject)) return [at];
  return Object.entries(inner.shape).flatMap(([name, field]) => columnsOf(field as z.ZodType, [...at, name]));
}

function valueAt(row: unknown, path: Path): unknown {
  let value = row;
  for (const name of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? harmless(value) : JSON.stringify(value);
  return /[",\r\n]|^ | $|^'/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet would run a text that begins like a formula: an apostrophe before it makes it a text. So does a text that begins with
 * apostrophes and then like a formula get one more: whoever takes one away from every such text has them all as they were.
 */
const harmless = (text: string): string => (/^'*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);
