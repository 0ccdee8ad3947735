import type { Place } from '../url/place.ts';

interface About {
  readonly format: 'csv' | 'json';
  readonly what: string;
  readonly place: Place;
  readonly sequence: number | undefined;
}

/** Saves what is on the screen as a file that says of which moment it is. */
export function save(rows: readonly object[], about: About): void {
  const { ledger = '', at, known } = about.place;
  const moment = { ledger, at: at ?? 'now', known: known ?? 'everything', sequence: about.sequence ?? null };
  const text = about.format === 'json' ? JSON.stringify({ ...moment, data: rows }, null, 2) : csvOf(rows, moment);
  const blob = new Blob([text], { type: about.format === 'json' ? 'application/json' : 'text/csv' });
  saveFile(blob, fileName(about.place, about.what, about.format));
}

/** `nvidia-holdings-2023-12-20.csv`: what is in it, and of which moment. */
export const fileName = ({ ledger = '', at = 'now', known }: Place, what: string, ending: string): string =>
  `${[ledger, what, at, ...(known === undefined ? [] : [`known-${known}`])].join('-').replaceAll(/[^\w.-]+/g, '-')}.${ending}`;

export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** One line a row; the moment stands in each, because a file of lines has no other place for it. */
export function csvOf(rows: readonly object[], moment: object): string {
  const lines = rows.map((row) => new Map<string, unknown>(Object.entries({ ...row, ...prefixed(moment) })));
  const columns = [...new Set(lines.flatMap((line) => [...line.keys()]))];
  return [columns, ...lines.map((line) => columns.map((column) => line.get(column)))]
    .map((cells) => cells.map(cellOf).join(','))
    .join('\r\n')
    .concat('\r\n');
}

const prefixed = (moment: object): object =>
  Object.fromEntries(Object.entries(moment).map(([name, value]) => [`as of ${name}`, value as unknown]));

function cellOf(value: unknown): string {
  const text = textOf(value);
  // A spreadsheet would take such a text for a formula, and run it.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
