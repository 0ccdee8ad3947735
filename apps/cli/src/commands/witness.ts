import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  inventedName,
  type KeyFile,
  makeSigningKeys,
  readSigningKeys,
  type SigningKeys,
  verifierKeyOf,
} from '#checkpoints/signingKeys';
import { Witness } from '#checkpoints/witness/witness';
import { witnessServer } from '#checkpoints/witness/witnessServer';
import { readConfig } from '#platform/service/config';
import { onStopSignal } from '#platform/service/onStopSignal';
import { onNode } from '#proofs/onNode';
import { COSIGNATURE, ED25519, formatVerifierKey, parseVerifierKey, type VerifierKey } from '#proofs/signedNote';
import { holdFolder } from '#servers/holdFolder';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { print, say } from '../terminal.ts';

interface WitnessOptions {
  readonly log?: readonly string[];
  readonly logs?: string;
  readonly data?: string;
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  readonly printKey?: boolean;
}

const PORT = '7450';

export function addWitness(program: Command): void {
  const command = program
    .command('witness')
    .description('watch ledgers of others: cosigns their checkpoints, and never two that disagree (C2SP tlog-witness)')
    .option('--log <key...>', 'the verifier keys of the ledgers that it watches')
    .option('--logs <file>', 'the same from a file, a line each')
    .option('--data <folder>', 'its key, and the newest checkpoint of each ledger ("witness" in LADING_DATA)')
    .option('--name <name>', 'of its key when that is made: a URL without its scheme (an invented one)')
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .option('--port <port>', '0 takes any free one', readPort, Number(PORT))
    .option('--print-key', 'print its verifier key, and nothing else')
    .action(witness);
  withExamples(
    command,
    'lading witness --print-key --name witness.example/w1',
    'lading witness --logs nvidia.vkey --host 0.0.0.0',
  );
}

async function witness(options: WitnessOptions): Promise<void> {
  const folder = resolve(options.data ?? join(readConfig().dataDir, 'witness'));
  const release = await holdFolder(folder);
  try {
    const file: KeyFile = { path: join(folder, 'witness.key'), setting: '--data' };
    await makeSigningKeys(file, options.name ?? inventedName());
    await printKey(await keysOf(file), options.name);
    if (options.printKey !== true) await serve(folder, file, options);
  } finally {
    await release();
  }
}

async function keysOf(file: KeyFile): Promise<SigningKeys> {
  const keys = await readSigningKeys(file);
  if (keys === undefined) throw new UserError(`${file.path} was removed.`);
  return keys;
}

/** What its logs name it by. */
async function printKey({ name, keys }: SigningKeys, asked: string | undefined): Promise<void> {
  if (asked !== undefined && asked !== name)
    throw new UserError(
      `The key in this folder has the name ${name} already: leave --name out, or give another --data.`,
    );
  const [newest] = keys;
  if (newest !== undefined) print(formatVerifierKey(await verifierKeyOf(newest, name, COSIGNATURE)));
}

async function serve(folder: string, file: KeyFile, { host, port, ...options }: WitnessOptions): Promise<void> {
  const logs = await logsOf(options);
  const watching = new Witness({
    folder,
    logs,
    keys: () => keysOf(file),
    onFork: (origin, size, where) => {
      say(`lading: ${origin} has signed two trees of ${size} leaves: both checkpoints are in ${where}`);
    },
  });
  const server = witnessServer(watching, (error) => {
    say(`lading: ${error instanceof Error ? error.message : String(error)}`);
  });
  const failed = once(server, 'error').then(([error]: unknown[]) => {
    throw new UserError(`Cannot listen on ${host}:${port} (${(error as Error).message}).`, exitCodes.failed);
  });
  server.listen(port, host);
  await Promise.race([once(server, 'listening'), failed]);
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  say(
    `lading: the witness answers at http://${host.includes(':') ? `[${host}]` : host}:${at} · watches ${logs.length} key(s)`,
  );
  await Promise.race([stopped(), failed]);
  server.close();
  server.closeAllConnections();
}

const stopped = (): Promise<void> =>
  new Promise((end) => {
    onStopSignal(exitCodes.failed, () => {
      end();
    });
  });

async function logsOf({ log = [], logs }: Pick<WitnessOptions, 'log' | 'logs'>): Promise<VerifierKey[]> {
  const lines = logs === undefined ? [] : (await readText(logs)).split('\n');
  const texts = [...log, ...lines].map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (texts.length === 0)
    throw new UserError('No ledger to watch: give the verifier keys of their logs with --log or --logs.');
  return Promise.all(
    texts.map(async (text) => {
      const key = await parseVerifierKey(text, onNode).catch((error: unknown) => {
        throw new UserError(`${text.slice(0, 100)} is not a verifier key: ${(error as Error).message}.`);
      });
      if (key.kind !== ED25519) throw new UserError(`${key.name} is the key of a witness: give those of logs.`);
      return key;
    }),
  );
}

const readText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(`Cannot read ${file}: ${(error as Error).message}.`);
  });

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Give a port from 1 to 65535, or 0 for any free one.');
}
