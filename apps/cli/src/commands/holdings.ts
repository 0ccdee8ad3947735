import type { Command } from 'commander';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { renderTable } from '../table.ts';

interface HoldingsOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly owner?: string;
  readonly custodian?: string;
  readonly item?: string;
  readonly order?: string;
  readonly stage?: string;
  readonly groupBy?: string;
  readonly accounts?: string;
  readonly json?: boolean;
}

type HoldingRow = Record<string, string | number | null>;

const FILTERS = ['owner', 'custodian', 'item', 'order', 'stage', 'groupBy', 'accounts'] as const;

export function addHoldings(program: Command): void {
  withConnectionOptions(program.command('holdings'))
    .description('who holds which hardware, and who is promised it')
    .requiredOption('-l, --ledger <ledger>', 'the ledger to ask')
    .option('--owner <party>', 'only what this party owns')
    .option('--custodian <party>', 'only what this party has in its hands')
    .option('--item <item>', 'only this item')
    .option('--order <order>', 'only units of this order')
    .option('--stage <stage>', 'ordered, in_transit, held or damaged')
    .option('--group-by <keys>', 'add up by these, separated by commas: owner,item,stage')
    .option('--accounts <which>', '"all" adds supply, cancelled, lost and the rest: then each item sums to zero')
    .option('--json', 'print the rows as JSON')
    .addHelpText('after', '\nExample:\n  lading holdings --ledger nvidia --group-by owner,item,stage\n')
    .action(holdings);
}

async function holdings(options: HoldingsOptions): Promise<void> {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  const rows = await connect(options).list<HoldingRow>(
    `/v1/ledgers/${encodeURIComponent(options.ledger)}/holdings?${query.toString()}`,
  );
  console.log(options.json ? JSON.stringify(rows, null, 2) : holdingsTable(rows));
}

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
