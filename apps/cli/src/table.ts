import Table from 'cli-table3';

interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
}

/** Rows as a table for people: thin lines, numbers with separators and to the right. */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) table.push(columns.map(({ value }) => formatCell(value(row))));
  return table.toString();
}

/** 12000 is easier to read as 12,000; the separator is the same in every locale, so that transcripts compare. */
export const formatNumber = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

function formatCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? formatNumber(value) : printable(value);
}

/** Text that others wrote (ids, notes) must not steer a terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\uFFFD');
