import type { Command } from 'commander';
import type { Problem } from '../client.ts';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { readEvents } from '../readEvents.ts';
import { type SubmitResult, submitTogether } from '../submitEvents.ts';
import { print, printJson } from '../terminal.ts';

interface VoidOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly corrections?: string;
  readonly note?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addVoid(program: Command): void {
  const command = withConnectionOptions(program.command('void'))
    .description('take an event back, alone or with what corrects it: all of it is recorded, or nothing')
    .argument('<sequence>', 'the event; its submitter finds the sequence by sending the same event again')
    .requiredOption('-l, --ledger <ledger>', 'the ledger')
    .option('--corrections <file>', 'the events that are right, recorded with it (reason incorrect_data)')
    .option('--all', 'take back with it whatever stands on it, the last first')
    .option('--note <text>', 'why, for people')
    .option('--dry-run', 'try it only: the same answer, and nothing is kept')
    .option('--json', 'print one result a line')
    .action(takeBack);
  withExamples(
    command,
    'lading void 17 --ledger nvidia --note "entered twice"',
    'lading void 17 --ledger nvidia --corrections right.json --dry-run',
  );
}

/** An event of the ledger: what takes it back has its time, and is said by the source that said it. */
interface Kept {
  readonly id: string;
  readonly source: string;
  readonly time: string;
}

async function takeBack(argument: string, options: VoidOptions): Promise<void> {
  if (!/^[1-9]\d*$/.test(argument)) throw new UserError(`"${argument}" is no sequence: give the number of the event.`);
  const { ledger, note, dryRun } = options;
  const client = connect(options);
  const right = [];
  for await (const event of options.corrections === undefined ? [] : readEvents(options.corrections)) right.push(event);
  const corrections = right.map(({ text }) => {
    const { source, id } = JSON.parse(text) as Kept;
    return { source, id };
  });
  const voidOf = async (sequence: number) => {
    const { id, source, time } = await client.get<Kept>(`/v1/ledgers/${encodeURIComponent(ledger)}/events/${sequence}`);
    // Nobody submits as the ledger: it says itself why its own event stands.
    const as = source === 'urn:lading:ledger' ? 'urn:lading-cli' : source;
    const isWrong = corrections.length > 0 && sequence === Number(argument);
    const said = isWrong ? { reason: 'incorrect_data', corrections } : { reason: 'did_not_occur' };
    const data = { sequence, ...said, ...(note !== undefined && { note }) };
    const event = { specversion: '1.0', id: `void-${id}`, source: as, type: 'lading.event.voided.v1', time, data };
    return { text: JSON.stringify(event), where: `the void of event ${sequence}` };
  };
  const own = await voidOf(Number(argument));
  let answer = await submitTogether(client, ledger, [own, ...right], dryRun);
  if (!Array.isArray(answer) && options.all && answer.code === 'depends-on-it') {
    const { dependants } = answer as Problem & { readonly dependants: readonly { readonly sequence: number }[] };
    const before = [];
    for (const { sequence } of dependants) before.push(await voidOf(sequence));
    answer = await submitTogether(client, ledger, [...before, own, ...right], dryRun);
  }
  if (!Array.isArray(answer)) throw new UserError(refusalOf(answer), exitCodes.rejected);
  for (const result of answer) {
    if (options.json) printJson(result);
    else print(toldOf(result, dryRun));
  }
}

const toldOf = ({ where, sequence, status }: SubmitResult, dryRun = false): string => {
  const how = status === 200 ? 'is recorded already' : dryRun ? 'would be recorded' : 'is recorded';
  return `${where} ${how}, as event ${sequence ?? 0}`;
};

interface Dependant {
  readonly sequence: number;
  readonly type: string;
  readonly needs: string;
}

function refusalOf(problem: Problem): string {
  const { dependants = [], first = [] } = problem as Problem & {
    readonly dependants?: readonly Dependant[];
    readonly first?: readonly number[];
  };
  const lines = dependants.map(({ sequence, type, needs }) => `\n  ${sequence} ${type} (needs ${needs})`);
  const how =
    dependants.length > 0
      ? '\nWith --all they are taken back, too.'
      : first.length > 0
        ? `\nfirst: ${first.join(' ')}`
        : '';
  return `The ledger refused it (${problem.code ?? problem.title}): ${problem.detail ?? ''}${lines.join('')}${how}`;
}
