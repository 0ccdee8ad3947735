import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openBundle } from '#audit/bundle';
import { evidenceIn } from '#audit/evidenceIn';
import { EndsEarly } from '#proofs/tarMembers';
import { CannotSay, Tampered } from '#audit/verdict';
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
import { counted } from '../table.ts';
import { print, say } from '../terminal.ts';
import { keysGiven, parseKeys } from '../verifierKeys.ts';

interface EvidenceOptions extends ConnectionOptions {
  readonly ledger?: string;
  readonly sequence?: number;
  readonly bundle?: string;
  readonly size?: number;
  readonly html?: boolean;
  readonly out?: string;
  readonly verifierKey?: readonly string[];
  readonly witness?: readonly string[];
  readonly quorum?: number;
}

export function addEvidence(program: Command): void {
  const command = withConnectionOptions(program.command('evidence'))
    .description(
      'get the evidence of an event as one file, or check such a file, for which no service is needed; without the verifier key of the ledger it exits with 7, since nobody vouches for the key in a file',
    )
    .argument('[file]', 'a page or a tlog-proof to check; - for standard input')
    .option('-l, --ledger <ledger>', 'the ledger of the event')
    .option('-s, --sequence <sequence>', 'the event to get the evidence of', sequenceOf)
    .option('--bundle <file>', 'get it out of what "lading export" wrote, without a service')
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
    'lading evidence --ledger nvidia --sequence 17 --html --out event-17.html --verifier-key "$KEY"',
    'lading evidence --bundle nvidia.bundle --sequence 17 --html --out event-17.html --verifier-key "$KEY"',
    'lading evidence event-17.html --verifier-key "$KEY"',
    'lading evidence --ledger nvidia --sequence 17 | lading evidence - --verifier-key "$KEY"',
  );
}

interface Found extends EvidenceFile {
  readonly ledger: string;
}

async function evidence(file: string | undefined, options: EvidenceOptions): Promise<void> {
  const { ledger, sequence, bundle } = options;
  if (file !== undefined) {
    if (ledger !== undefined || sequence !== undefined || bundle !== undefined)
      throw new UserError('Either a file is checked, or --ledger and --sequence name the event to get evidence of.');
    return check(read(file), options);
  }
  if (bundle !== undefined) {
    if (sequence === undefined) throw new UserError('Name the event of the bundle with --sequence.');
    return handOut(sequence, await inBundle(bundle, sequence, options), options);
  }
  if (ledger === undefined || sequence === undefined)
    throw new UserError('Name the event with --ledger and --sequence, or the file to check.');
  await handOut(sequence, await fromService(ledger, sequence, options), options);
}

async function fromService(ledger: string, sequence: number, options: EvidenceOptions): Promise<Found> {
  const { size } = options;
  const path = `/v1/ledgers/${encodeURIComponent(ledger)}/events/${sequence}/evidence`;
  const page = await connect(options).text(size === undefined ? path : `${path}?size=${size}`, 'text/html');
  return { ledger, ...readEvidenceFile(Buffer.from(page)) };
}

async function inBundle(path: string, sequence: number, options: EvidenceOptions): Promise<Found> {
  const { ledger, size: least } = options;
  const keys = await parseKeys(trusted(options).keys);
  const open = () => openBundle(createReadStream(path, { highWaterMark: 1_048_576 }));
  try {
    const found = await evidenceIn(open, { sequence, least, trusted: keys });
    if (ledger !== undefined && ledger !== found.ledger)
      throw new UserError(`${path} is a bundle of ledger ${found.ledger}, not of ${ledger}.`);
    return { ...found, proof: textOf(found.proof) };
  } catch (error) {
    if (error instanceof Tampered || error instanceof Malformed)
      throw new UserError(`${path}: ${error.message}.`, exitCodes.broken);
    if (error instanceof CannotSay || error instanceof EndsEarly)
      throw new UserError(`${path}: ${error.message}.`, exitCodes.unknown);
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

/** Nothing is written that its reader would find false. */
async function handOut(sequence: number, { ledger, ...file }: Found, options: EvidenceOptions): Promise<void> {
  const { html, out, bundle } = options;
  const { keys, isGiven, atLeast } = trusted(options);
  const checked = await checkEvidence({ ...file, keys: keys.length > 0 ? keys : file.keys }, onNode, atLeast);
  const where = bundle === undefined ? 'What the service answered' : `What ${bundle} has`;
  if (checked.outcome !== 'held') {
    tellChecks(checked);
    throw new UserError(`${where} is no evidence of that event.`, codeOf(checked));
  }
  const own = checked.event?.attributes.ledger;
  if (checked.sequence !== sequence || own !== ledger)
    throw new UserError(
      `${where} is evidence of event ${checked.sequence ?? 0} of ${String(own)}, not of event ${sequence} of ${ledger}.`,
      exitCodes.broken,
    );
  // Made here: the program in it is this one's, not what the service put into its own.
  const text = html === true ? evidencePage(`Evidence: event ${sequence} of ${ledger}`, file) : file.proof;
  if (out === undefined) process.stdout.write(text);
  else write(out, text);
  say(
    `Event ${sequence} of ${ledger}, in a checkpoint of ${counted(checked.checkpoint?.size ?? 0, 'event')}. Signed by`,
  );
  for (const line of signedBy(checked)) say(`  ${line}`);
  if (!isGiven)
    throw new UserError(
      `${VERDICTS.unknown.title}: it holds together, and was held against nothing but the key that came with it. If this is the ledger's key, name it with --verifier-key.`,
      exitCodes.unknown,
    );
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(`${file} cannot be written: ${reasonOf(error)}.`);
  }
}

/** The keys that the reader trusts. Those in a file only say who should have signed. */
function trusted({ witness = [], quorum = witness.length, ...given }: EvidenceOptions) {
  const keys = keysGiven(given);
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

function sequenceOf(text: string): number {
  const sequence = numberOf('--sequence', text);
  if (sequence === 0) throw new UserError('--sequence counts from 1: the first event of a ledger has the sequence 1.');
  return sequence;
}

function numberOf(option: string, text: string): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new UserError(`${option} takes a whole number, not "${text}".`);
  return Number(text);
}
