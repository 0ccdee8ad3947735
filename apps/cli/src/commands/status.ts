import type { Command } from 'commander';
import type { StatusRow } from '#contracts/statusRows';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { renderTable } from '../table.ts';

export function addStatus(program: Command): void {
  withConnectionOptions(program.command('status'))
    .description('how far each consumer of each ledger has come')
    .option('--json', 'print the rows as JSON')
    .addHelpText('after', '\nExample:\n  lading status\n')
    .action(status);
}

async function status(options: ConnectionOptions & { json?: boolean }): Promise<void> {
  const rows = await connect(options).list<StatusRow>('/v1/status');
  console.log(options.json ? JSON.stringify(rows, null, 2) : statusTable(rows));
}

function statusTable(rows: readonly StatusRow[]): string {
  if (rows.length === 0) return 'No ledger is open yet.';
  return renderTable(rows, [
    { title: 'consumer', value: (row) => row.consumer },
    { title: 'ledger', value: (row) => row.ledger },
    { title: 'version', value: (row) => row.version },
    { title: 'at', value: (row) => row.sequence, align: 'right' },
    { title: 'head', value: (row) => row.head, align: 'right' },
    { title: 'behind', value: (row) => row.lagEvents, align: 'right' },
    { title: 'seconds', value: (row) => row.lagSeconds, align: 'right' },
    { title: 'state', value: (row) => row.state },
    { title: 'reason', value: (row) => row.reason },
  ]);
}
