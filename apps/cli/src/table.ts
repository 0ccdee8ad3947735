import Table from 'cli-table3';

interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
}

/** Formats rows as a table for a terminal, with thin lines; numbers have separators and are aligned to the right. */
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

/** Writes 12000 as 12,000. The separator is the same in every locale, so that transcripts can be compared. */
export const formatNumber = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

function formatCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? formatNumber(value) : printable(value);
}

/** Removes control characters, because text that others wrote (ids, notes) must not control the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\uFFFD');
