import type { Command } from 'commander';
import type { ActivityRow, ReasonRow } from '#contracts/activityRows';
import type { FlagRow } from '#contracts/flagRows';
import type { AvailableRow, HoldRow } from '#contracts/holdRows';
import type { HoldingGroupRow, OrderRow, QueueRow, ShipmentRow, SwapRow, UnitRow } from '#contracts/rows';
import type { SupplyRow } from '#contracts/supplyRows';
import { flagColumns } from '../flagColumns.ts';
import { type Column, formatNumber, renderTable } from '../table.ts';
import { changeLists } from './changeLists.ts';
import { addList, type ListCommand } from './listCommand.ts';
import { day, shortType, tracing } from './tracing.ts';

const OWNER = 'only of this owner';
const ITEM = 'only this item';

const lists: readonly ListCommand[] = [
  {
    name: 'holdings',
    description: 'who holds which hardware, and who is promised it',
    path: 'holdings',
    filters: {
      owner: 'only what this party owns',
      custodian: 'only what this party has in its hands',
      item: ITEM,
      order: 'only units of this order',
      stage: 'ordered, in_transit, held or damaged',
      'group-by': 'add up by these, separated by commas: owner,item,stage',
      accounts: '"all" adds supply, cancelled, lost and the rest: then each item sums to zero',
    },
    example: 'holdings --ledger nvidia --group-by owner,item,stage',
    table: (rows: readonly HoldingGroupRow[]) => holdingsTable(rows.map(holdingRow)),
  },
  {
    name: 'orders',
    description: 'orders, and where the units of each line are',
    path: 'orders',
    filters: {
      buyer: 'only of this buyer',
      supplier: 'only from this supplier',
      item: ITEM,
      owner: OWNER,
      party: 'only what this party buys, supplies or owns',
      late: 'true: only with units that are awaited after their window',
    },
    example: 'orders --ledger nvidia --buyer tesla',
    table: (orders: readonly OrderRow[]) =>
      table(
        orders.flatMap(({ lines, ...order }) => lines.map((line) => ({ ...order, ...line }))),
        [
          { title: 'order', value: ({ order }) => order },
          { title: 'buyer', value: ({ buyer }) => buyer },
          { title: 'line', value: ({ line }) => line },
          { title: 'item', value: ({ item }) => item },
          { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
          { title: 'by', value: ({ due }) => due },
          { title: 'promised', value: ({ promised }) => promised?.code ?? '' },
          {
            title: 'whose they are',
            value: ({ units, substitutedBy = [], substitutes = [] }) =>
              [
                ...units.map(({ owner, stage, quantity }) => `${owner} ${formatNumber(quantity)} ${stage}`),
                ...substitutedBy.map((one) => `${formatNumber(one.quantity)} came as ${one.item}`),
                ...substitutes.map((one) => `${formatNumber(one.quantity)} came for ${one.item}`),
              ].join(', '),
          },
        ],
      ),
  },
  {
    name: 'shipments',
    description: 'shipments: sent, arrived, still on the way',
    path: 'shipments',
    filters: {
      consignee: 'only to this party',
      carrier: 'only by this carrier',
      order: 'only with units of this order',
      item: ITEM,
      owner: OWNER,
      party: 'only what this party gets, carries, supplies or owns',
      late: 'true: only with units that are awaited after their day',
      eta: 'only expected on this day, or from/to: 2023-12-01/2023-12-31',
    },
    example: 'shipments --ledger nvidia --consignee x',
    table: (shipments: readonly ShipmentRow[]) => {
      const sum = (key: 'advised' | 'received' | 'damaged' | 'inTransit') => (row: ShipmentRow) =>
        row.lines.reduce((units, line) => units + line[key], 0);
      return table(shipments, [
        { title: 'shipment', value: ({ shipment }) => shipment },
        { title: 'to', value: ({ consignee }) => consignee },
        { title: 'by', value: ({ carrier }) => carrier },
        { title: 'status', value: ({ status }) => status },
        { title: 'expected', value: ({ eta }) => eta },
        { title: 'sent', value: sum('advised'), align: 'right' },
        { title: 'arrived', value: (row) => sum('received')(row) + sum('damaged')(row), align: 'right' },
        { title: 'on the way', value: sum('inTransit'), align: 'right' },
      ]);
    },
  },
  {
    name: 'holds',
    description: 'units that are kept for a purpose, and until when',
    path: 'holds',
    filters: {
      owner: OWNER,
      item: ITEM,
      order: 'only units of this order',
      status: 'open, released or expired',
    },
    example: 'holds --ledger nvidia --status open',
    table: (holds: readonly HoldRow[]) =>
      table(
        holds.flatMap(({ lines, ...hold }) => lines.map((line) => ({ ...hold, ...line }))),
        [
          { title: 'hold', value: ({ hold }) => hold },
          { title: 'owner', value: ({ owner }) => owner },
          { title: 'order', value: ({ order, line }) => `${order}/${line}` },
          { title: 'item', value: ({ item }) => item },
          { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
          { title: 'status', value: ({ status }) => status },
          { title: 'until', value: ({ until }) => until.slice(0, 16) },
          { title: 'for', value: ({ purpose }) => purpose },
        ],
      ),
  },
  {
    name: 'available',
    description: 'what each owner may promise: what is there less what is on hold',
    path: 'available',
    filters: { owner: OWNER, item: ITEM },
    example: 'available --ledger nvidia --item H100',
    table: (rows: readonly AvailableRow[]) =>
      table(rows, [
        { title: 'owner', value: ({ owner }) => owner },
        { title: 'item', value: ({ item }) => item },
        { title: 'there', value: ({ there }) => there, align: 'right' },
        { title: 'on hold', value: ({ onHold }) => onHold, align: 'right' },
        { title: 'available', value: (row) => row.available, align: 'right' },
      ]),
  },
  {
    name: 'swaps',
    description: 'swaps, and what is missing under each',
    path: 'swaps',
    filters: {
      party: 'only those of this party',
      status: 'proposed, accepted, executed, rejected, withdrawn or expired',
    },
    example: 'swaps --ledger nvidia --party tesla',
    table: (swaps: readonly SwapRow[]) =>
      table(
        swaps.flatMap(({ legs, swap, status }) => legs.map((leg) => ({ swap, status, ...leg }))),
        [
          { title: 'swap', value: ({ swap }) => swap },
          { title: 'status', value: ({ status }) => status },
          { title: 'leg', value: ({ from, to }) => `${from} → ${to}` },
          { title: 'order', value: ({ order, line }) => `${order} line ${line}` },
          { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
          { title: 'missing', value: ({ missing }) => missing, align: 'right' },
          { title: 'due', value: ({ window, overdue }) => `${window.to}${overdue ? ' late' : ''}` },
        ],
      ),
  },
  {
    name: 'queue',
    description: 'who waits for an item, in turn',
    path: 'items/:item/queue',
    argument: ['item', 'the item that is waited for'],
    filters: { owner: OWNER, buyer: 'only of this buyer' },
    example: 'queue H100 --ledger nvidia',
    table: (rows: readonly QueueRow[]) =>
      table(rows, [
        { title: 'place', value: ({ position }) => position, align: 'right' },
        { title: 'order', value: ({ order, line }) => `${order} line ${line}` },
        { title: 'buyer', value: ({ buyer }) => buyer },
        { title: 'owner', value: ({ owner }) => owner },
        { title: 'due', value: ({ due }) => due },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
        { title: 'held', value: ({ held }) => held, align: 'right' },
      ]),
  },
  {
    name: 'supply',
    description: 'what suppliers promised of an item, against what they committed to',
    path: 'items/:item/supply',
    argument: ['item', 'the item that is supplied'],
    filters: {
      supplier: 'only of this supplier',
      ends: 'only periods that end on this day, or from/to: 2024-01-01/..',
    },
    example: 'supply H100 --ledger nvidia',
    table: (rows: readonly SupplyRow[]) =>
      table(rows, [
        { title: 'supplier', value: ({ supplier }) => supplier },
        { title: 'period', value: ({ period }) => `${period.from}/${period.to}` },
        { title: 'committed', value: ({ committed }) => committed, align: 'right' },
        { title: 'promised', value: ({ promised }) => promised, align: 'right' },
        { title: 'allocated', value: ({ allocated }) => allocated, align: 'right' },
        { title: 'oversold', value: ({ oversold }) => (oversold === 0 ? null : oversold), align: 'right' },
      ]),
  },
  {
    name: 'flags',
    description: 'what needs a look, and the events that raised it',
    path: 'flags',
    filters: { rule: 'only of this rule', party: 'only about this party', item: ITEM },
    example: 'flags --ledger nvidia --rule overdue-leg',
    table: (rows: readonly FlagRow[]) => table(rows, flagColumns),
  },
  {
    name: 'activity',
    description: 'what happened, the newest first',
    path: 'activity',
    filters: {
      party: 'only events that name this party',
      item: 'only events that move this item',
      source: 'only events that this source submitted',
      'reason-code': 'only events with this reason code',
      sequence: 'only these events: 14,17',
      occurred: 'only what occurred on this day, or from/to: ../2023-12-31',
    },
    example: 'activity --ledger nvidia --limit 20',
    limit: 100,
    table: (rows: readonly ActivityRow[]) =>
      table(rows, [
        { title: '#', value: ({ sequence }) => String(sequence), align: 'right' },
        { title: 'happened', value: ({ occurred }) => day(occurred) },
        { title: 'type', value: ({ type, voidedBy }) => shortType(type, voidedBy) },
        { title: 'about', value: ({ subject }) => subject },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
        { title: 'parties', value: ({ parties }) => parties.join(', ') },
      ]),
  },
  {
    name: 'reasons',
    description: 'why it happened: the events of each reason code, counted',
    path: 'activity/reasons',
    filters: { 'reason-code': 'only of this reason code', type: 'only events of this type' },
    example: 'reasons --ledger nvidia --reason-code shortage',
    table: (rows: readonly ReasonRow[]) =>
      table(rows, [
        { title: 'reason', value: ({ reasonCode }) => reasonCode },
        { title: 'type', value: ({ type }) => shortType(type) },
        { title: 'events', value: ({ events }) => events, align: 'right' },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
        { title: 'newest', value: ({ last }) => String(last), align: 'right' },
      ]),
  },
  {
    name: 'units',
    description: 'units with serial numbers, and where each is',
    path: 'units',
    filters: {
      owner: OWNER,
      custodian: 'only in the hands of this party',
      item: ITEM,
      order: 'only of this order',
      stage: 'ordered, in_transit, held, damaged, lost, returned or scrapped',
    },
    example: 'units --ledger nvidia --item H100 --limit 20',
    limit: 100,
    table: (rows: readonly UnitRow[]) =>
      table(rows, [
        { title: 'serial number', value: ({ serial }) => serial },
        { title: 'item', value: ({ item }) => item },
        { title: 'owner', value: ({ owner }) => owner },
        { title: 'in the hands of', value: ({ custodian }) => custodian },
        { title: 'stage', value: ({ stage }) => stage },
        { title: 'order', value: ({ order, line }) => `${order} line ${line}` },
      ]),
  },
];

const table = <T>(rows: readonly T[], columns: readonly Column<T>[]): string =>
  rows.length === 0 ? 'Nothing.' : renderTable(rows, columns);

type HoldingRow = Record<string, string | number | null>;

const holdingRow = ({ substitutes = [], negative, ...row }: HoldingGroupRow): HoldingRow => ({
  ...({ ...row, negative: negative === true ? 'below zero' : null } as HoldingRow),
  'instead of': substitutes.map(({ order, line }) => `${order} line ${line}`).join(', ') || null,
});

/** Formats holdings as a table that has a column for each key of the rows and no other. */
export function holdingsTable(rows: readonly HoldingRow[]): string {
  const [first] = rows;
  if (first === undefined) return 'No holdings.';
  const keys = Object.keys(first).filter((key) => rows.some((row) => row[key] !== null));
  return renderTable(
    rows,
    keys.map((key) => ({
      title: key,
      value: (row) => row[key],
      align: key === 'quantity' ? ('right' as const) : ('left' as const),
    })),
  );
}

export function addLists(program: Command): void {
  for (const list of [...lists, ...changeLists, ...tracing]) addList(program, list);
}
