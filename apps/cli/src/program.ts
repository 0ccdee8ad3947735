import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addApiKeys } from './commands/apiKeys.ts';
import { addDemo } from './commands/demo.ts';
import { addLists } from './commands/lists.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addReplay } from './commands/replay.ts';
import { addStatus } from './commands/status.ts';
import { addSubmit } from './commands/submit.ts';
import { addUp } from './commands/up.ts';
import { calledAs } from './examples.ts';
import { packageRoot } from './packageRoot.ts';

const SETTINGS = `
Settings by environment:
  LADING_PORT       where "up" listens (7400)
  LADING_HOST       on which address (127.0.0.1)
  LADING_DATA       the data folder: embedded PostgreSQL, admin key (.lading)
  LADING_ADMIN_KEY  the admin key; made and kept in the data folder when unset
  DATABASE_URL      a PostgreSQL of your own instead of the embedded one
  KAFKA_BROKERS     host:port,host:port; unset, "up" needs no Kafka
  LADING_TOPIC      the topic of the events (lading.events)
  LOG_LEVEL         fatal, error, warn, info, debug, trace or silent
  LADING_URL        where the other commands find Lading (http://127.0.0.1:7400)
  LADING_KEY        the API key they use (the admin key of the data folder)

Exit codes: 0 done · 1 a fault of Lading · 2 a command, setting or file is wrong
            3 the ledger refused events · 4 nothing answers
            5 the key may not · 6 a stream has a hole
`;

/** The command line. Each command is a file of its own and is listed here. */
export function buildProgram(): Command {
  const program = new Command(calledAs())
    .description('Lading: who holds which hardware, who was promised it, and what is owed in return')
    .version(version())
    .showHelpAfterError('(--help shows all arguments and options)')
    .exitOverride()
    .addHelpText('after', SETTINGS);
  for (const add of [addUp, addDemo, addSubmit, addLists, addStatus, addReplay, addRebuild, addApiKeys]) add(program);
  // A subcommand copies these settings only from a parent that has them already, so they are set on each subcommand.
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError('(--help shows all arguments and options)');
  return program;
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
