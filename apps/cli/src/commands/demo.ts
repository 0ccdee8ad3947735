import type { Command } from 'commander';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { MEMO_LEDGER, playMemo } from '../demo/playMemo.ts';
import { askReport, renderReport } from '../demo/report.ts';
import type { Client } from '../client.ts';
import { routeOver } from '../submitEvents.ts';
import { print, printJson } from '../terminal.ts';

interface DemoOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly shipments?: string;
  readonly reallocations?: string;
  readonly swaps?: string;
}

export function addDemo(program: Command): void {
  withConnectionOptions(program.command('demo'))
    .description('play the memo on the ledger nvidia of a running Lading, then print who holds what')
    .option('--json', 'print the final report as JSON')
    .option('--shipments <url>', 'where the shipments service answers, when it is a process of its own')
    .option('--reallocations <url>', 'the same for reallocations')
    .option('--swaps <url>', 'the same for swaps')
    .addHelpText('after', '\nExample:\n  lading demo\n')
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const query = connect(options);
  const at = (url: string | undefined) => (url === undefined ? query : connect({ ...options, url }));
  const writers = {
    shipments: at(options.shipments),
    reallocations: at(options.reallocations),
    swaps: at(options.swaps),
  };
  let sequence = 0;
  for await (const step of playMemo(writers.shipments, routeOver(writers))) {
    sequence = step.sequence;
    if (!options.json) print(`${step.title} (${step.recorded === 0 ? 'recorded already' : `${step.recorded} events`})`);
  }
  const report = await askReport(query, MEMO_LEDGER, sequence);
  if (options.json) printJson(report, 2);
  else print(`\n${renderReport(report)}`);
}

/** Plays the memo and prints the report of the ledger after each step. */
export async function narrateMemo(client: Client): Promise<void> {
  for await (const { title, sequence } of playMemo(client)) {
    print(`\n━━ ${title} ━━\n\n${renderReport(await askReport(client, MEMO_LEDGER, sequence))}`);
  }
}
