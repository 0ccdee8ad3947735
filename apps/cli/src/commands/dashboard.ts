import type { Command } from 'commander';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { print } from '../terminal.ts';

export function addDashboard(program: Command): void {
  const command = withConnectionOptions(program.command('dashboard'))
    .description('a new link that opens the dashboard signed in: once, within 15 minutes')
    .action(dashboard);
  withExamples(command, 'lading dashboard');
}

/** The code stands in the part of the address that a browser sends to nobody. */
async function dashboard(options: ConnectionOptions): Promise<void> {
  const client = connect(options);
  const { code } = await client.get<{ readonly code: string }>('/app/link');
  print(`${client.url}/app/#code=${code}`);
}
