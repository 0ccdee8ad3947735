import type { Command } from 'commander';
import type { StatusRow } from '#contracts/statusRows';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { UserError } from '../exitCodes.ts';
import { renderTable } from '../table.ts';
import { print, printCsv, printJson } from '../terminal.ts';

export function addStatus(program: Command): void {
  const command = withConnectionOptions(program.command('status'))
    .description('how far each consumer of each ledger has come; of a ledger that stands still, why and what to do')
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .action(status);
  withExamples(command, 'lading status', 'lading status --csv > status.csv');
}

async function status(options: ConnectionOptions & { json?: boolean; csv?: boolean }): Promise<void> {
  if (options.json && options.csv) throw new UserError('The rows are printed once: choose --json or --csv.');
  const client = connect(options);
  if (options.csv) {
    printCsv((await client.firstAsCsv('/v1/status', Infinity)).text);
    return;
  }
  const rows = await client.list<StatusRow>('/v1/status');
  if (options.json) printJson(rows, 2);
  else print([statusTable(rows), standing(rows)].filter((text) => text !== '').join('\n'));
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
  ]);
}

/** For each ledger that stands still: before which event, why, since when, and what to do. */
function standing(rows: readonly StatusRow[]): string {
  return rows
    .filter(({ reason }) => reason !== undefined)
    .map(({ consumer, ledger, version, event, since, reason, advice }) => {
      const who = version === null ? consumer : `version ${version}`;
      const what = event === undefined ? '' : ` before event ${event.sequence}`;
      const facts = [event?.type, event?.id && `id ${event.id}`, since && `since ${since}`].filter(Boolean).join(', ');
      const title = `Ledger ${ledger} stands still in ${who}${what}${facts === '' ? '' : ` (${facts})`}.`;
      return `\n${[title, `Why: ${reason ?? ''}`, `What to do: ${advice ?? ''}`].map((text) => text.replaceAll('\n', ' ')).join('\n')}`;
    })
    .join('\n');
}
