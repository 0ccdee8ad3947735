import type { Command } from 'commander';
import { counted } from '../table.ts';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { MEMO_LEDGER, playMemo } from '../demo/playMemo.ts';
import { askReport, renderReport } from '../demo/report.ts';
import type { Client } from '../client.ts';
import { withExamples } from '../examples.ts';
import { print, printJson } from '../terminal.ts';

interface DemoOptions extends ConnectionOptions {
  readonly json?: boolean;
}

export function addDemo(program: Command): void {
  const command = withConnectionOptions(program.command('demo'))
    .description('play the memo on the ledger nvidia of a running Lading, then print who holds what')
    .option('--json', 'print the final report as JSON')
    .action(demo);
  withExamples(command, 'lading demo');
}

async function demo(options: DemoOptions): Promise<void> {
  const client = connect(options);
  let sequence = 0;
  for await (const step of playMemo(client)) {
    sequence = step.sequence;
    if (!options.json)
      print(`${step.title} (${step.recorded === 0 ? 'recorded already' : counted(step.recorded, 'event')})`);
  }
  const report = await askReport(client, MEMO_LEDGER, sequence);
  if (options.json) printJson(report, 2);
  else print(`\n${renderReport(report)}`);
}

/** Plays the memo and prints the report of the ledger after each step. */
export async function narrateMemo(client: Client): Promise<void> {
  for await (const { title, sequence } of playMemo(client)) {
    print(`\n━━ ${title} ━━\n\n${renderReport(await askReport(client, MEMO_LEDGER, sequence))}`);
  }
}
