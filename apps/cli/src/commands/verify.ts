import { type Command, Option } from 'commander';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trust } from '#audit/checkpoints';
import { EarlierFile } from '#audit/earlierFile';
import { verifySelection } from '#audit/selection';
import { CannotSay, Tampered } from '#audit/verdict';
import { Verifier } from '#audit/verifier';
import { formatVerifierKey } from '#proofs/signedNote';
import { Malformed } from '#proofs/text';
import { SOURCES, type SourceOptions, withSource } from '../auditSource.ts';
import { clientOf } from '../compareHoldings.ts';
import { withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { dataFolders, setting } from '../running.ts';
import { counted, formatNumber } from '../table.ts';
import { printJson } from '../terminal.ts';
import { tellSelected, tellVerified } from '../tellVerified.ts';
import { keysGiven, parseKeys } from '../verifierKeys.ts';
import { withPool } from '../withPool.ts';

interface VerifyOptions extends SourceOptions {
  readonly verifierKey?: readonly string[];
  readonly witness?: readonly string[];
  readonly quorum?: number;
  readonly state?: string | false;
  readonly resume?: boolean;
  readonly checkpoint?: readonly string[];
  readonly fold: boolean;
  readonly compare?: string;
  readonly json?: boolean;
}

export function addVerify(program: Command): void {
  const command = withConnectionOptions(program.command('verify'))
    .description('prove that no event of a ledger was added, removed, changed or reordered since it was signed')
    .requiredOption('-l, --ledger <ledger>', 'the ledger to verify')
    .addOption(
      new Option('--from <source>', 'the only source that is read (default: the journal of the settings)').choices(
        SOURCES,
      ),
    )
    .option('--file <file>', 'a bundle, or events one a line; - for standard input (means --from file)')
    .option('--mirror <url>', 'where the files of the log are, as C2SP lays them out (means --from http)')
    .option('--verifier-key <key...>', 'of the ledger, as its keeper gave it to you (LADING_VERIFIER_KEY)')
    .option('--witness <key...>', 'verifier keys of witnesses')
    .option('--quorum <number>', 'how many of the witnesses must have signed (default: all of them)', numberOf)
    .option(
      '--checkpoint <file...>',
      'checkpoints that you, a partner or a witness kept, to hold the events against as well',
    )
    .option(
      '--state <file>',
      'what is kept from one run to the next (default: in the data folder, by ledger and origin)',
    )
    .option('--no-state', 'keep nothing, and look at nothing that was kept')
    .option('--resume', 'go on where the last run stood, without reading again what it read')
    .option('--no-fold', 'do not add up the moves')
    .option(
      '--compare <where>',
      'compare the balances with the read models: of the service at an address, "http" for the one here, or "database"',
    )
    .addOption(
      new Option('--checkpoint-topic <topic>', 'where checkpoints are in Kafka').default(
        setting('LADING_CHECKPOINTS_TOPIC') ?? 'lading.checkpoints',
      ),
    )
    .option('--json', 'print the outcome as JSON')
    .action(verify);
  withExamples(
    command,
    'lading verify --ledger nvidia --verifier-key "$KEY"',
    'lading verify --ledger nvidia --from http --verifier-key "$KEY" --witness "$W1" "$W2" --quorum 1',
    'lading verify --ledger nvidia --file nvidia.bundle --checkpoint last-month.txt',
    'lading verify --ledger nvidia --from kafka --compare http://127.0.0.1:7400',
  );
}

async function verify(options: VerifyOptions): Promise<void> {
  if (options.compare !== undefined && !options.fold)
    throw new UserError('--compare needs the balances, which --no-fold leaves out: give one of the two.');
  // Said now, and not when a million events have been read.
  if (options.compare !== undefined && options.compare !== 'database') clientOf(options.compare, { key: options.key });
  const earlier = earlierOf(options);
  try {
    const trust = await trustOf(options, earlier);
    const given = (options.checkpoint ?? []).map(readGiven);
    const { ledger, fold, resume = false } = options;
    const verifier = new Verifier({ ledger, trust, fold, earlier, resume, given });
    const keep = () => {
      earlier?.save({
        ...{ ledger, keys: trust.keys.map(formatVerifierKey) },
        witnesses: trust.witnesses.map(formatVerifierKey),
        checkpoint: verifier.covering?.bytes,
        ...{ size: verifier.size, roots: verifier.roots },
        balances: options.fold ? verifier.balances.entries() : undefined,
      });
    };
    const progress = new Progress(() => verifier.size);
    const stop = new Stop();
    try {
      await withSource(
        options,
        { after: verifier.size, origin: trust.keys[0]?.name },
        withPool,
        async (items) => {
          const verified = await verifier.verify(items, () => {
            progress.show();
            stop.check();
          });
          progress.end();
          keep();
          await tellVerified(options, verified, verifier);
        },
        async (items) => {
          if (options.compare !== undefined)
            throw new UserError('--compare needs all events, and this bundle has some of them.');
          const kept = { earlier: earlier?.checkpoint, given };
          tellSelected(options, await verifySelection(items, { ledger, trust, ...kept }));
        },
      );
    } catch (error) {
      progress.end();
      if (error instanceof Stopped) keep();
      throw asOutcome(error, options, verifier);
    } finally {
      stop.end();
    }
  } finally {
    earlier?.close();
  }
}

/** What an earlier run kept, in the file that was named, or else in the one of the ledger's origin. */
function earlierOf(options: VerifyOptions): EarlierFile | undefined {
  if (options.state === false) return undefined;
  const origin = keysGiven(options)[0]?.split('+')[0];
  const path =
    options.state ??
    (origin === undefined ? undefined : join(dataFolders()[0], 'audit', `${encodeURIComponent(origin)}.json`));
  if (path === undefined) return undefined;
  const earlier = usable(() => new EarlierFile(path));
  if (earlier.ledger === undefined || earlier.ledger === options.ledger) return earlier;
  earlier.close();
  throw new UserError(`${path} was kept of ledger ${earlier.ledger}: name another file with --state.`);
}

async function trustOf(options: VerifyOptions, earlier: EarlierFile | undefined): Promise<Trust> {
  const given = keysGiven(options);
  const keys = await parseKeys(given.length > 0 ? given : (earlier?.keys ?? []));
  const witnesses = await parseKeys(options.witness ?? earlier?.witnesses ?? []);
  const quorum = options.quorum ?? witnesses.length;
  if (quorum > witnesses.length)
    throw new UserError(
      `--quorum ${quorum} asks for more witnesses than the ${witnesses.length} that --witness names.`,
    );
  const [first] = keys;
  const other = keys.find(({ name }) => name !== first?.name);
  if (other !== undefined)
    throw new UserError(`The verifier keys are of two logs, ${first?.name} and ${other.name}: give those of one.`);
  return { keys, witnesses, quorum };
}

const readGiven = (file: string): Buffer => usable(() => readFileSync(file));

/** What a file gives, or in one line why it does not. */
function usable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed || (error as NodeJS.ErrnoException).syscall !== undefined)
      throw new UserError((error as Error).message);
    throw error;
  }
}

function numberOf(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new UserError(`--quorum takes a number, not "${text}".`);
  return Number(text);
}

/** What is printed of what went wrong, and the exit code. */
function asOutcome(error: unknown, { ledger, json }: VerifyOptions, verifier: Verifier): unknown {
  if (error instanceof Tampered) {
    const { first, last, lastGood, what, fork } = error;
    const evidence = fork.length === 0 ? undefined : keepFork(ledger, first, fork);
    if (json === true)
      printJson({ ledger, outcome: 'tampered', first, last, lastGood, what, ...(evidence && { evidence }) });
    const which =
      first === last ? `Event ${first}` : `Of the events ${first} to ${last}, the first that is wrong cannot be told`;
    const good = lastGood === 0 ? 'No event before it is known to be good' : `The last good one is event ${lastGood}`;
    const kept = evidence === undefined ? '' : ` The checkpoints that prove it are in ${evidence}.`;
    return new UserError(`${ledger} is not as it was signed. ${which}: ${what}. ${good}.${kept}`, exitCodes.broken);
  }
  if (error instanceof CannotSay || error instanceof Stopped) {
    const why = error.message;
    if (json === true) printJson({ ledger, outcome: 'unknown', read: verifier.size, why });
    return new UserError(`Whether ${ledger} is as it was signed cannot be said: ${why}.`, exitCodes.unknown);
  }
  return error;
}

/** Keeps the checkpoints of a fork, each as it was signed, for whoever has to be shown them: beside what runs keep. */
function keepFork(ledger: string, sequence: number, notes: readonly Uint8Array[]): string {
  const folder = join(dataFolders()[0], 'audit');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `fork-${encodeURIComponent(ledger)}-${sequence}.txt`);
  writeFileSync(file, Buffer.concat(notes.flatMap((note) => [note, Buffer.from('\n')])));
  return file;
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Ctrl-C stops at the next part, with what was read so far kept. */
class Stop {
  readonly #abort = new AbortController();
  readonly #onSignal = () => {
    this.#abort.abort();
  };

  constructor() {
    process.once('SIGINT', this.#onSignal);
  }

  check(): void {
    if (this.#abort.signal.aborted) throw new Stopped('it was stopped; go on with --resume');
  }

  end(): void {
    process.off('SIGINT', this.#onSignal);
  }
}

/** How many events were read, and how quickly: on a terminal only. */
class Progress {
  readonly #read: () => number;
  readonly #begin = performance.now();
  #shown = 0;

  constructor(read: () => number) {
    this.#read = read;
  }

  show(): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#shown < 200) return;
    this.#shown = now;
    const rate = Math.round(this.#read() / ((now - this.#begin) / 1000));
    process.stderr.write(`\r\u001b[Kverifying: ${counted(this.#read(), 'event')}, ${formatNumber(rate)} a second`);
  }

  end(): void {
    if (this.#shown > 0) process.stderr.write('\r\u001b[K');
    this.#shown = 0;
  }
}
