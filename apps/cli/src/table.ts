import Table from 'cli-table3';
import { printable } from '#platform/watching/printable';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
}

/** The width where the output is no terminal, so that transcripts can be compared. */
const WIDTH = 80;

/**
 * Formats rows as a table with thin lines; numbers have separators and are aligned to the right. A table that is wider than the terminal
 * has its widest texts on several lines.
 */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => formatCell(value(row))));
  const widths = widthsOf(cells, columns);
  const words = cells.flatMap((row) => row.map((cell, index) => fits(cell, widths[index] ?? 0)));
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: widths.map((width) => width + 2),
    wordWrap: true,
    wrapOnWordBoundary: !words.includes(false),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(...cells);
  return table.toString();
}

/**
 * The widths of the columns: as wide as their texts. Where that is more than the terminal has, the widest become narrower, down to their
 * longest word; only then are words broken.
 */
function widthsOf(cells: readonly (readonly string[])[], columns: readonly Column<never>[]): number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(...[title, ...cells.map((row) => row[index] ?? '')].map(widthOf)),
  );
  const most = (process.stdout.isTTY ? process.stdout.columns : WIDTH) - 3 * columns.length - 1;
  const words = columns.map(({ title, align }, index) =>
    align === 'right'
      ? (widths[index] ?? 0)
      : Math.max(...[title, ...cells.map((row) => row[index] ?? '')].flatMap((cell) => cell.split(' ').map(widthOf))),
  );
  const titles = columns.map(({ title, align }, index) => (align === 'right' ? (widths[index] ?? 0) : widthOf(title)));
  for (const narrowest of [words, titles]) {
    while (sum(widths) > most) {
      const room = widths.map((width, index) => (width > (narrowest[index] ?? 0) ? width : 0));
      const widest = room.indexOf(Math.max(...room));
      if ((room[widest] ?? 0) === 0) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const fits = (cell: string, width: number): boolean => cell.split(' ').every((word) => widthOf(word) <= width);

/** How many places a text takes. Chinese, Japanese and Korean characters and emoji take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\u{3ffff}]|\p{Emoji_Presentation}/u.test(character) ? 2 : 1;
  return width;
}

/** Writes 12000 as 12,000. The separator is the same in every locale, so that transcripts can be compared. */
export const formatNumber = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

/** `1 event`, `2 events`. */
export const counted = (count: number, what: string): string =>
  `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`;

/** Another server may answer with other values than the contract's. */
function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return formatNumber(value);
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
