import { describe, expect, it } from 'vitest';
import { type Column, renderTable } from './table.ts';

const columns = (...titles: readonly string[]): Column<readonly string[]>[] =>
  titles.map((title, index) => ({ title, value: (row) => row[index] }));
/** What stands in each column of each line between the borders. */
const lines = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split('│')
        .map((cell) => cell.trim()),
    );

describe('a table', () => {
  it('is as wide as its texts where they have room, and breaks the widest between its words where they have not', () => {
    const text = 'a text of some words '.repeat(6).trim();
    const table = renderTable([['x', text]], columns('id', 'what'));
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(
      lines(table)
        .map(([, what]) => what)
        .join(' '),
    ).toBe(text);
    expect(renderTable([['x', 'y']], columns('id', 'what')).split('\n')[0]).toBe('┌────┬──────┐');
  });

  it('breaks a word that has no room behind a hyphen, an underscore or a stroke, and no word that has', () => {
    const row = [
      'tesla',
      'carrier-1',
      'H100',
      'PO-TSLA-2023-1',
      '1',
      'in_transit',
      'SHIPMENT/2023/0001',
      'nvidia-taiwan',
    ];
    const table = renderTable(
      [row],
      columns('owner', 'custodian', 'item', 'order', 'line', 'stage', 'shipment', 'sent by'),
    );
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    const cells = row.map((_, index) => lines(table).map((line) => line[index] ?? ''));
    expect(cells.map((cell) => cell.join(''))).toEqual(row);
    for (const cell of cells)
      for (const [above, below] of cell.slice(1).map((part, i) => [cell[i], part]))
        if (below !== '') expect(above).toMatch(/[-_/,]$/);
  });

  it('breaks a word of any characters, which has no such place, at the end of its column', () => {
    const word = '🧱試'.repeat(60);
    const table = renderTable([[word, 'short']], columns('id', 'what'));
    expect(
      lines(table)
        .map(([part]) => part)
        .join(''),
    ).toBe(word);
    expect(lines(table)[0]?.[1]).toBe('short');
  });
});
