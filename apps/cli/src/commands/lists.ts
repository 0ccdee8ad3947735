import type { Command } from 'commander';
import type {
  ActivityRow,
  FlagRow,
  HoldingGroupRow,
  OrderRow,
  QueueRow,
  ShipmentRow,
  SwapRow,
  UnitRow,
} from '#contracts/rows';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { UserError } from '../exitCodes.ts';
import { flagColumns } from '../flagColumns.ts';
import { type Column, formatNumber, renderTable } from '../table.ts';
import { print, printCsv, printJson, say } from '../terminal.ts';

interface ListOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly limit?: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** A command that asks for a list of a ledger and prints it. */
interface ListCommand {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  /** Named in the path as `:item`. */
  readonly argument?: readonly [name: string, description: string];
  /** Options, which are the parameters of the route: `group-by` is `groupBy`. */
  readonly filters: Readonly<Record<string, string>>;
  readonly example: string;
  readonly limit?: number;
  readonly table: (rows: readonly never[]) => string;
}

const day = (moment: string): string => moment.slice(0, 10);

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
    table: (rows: readonly HoldingGroupRow[]) => holdingsTable(rows as readonly HoldingRow[]),
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
          { title: 'by', value: ({ window }) => window.to },
          {
            title: 'whose they are now',
            value: ({ units }) =>
              units.map(({ owner, stage, quantity }) => `${owner} ${formatNumber(quantity)} ${stage}`).join(', '),
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
        { title: 'due', value: ({ window }) => window.to },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
        { title: 'held', value: ({ held }) => held, align: 'right' },
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
    },
    example: 'activity --ledger nvidia --limit 20',
    limit: 100,
    table: (rows: readonly ActivityRow[]) =>
      table(rows, [
        { title: '#', value: ({ sequence }) => String(sequence), align: 'right' },
        { title: 'happened', value: ({ occurred }) => day(occurred) },
        { title: 'type', value: ({ type }) => type.replace(/^lading\.|\.v1$/g, '') },
        { title: 'about', value: ({ subject }) => subject },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
        { title: 'parties', value: ({ parties }) => parties.join(', ') },
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

/** Adds the commands that ask for a list. */
export function addLists(program: Command): void {
  for (const list of lists) {
    const command = withConnectionOptions(program.command(list.name))
      .description(list.description)
      .requiredOption('-l, --ledger <ledger>', 'the ledger to ask');
    if (list.argument !== undefined) command.argument(`<${list.argument[0]}>`, list.argument[1]);
    for (const [name, description] of Object.entries(list.filters)) command.option(`--${name} <text>`, description);
    command
      .option('--limit <rows>', 'print no more rows than this', wholeNumber, list.limit)
      .option('--json', 'print the rows as JSON')
      .option('--csv', 'print the rows as CSV')
      .action(async (...given: unknown[]) => {
        const [argument, options] = list.argument === undefined ? ['', given[0]] : [String(given[0]), given[1]];
        await ask(list, argument, options as ListOptions & Readonly<Record<string, string | undefined>>);
      });
    withExamples(command, `lading ${list.example}`);
  }
}

async function ask(
  list: ListCommand,
  argument: string,
  options: ListOptions & Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (options.json && options.csv) throw new UserError('The rows are printed once: choose --json or --csv.');
  const query = new URLSearchParams();
  for (const name of Object.keys(list.filters)) {
    const parameter = name.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase());
    const value = options[parameter];
    if (value !== undefined) query.set(parameter, value);
  }
  const path = list.path.replace(':item', encodeURIComponent(argument));
  const address = `/v1/ledgers/${encodeURIComponent(options.ledger)}/${path}?${query.toString()}`;
  const client = connect(options);
  const { limit = Infinity } = options;
  let more;
  if (options.csv) {
    const csv = await client.firstAsCsv(address, limit);
    printCsv(csv.text);
    more = csv.more;
  } else {
    const page = await client.first(address, limit);
    if (options.json) printJson(page.rows, 2);
    else print(list.table(page.rows as never[]));
    more = page.more;
  }
  if (more) say(`There are more rows than ${limit}: --limit prints more of them.`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UserError(`--limit takes a number of rows, not "${text}".`);
  return Number(text);
}
