import type { Command } from 'commander';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { UserError } from '../exitCodes.ts';
import { print, printCsv, printJson, say } from '../terminal.ts';

interface ListOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly limit?: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** A command that asks for a list of a ledger and prints it. */
export interface ListCommand {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  /** Named in the path as `:item`. */
  readonly argument?: readonly [name: string, description: string];
  /** After it, named in the path as `:serial`. */
  readonly second?: readonly [name: string, description: string];
  /** Options, which are the parameters of the route: `group-by` is `groupBy`. */
  readonly filters: Readonly<Record<string, string>>;
  /** An option with which something else is asked for: of what it names, which is `:item` in that path. */
  readonly instead?: {
    readonly option: string;
    readonly description: string;
    readonly path: string;
    readonly table: ListCommand['table'];
  };
  readonly example: string | readonly string[];
  readonly limit?: number;
  readonly table: (rows: readonly never[]) => string;
}

/** Which moment is asked about, as every list takes it. */
const MOMENT = {
  at: 'as of then: a moment with its offset, or a day, which is its end in UTC',
  known: 'by what was known then: a sequence, or when it was recorded',
};

/** Adds a command that asks for a list. */
export function addList(program: Command, list: ListCommand): void {
  const command = withConnectionOptions(program.command(list.name))
    .description(list.description)
    .requiredOption('-l, --ledger <ledger>', 'the ledger to ask');
  const named = [list.argument, list.second].filter((one) => one !== undefined);
  for (const [name, description] of named) command.argument(`<${name}>`, description);
  for (const [name, description] of Object.entries(list.filters)) command.option(`--${name} <text>`, description);
  if (list.instead) command.option(`--${list.instead.option} <id>`, list.instead.description);
  for (const [name, description] of Object.entries(MOMENT)) command.option(`--${name} <moment>`, description);
  command
    .option('--limit <rows>', 'print no more rows than this', wholeNumber, list.limit)
    .option('--json', 'print the rows as JSON')
    .option('--csv', 'print the rows as CSV')
    .action(async (...given: unknown[]) => {
      const options = given[named.length];
      await ask(
        list,
        given.slice(0, named.length).map(String),
        options as ListOptions & Readonly<Record<string, string | undefined>>,
      );
    });
  withExamples(command, ...[list.example].flat().map((example) => `lading ${example}`));
}

async function ask(
  list: ListCommand,
  [first = '', second = '']: readonly string[],
  options: ListOptions & Readonly<Record<string, string | undefined>>,
): Promise<void> {
  if (options.json && options.csv) throw new UserError('The rows are printed once: choose --json or --csv.');
  const query = new URLSearchParams();
  for (const name of Object.keys({ ...list.filters, ...MOMENT })) {
    const parameter = name.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase());
    const value = options[parameter];
    if (value !== undefined) query.set(name.startsWith('from-') ? name : parameter, value);
  }
  const other = list.instead && options[list.instead.option];
  const of = list.instead === undefined || other === undefined ? list : list.instead;
  const path = of.path
    .replace(':serial', () => encodeURIComponent(second))
    .replace(':item', () => encodeURIComponent(other ?? first));
  const address = `/v1/ledgers/${encodeURIComponent(options.ledger)}/${path}?${query.toString()}`;
  const client = connect(options);
  const { limit = Infinity } = options;
  let more;
  let partial = 0;
  if (options.csv) {
    const csv = await client.firstAsCsv(address, limit);
    printCsv(csv.text);
    more = csv.more;
  } else {
    const page = await client.first(address, limit);
    if (options.json) printJson(page.rows, 2);
    else print(of.table(page.rows as never[]));
    partial = page.rows.filter((row) => (row as { partial?: true }).partial).length;
    more = page.more;
  }
  if (partial > 0)
    say(
      `${partial} of the rows ${partial === 1 ? 'is' : 'are'} partial: there is more to each than an answer has. --json marks which.`,
    );
  if (more) say(`There are more rows than ${limit}: --limit prints more of them.`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UserError(`--limit takes a number of rows, not "${text}".`);
  return Number(text);
}
