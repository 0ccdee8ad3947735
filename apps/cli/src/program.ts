import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '#platform/service/config';
import { calledAs } from './examples.ts';
import { exitCodes, UserError } from './exitCodes.ts';
import { packageRoot } from './packageRoot.ts';
import { say } from './terminal.ts';

const SETTINGS = `
Settings by environment:
  LADING_PORT       where "up" listens (7400)
  LADING_HOST       on which address (127.0.0.1)
  LADING_DATA       the data folder: embedded PostgreSQL, admin key (.lading)
  LADING_ADMIN_KEY  the admin key; made and kept in the data folder when unset
  DATABASE_URL      a PostgreSQL of your own instead of the embedded one
  KAFKA_BROKERS     host:port,host:port; unset, "up" needs no Kafka
  LADING_TOPIC      the topic of the events (lading.events)
  LADING_ORIGIN     names ledgers in checkpoints, like supplier.example/lading
  LADING_SIGNING_KEY  the file of the keys that sign them (in the data folder)
  LADING_CHECKPOINTS_TOPIC  the topic that they are in (lading.checkpoints)
  LADING_WITNESSES  who cosigns them: verifier key, blank, address, comma …
  LOG_LEVEL         fatal, error, warn, info, debug, trace or silent
  LADING_URL        where the other commands find Lading (http://127.0.0.1:7400)
  LADING_KEY        the API key they use (the admin key of the data folder)

Exit codes: 0 done · 1 a fault of Lading · 2 a command, setting or file is wrong
            3 the ledger refused events · 4 nothing answers
            5 the key may not · 6 events were tampered with, or are missing,
            or the read models say something else (verify --compare)
            7 cannot say: there is nothing to hold events against
`;

type Add = (program: Command) => void;

/** The files of the commands, in the order of the help. Most add the command that they are named after; the lists are many in one file. */
const files: Readonly<Record<string, () => Promise<Add>>> = {
  up: async () => (await import('./commands/up.ts')).addUp,
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  submit: async () => (await import('./commands/submit.ts')).addSubmit,
  void: async () => (await import('./commands/void.ts')).addVoid,
  lists: async () => (await import('./commands/lists.ts')).addLists,
  status: async () => (await import('./commands/status.ts')).addStatus,
  dashboard: async () => (await import('./commands/dashboard.ts')).addDashboard,
  replay: async () => (await import('./commands/replay.ts')).addReplay,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  export: async () => (await import('./commands/export.ts')).addExport,
  import: async () => (await import('./commands/import.ts')).addImport,
  evidence: async () => (await import('./commands/evidence.ts')).addEvidence,
  rebuild: async () => (await import('./commands/rebuild.ts')).addRebuild,
  witness: async () => (await import('./commands/witness.ts')).addWitness,
  'signing-keys': async () => (await import('./commands/signingKeys.ts')).addSigningKeys,
  'api-keys': async () => (await import('./commands/apiKeys.ts')).addApiKeys,
};

/**
 * The command line: all of it, or only the file with the command that is called. A command starts five times as fast when those files are
 * not loaded that have a database or a Kafka behind them.
 */
export async function buildProgram(called?: string): Promise<Command> {
  if (called === '--version' || called === '-V') return programOf([]);
  if (called !== undefined) {
    const only = await programOf([Object.hasOwn(files, called) ? called : 'lists']);
    if (only.commands.some((command) => command.name() === called)) return only;
  }
  return programOf(Object.keys(files));
}

async function programOf(names: readonly string[]): Promise<Command> {
  const program = new Command(calledAs())
    .description('Lading: who holds which hardware, who was promised it, and what is owed in return')
    .version(version())
    .showHelpAfterError('(--help shows all arguments and options)')
    .exitOverride()
    .addHelpText('after', SETTINGS);
  for (const name of names) (await files[name]?.())?.(program);
  // A subcommand copies these settings only from a parent that has them already, so they are set on each subcommand.
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError('(--help shows all arguments and options)');
  return program;
}

/** Runs one command line. @returns the exit code, when what went wrong has been said */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const program = await buildProgram(argv[2]);
    await program.parseAsync(argv);
    return exitCodes.ok;
  } catch (error) {
    return report(error);
  }
}

/** Reports the error, in one line if the user can correct it. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof UserError) {
    say(`lading: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) say(`lading: ${problem}`);
    return exitCodes.usage;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.failed;
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
