import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { checkEvidence, type Evidence, type EvidenceFile } from '#evidence/check';
import { evidencePage } from '#evidence/evidenceFile';
import { readEvidenceFile } from '#evidence/readEvidenceFile';
import { doesNotProve, proves, signedBy, VERDICTS } from '#evidence/words';
import { onNode } from '#proofs/onNode';
import { Malformed, textOf } from '#proofs/text';
import { reasonOf } from '../client.ts';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { setting } from '../running.ts';
import { print, say } from '../terminal.ts';

interface EvidenceOptions extends ConnectionOptions {
  readonly ledger?: string;
  readonly sequence?: number;
  readonly size?: number;
  readonly html?: boolean;
  readonly out?: string;
  readonly verifierKey?: readonly string[];
  readonly witness?: readonly string[];
  readonly quorum?: number;
}

export function addEvidence(program: Command): void {
  const command = withConnectionOptions(program.command('evidence'))
    .description('get the evidence of an event as one file, or check such a file, for which no service is needed')
    .argument('[file]', 'a page or a tlog-proof to check; - for standard input')
    .option('-l, --ledger <ledger>', 'the ledger of the event')
    .option('-s, --sequence <sequence>', 'the event to get the evidence of', (text) => numberOf('--sequence', text))
    .option('--size <size>', 'in a checkpoint of at least so many events', (text) => numberOf('--size', text))
    .option('--html', 'as one page that checks itself, not as a C2SP tlog-proof')
    .option('--out <file>', 'write it there, not to standard output')
    .option('--verifier-key <key...>', 'of the ledger, as its keeper gave it to you (LADING_VERIFIER_KEY)')
    .option('--witness <key...>', 'verifier keys of witnesses')
    .option('--quorum <number>', 'how many of these must have cosigned (default: all of them)', (text) =>
      numberOf('--quorum', text),
    )
    .action(evidence);
  withExamples(
    command,
    'lading evidence --ledger nvidia --sequence 17 --html --out event-17.html',
    'lading evidence event-17.html --verifier-key "$KEY"',
    'lading evidence --ledger nvidia --sequence 17 | lading evidence - --verifier-key "$KEY"',
  );
}

async function evidence(file: string | undefined, options: EvidenceOptions): Promise<void> {
  const { ledger, sequence } = options;
  if (file !== undefined) {
    if (ledger !== undefined || sequence !== undefined)
      throw new UserError('Either a file is checked, or --ledger and --sequence name the event to get evidence of.');
    return check(read(file), options);
  }
  if (ledger === undefined || sequence === undefined)
    throw new UserError('Name the event with --ledger and --sequence, or the file to check.');
  await get(ledger, sequence, options);
}

/** Nothing is written that its reader would find false. */
async function get(ledger: string, sequence: number, options: EvidenceOptions): Promise<void> {
  const { size, html, out } = options;
  const path = `/v1/ledgers/${encodeURIComponent(ledger)}/events/${sequence}/evidence`;
  const page = await connect(options).text(size === undefined ? path : `${path}?size=${size}`, 'text/html');
  const file = readEvidenceFile(Buffer.from(page));
  const { keys, atLeast } = trusted(options);
  const checked = await checkEvidence({ ...file, keys: keys.length > 0 ? keys : file.keys }, onNode, atLeast);
  if (checked.outcome !== 'held') {
    tellChecks(checked);
    throw new UserError('What the service answered is no evidence of that event.', codeOf(checked));
  }
  // Made here: the program in it is this one's, not what the service put into its own.
  const text = html === true ? evidencePage(`Evidence: event ${sequence} of ${ledger}`, file) : file.proof;
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
  say(`Event ${sequence} of ${ledger}, in a checkpoint of ${checked.checkpoint?.size ?? 0} events. Signed by`);
  for (const line of signedBy(checked)) say(`  ${line}`);
}

/** The keys that the reader trusts. Those in a file only say who should have signed. */
function trusted({ verifierKey, witness = [], quorum = witness.length }: EvidenceOptions) {
  const keys = verifierKey ?? setting('LADING_VERIFIER_KEY')?.trim().split(/\s+/) ?? [];
  if (quorum > witness.length)
    throw new UserError(`--quorum ${quorum} asks for more witnesses than the ${witness.length} that --witness names.`);
  return { keys: [...keys, ...witness], isGiven: keys.length > 0, atLeast: quorum };
}

async function check(file: EvidenceFile, options: EvidenceOptions): Promise<void> {
  const { keys, isGiven, atLeast } = trusted(options);
  const checked = await checkEvidence(isGiven ? { ...file, keys } : file, onNode, isGiven ? atLeast : 0);
  tellChecks(checked);
  const { event, outcome, sequence = 0 } = checked;
  if (event !== undefined) print(`\n${outcome === 'held' ? 'The event' : 'NOT proved'}: ${textOf(event.bytes)}`);
  if (outcome !== 'held') throw new UserError(`${VERDICTS[outcome].title}. ${VERDICTS[outcome].text}`, codeOf(checked));
  if (!isGiven)
    throw new UserError(
      `${VERDICTS.unknown.title}: the file holds together, and is signed with the key in it. If this is the ledger's key, name it with --verifier-key:\n  ${signedBy(checked).join('\n  ')}`,
      exitCodes.unknown,
    );
  tellList('What this proves', proves(checked));
  tellList('What this does not prove', doesNotProve(checked));
  print(`\n${VERDICTS.held.title}: event ${sequence}. Signed by`);
  for (const line of signedBy(checked)) print(`  ${line}`);
}

const MARKS = { held: 'held  ', broken: 'FAILED', unknown: 'open  ' } as const;

function tellChecks({ checks }: Evidence): void {
  for (const { outcome, found } of checks) print(`${MARKS[outcome]}  ${found}`);
}

function tellList(title: string, lines: readonly string[]): void {
  print(`\n${title}:`);
  for (const line of lines) print(`- ${line}`);
}

const codeOf = ({ outcome }: Evidence): number => (outcome === 'broken' ? exitCodes.broken : exitCodes.unknown);

function read(file: string): EvidenceFile {
  try {
    return readEvidenceFile(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    if (error instanceof Malformed) throw new UserError(`${file}: ${error.message}`, exitCodes.broken);
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

function numberOf(option: string, text: string): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new UserError(`${option} takes a whole number, not "${text}".`);
  return Number(text);
}
