import type { ExchangeHistoryRow, HoldingDiffRow, HoldingHistoryRow } from '#contracts/changeRows';
import { type Column, formatNumber, renderTable } from '../table.ts';
import type { ListCommand } from './listCommand.ts';

const ACCOUNTS = {
  owner: 'only what this party owns',
  custodian: 'only what this party has in its hands',
  item: 'only this item',
  order: 'only units of this order',
  stage: 'ordered, in_transit, held or damaged',
  accounts: '"all" adds supply, cancelled, lost and the rest',
};

/** Lists of what changed, and when. */
export const changeLists: readonly ListCommand[] = [
  {
    name: 'diff',
    description: 'what changed between two moments, and the events that changed it',
    path: 'holdings/diff',
    filters: {
      'from-at': 'the first moment: what had occurred by then; as --at unless told',
      'from-known': 'the first moment: what was known; as --known unless told',
      ...ACCOUNTS,
      'group-by': 'add up by these, separated by commas: owner,item,stage',
    },
    example: 'diff --ledger nvidia --from-known 12 --group-by owner,item,stage',
    table: (rows: readonly HoldingDiffRow[]) => diffTable(rows),
  },
  {
    name: 'history',
    description: 'a balance through time, drawn',
    path: 'holdings/history',
    filters: {
      ...ACCOUNTS,
      'from-at': 'only what changed after it, along what occurred',
      'from-known': 'only what was recorded after it, along what was known',
      axis: 'at: by when things occurred; known: by when they were recorded',
      by: 'change, day, week or month',
    },
    instead: {
      option: 'swap',
      description: 'what is owed under this swap instead, with --axis and --by alone',
      path: 'swaps/:item/history',
      table: (rows: readonly ExchangeHistoryRow[]) => exchangeTable(rows),
    },
    example: [
      'history --ledger nvidia --owner tesla --item H100 --by month',
      'history --ledger nvidia --swap SW-1 --by week',
    ],
    table: (rows: readonly HoldingHistoryRow[]) => historyTable(rows),
  },
];

type Row = Readonly<Record<string, unknown>>;

function diffTable(rows: readonly HoldingDiffRow[]): string {
  const [first] = rows;
  if (first === undefined) return 'Nothing.';
  const { before: _, after: __, change: ___, events: ____, partial: _____, ...keys } = first;
  const names = Object.keys(keys).filter((key) => rows.some((row) => (row as Row)[key] !== null));
  return renderTable(rows, [
    ...names.map((key): Column<HoldingDiffRow> => ({ title: key, value: (row) => (row as Row)[key] as string | null })),
    { title: 'before', value: ({ before }) => before, align: 'right' },
    { title: 'after', value: ({ after }) => after, align: 'right' },
    {
      title: 'by event',
      value: ({ events, partial }) =>
        `${events.map(({ sequence, quantity, voids }) => `${sequence} (${signed(quantity)}${voids == null ? '' : `, takes back ${voids}`})`).join(', ')}${partial === true ? ' …' : ''}`,
    },
  ]);
}

/** Another server may answer with something else than a number. */
const signed = (quantity: number): string =>
  Number.isFinite(quantity) ? `${quantity > 0 ? '+' : ''}${formatNumber(quantity)}` : '?';

/** Bars of units, of which the longest takes so many places. */
function barsOf(units: readonly number[], places: number): (units: number) => string {
  const most = units.reduce((largest, one) => Math.max(largest, Math.abs(one)), 1);
  return (one) => (one < 0 ? '-' : '█').repeat(Math.round((Math.abs(one) / most) * places));
}

const whenOf = ({ moment }: { readonly moment: string }): string =>
  moment.endsWith('T23:59:59.999999Z') ? moment.slice(0, 10) : moment.slice(0, 16);

function historyTable(rows: readonly HoldingHistoryRow[]): string {
  if (rows.length === 0) return 'Nothing.';
  const bar = barsOf(
    rows.map(({ quantity }) => quantity),
    30,
  );
  return renderTable(rows, [
    { title: 'when', value: whenOf },
    { title: 'change', value: ({ change }) => signed(change), align: 'right' },
    { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
    { title: '', value: ({ quantity }) => bar(quantity) },
  ]);
}

/** Of each step what each party is owed; below zero, what it owes. */
function exchangeTable(steps: readonly ExchangeHistoryRow[]): string {
  const rows = steps.flatMap(({ moment, balance }) =>
    balance.map((one, n) => ({ ...one, when: n === 0 ? whenOf({ moment }) : '' })),
  );
  if (rows.length === 0) return 'Nothing.';
  const bar = barsOf(
    rows.map(({ units }) => units),
    15,
  );
  return renderTable(rows, [
    { title: 'when', value: ({ when }) => when },
    { title: 'party', value: ({ party }) => party },
    { title: 'item', value: ({ item }) => item },
    { title: 'owed', value: ({ units }) => units, align: 'right' },
    { title: 'unit-days', value: ({ unitDays }) => Math.round(unitDays), align: 'right' },
    { title: '', value: ({ units }) => bar(units) },
  ]);
}
