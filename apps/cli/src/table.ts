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
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: widths.map((width) => width + 2),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(...cells.map((row) => row.map((cell, index) => broken(cell, widths[index] ?? 0))));
  return table.toString();
}

/** Behind these a word is broken sooner than elsewhere: ids have them. */
const PART = /[^-_/,]*[-_/,]*/g;
const partsOf = (word: string): string[] => (word.match(PART) ?? []).filter((part) => part !== '');

const segmenter = new Intl.Segmenter();
const charactersOf = (part: string): string[] => Array.from(segmenter.segment(part), ({ segment }) => segment);

/**
 * The widths of the columns: as wide as their texts. Where that is more than the terminal has, the widest become narrower, down to their
 * longest word; only then are words broken, first into their parts.
 */
function widthsOf(cells: readonly (readonly string[])[], columns: readonly Column<never>[]): number[] {
  /** The widest of what a column has, taken apart in this way. */
  const widest = (index: number, apart: (cell: string) => string[]): number =>
    cells.reduce(
      (width, row) => apart(row[index] ?? '').reduce((most, part) => Math.max(most, widthOf(part)), width),
      widthOf(columns[index]?.title ?? ''),
    );
  const widths = columns.map((_, index) => widest(index, (cell) => [cell]));
  const numbers = columns.map(({ align }, index) => (align === 'right' ? (widths[index] ?? 0) : undefined));
  const most = (process.stdout.isTTY ? process.stdout.columns : WIDTH) - 3 * columns.length - 1;
  for (const apart of [wordsOf, (cell: string) => wordsOf(cell).flatMap(partsOf), () => []]) {
    if (sum(widths) <= most) break;
    const narrowest = columns.map((_, index) => numbers[index] ?? widest(index, apart));
    while (sum(widths) > most) {
      const room = widths.map((width, index) => (width > (narrowest[index] ?? 0) ? width : 0));
      const at = room.indexOf(Math.max(...room));
      if ((room[at] ?? 0) === 0) break;
      widths[at] = (widths[at] ?? 0) - 1;
    }
  }
  return widths;
}

const wordsOf = (cell: string): string[] => cell.split(' ');

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** A text in lines of this width, between its words where it can be. */
function broken(cell: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  const put = (piece: string, between: string): void => {
    if (line !== '' && widthOf(line + between + piece) > width) {
      lines.push(line);
      line = piece;
    } else line += (line === '' ? '' : between) + piece;
  };
  for (const word of wordsOf(cell)) {
    if (widthOf(word) <= width) put(word, ' ');
    else
      for (const [index, part] of partsOf(word).entries())
        for (const [at, piece] of (widthOf(part) <= width ? [part] : charactersOf(part)).entries())
          put(piece, index === 0 && at === 0 ? ' ' : '');
  }
  return [...lines, line].join('\n');
}

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
