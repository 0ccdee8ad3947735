import type { SaidEvent } from '../check.ts';
import { clean, element, type Element, written } from './dom.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The attributes that a reader asks for first, and what they are called in words. The others stand after them, under their own names. */
const CALLED: Readonly<Record<string, string>> = {
  ledger: 'Ledger',
  sequence: 'Sequence',
  type: 'Type',
  subject: 'About',
  time: 'Occurred',
  recordedtime: 'Recorded',
  actor: 'Submitted by key',
  source: 'Source',
  id: 'Id',
};

/** `lading.shipment.dispatched.v1` → `shipment dispatched` */
export const typeInWords = (type: unknown): string =>
  typeof type === 'string'
    ? type
        .replace(/^lading\./, '')
        .replace(/\.v\d+$/, '')
        .replaceAll(/[._]/g, ' ')
    : 'event';

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function eventView({ attributes, data }: SaidEvent): Element[] {
  const { moves, ...rest } = data;
  const first = Object.entries(CALLED).filter(([name]) => attributes[name] !== undefined);
  const others = Object.keys(attributes).filter((name) => CALLED[name] === undefined);
  const rows = [
    ...first.map(
      ([name, called]) => [called, name === 'sequence' ? Number(attributes[name]) : attributes[name]] as const,
    ),
    ...others.map((name) => [name, attributes[name]] as const),
  ];
  return [
    facts(rows),
    element('h3', {}, 'What it says'),
    ...dataView(rest),
    ...(Array.isArray(moves) && moves.length > 0
      ? [table('Units that it moved', moves.filter(isFields).map(moveRow))]
      : []),
  ];
}

/** Single values first, then each list as a table of its own. */
function dataView(data: Fields): Element[] {
  const entries = Object.entries(flat(data));
  const lists = entries.filter(([, value]) => isTable(value)) as [string, Fields[]][];
  return [
    facts(entries.filter(([, value]) => !isTable(value))),
    ...lists.map(([name, rows]) => table(name, rows.map(flat))),
  ];
}

const isTable = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isFields);

/** `{ window: { from, to } }` → `{ 'window from', 'window to' }` */
function flat(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]): [string, unknown][] =>
      isFields(value) ? Object.entries(flat(value)).map(([inner, own]) => [`${name} ${inner}`, own]) : [[name, value]],
    ),
  );
}

function moveRow({ from, to, quantity, item, order, line, ...rest }: Fields): Fields {
  return { quantity, item, order, line, from: placeInWords(from), to: placeInWords(to), ...rest };
}

function placeInWords(place: unknown): string {
  if (!isFields(place)) return wordsOf(place);
  const { owner, custodian, stage, shipment } = place;
  const at = custodian === owner ? '' : `, at ${wordsOf(custodian)}`;
  const on = shipment === undefined ? '' : `, shipment ${wordsOf(shipment)}`;
  return `${wordsOf(owner)}: ${wordsOf(stage).replaceAll('_', ' ')}${at}${on}`;
}

function wordsOf(value: unknown): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return value.toLocaleString('en-US');
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  if (isRange(value)) return `${serial(value, value.from)} … ${serial(value, value.to)}`;
  return JSON.stringify(value);
}

interface Range {
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
  readonly digits?: number;
}

const isRange = (value: unknown): value is Range =>
  isFields(value) && typeof value.prefix === 'string' && typeof value.from === 'number' && typeof value.to === 'number';

const serial = ({ prefix, digits = 0 }: Range, number: number): string =>
  prefix + String(number).padStart(Math.min(digits, 128), '0');

function facts(rows: readonly (readonly [name: string, value: unknown])[]): Element {
  const list = element('dl', {});
  for (const [name, value] of rows) {
    list.append(element('dt', {}, clean(name)), element('dd', {}, written(wordsOf(value))));
  }
  return list;
}

/** Wide tables scroll by themselves, also by keyboard, and never the page. */
function table(name: string, rows: readonly Fields[]): Element {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((key) => row[key] !== undefined)))];
  const head = element('tr', {}, ...columns.map((column) => element('th', { scope: 'col' }, clean(column))));
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...columns.map((column) =>
        element('td', typeof row[column] === 'number' ? { class: 'number' } : {}, written(wordsOf(row[column]))),
      ),
    ),
  );
  const made = element(
    'table',
    {},
    element('caption', {}, clean(name)),
    element('thead', {}, head),
    element('tbody', {}, ...body),
  );
  return element('div', { class: 'wide', role: 'region', 'aria-label': clean(name), tabindex: '0' }, made);
}
