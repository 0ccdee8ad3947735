import type { Command } from 'commander';
import { originOf, readSigningKeys, verifierKeyOf } from '#checkpoints/signingKeys';
import { readSigningSettings } from '#checkpoints/signingSettings';
import type { LedgerRow } from '#contracts/statusRows';
import { type Config, readConfig } from '#platform/service/config';
import { MARGIN_MS, onStopSignal, STOP_MS } from '#platform/service/onStopSignal';
import { formatVerifierKey } from '#proofs/signedNote';
import { Client } from '../client.ts';
import { MEMO_LEDGER, wasCutOff } from '../demo/playMemo.ts';
import { askReport, renderReport } from '../demo/report.ts';
import { calledAs, withExamples } from '../examples.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, say } from '../terminal.ts';
import type { Undo, Up } from '../up/startOn.ts';
import { narrateMemo } from './demo.ts';

interface UpOptions {
  readonly demo?: boolean;
  readonly exit?: boolean;
}

export function addUp(program: Command): void {
  const command = program
    .command('up')
    .description('all of Lading in one process, on an embedded PostgreSQL unless DATABASE_URL is set')
    .option('--demo', 'play the memo when there is no ledger yet, and print who holds which hardware')
    .option('--exit', 'stop after printing')
    .action(up);
  withExamples(command, 'LADING_PORT=7500 lading up --demo');
}

async function up({ demo = false, exit = false }: UpOptions): Promise<void> {
  const config = settings();
  const undo: Undo = [];
  const stopped = stopSignal();
  try {
    // Imported here, so that the other commands start without loading all services.
    const { startUp } = await import('../up/startUp.ts');
    const running = await Promise.race([startUp(config, progress, undo), stopped]);
    if (running !== undefined) {
      await Promise.race([show(running, demo, exit), stopped, running.lost]);
      if (!exit) await Promise.race([stopped, running.lost]);
    }
  } finally {
    await stopAll(undo);
    // A start that failed may still wait for its database. It ends here, after its error was printed.
    setTimeout(() => process.exit(), PRINTED_MS).unref();
  }
  // An error of a start or a request that the signal interrupted ends here.
  process.exit();
}

const PRINTED_MS = 500;

const progress = (message: string): void => {
  say(`lading: ${message}`);
};

/** The settings. This command runs on a terminal, so it logs only warnings unless LOG_LEVEL asks for more. */
function settings(): Config {
  const config = readConfig();
  const asked = process.env.LOG_LEVEL;
  return asked === undefined || asked === '' ? { ...config, logLevel: 'warn' } : config;
}

/** Prints the report of the memo's ledger. The memo is played first if there is no ledger yet, or if its playing was cut off. */
async function show(running: Up, demo: boolean, exit: boolean): Promise<void> {
  const client = new Client(running.url, running.adminKey);
  if (demo) {
    const ledgers = await client.list<LedgerRow>('/v1/ledgers');
    const memo = ledgers.find(({ ledger }) => ledger === MEMO_LEDGER);
    if (ledgers.length === 0 || (memo !== undefined && (await wasCutOff(client, memo)))) await narrateMemo(client);
    else if (memo !== undefined) print(`\n${renderReport(await askReport(client, MEMO_LEDGER, memo.sequence))}`);
  }
  // Where the database goes away at this moment, the keys are not worth ending for: "signing-keys list" prints them, too.
  const ledgers = await client.list<LedgerRow>('/v1/ledgers').catch(() => []);
  const verifierKeys = await verifierKeysOf(ledgers.map(({ ledger }) => ledger));
  print(
    exit
      ? `\nStopping. The data stays; "npm start" continues with it.`
      : `\n${nextSteps(running)}\n${verifierKeys}\nCtrl-C stops it.`,
  );
}

/** What a user needs to continue: the address, where the key is, and three commands to try. They find what runs on the data folder. */
function nextSteps({ url, dashboard, keyFile }: Up): string {
  const { LADING_DATA: dataDir } = process.env;
  const lading = `${dataDir ? `LADING_DATA=${dataDir} ` : ''}${calledAs()}`;
  return `Look at it (this link signs you in once, within 15 minutes):
  ${dashboard}

Lading answers at ${url} · the interface is described at ${url}/docs
The admin key is in ${keyFile ?? 'LADING_ADMIN_KEY'}.

Try next, in another terminal:
  ${lading} holdings --ledger nvidia --group-by owner,item,stage
  ${lading} replay --ledger nvidia --no-events
  curl -s -H "Authorization: Bearer ${keyFile === undefined ? '$LADING_ADMIN_KEY' : `$(cat ${keyFile})`}" ${url}/v1/ledgers/nvidia/swaps/SW-1`;
}

/** Ledgers whose keys are printed; of more, how to print them. */
const FEW = 3;

/** What auditors verify the ledgers with, for who starts Lading to hand on. */
async function verifierKeysOf(ledgers: readonly string[]): Promise<string> {
  const { keyFile, keySetting, origin } = readSigningSettings(readConfig().dataDir);
  const keys = await readSigningKeys({ path: keyFile, setting: keySetting });
  const [newest] = keys?.keys ?? [];
  if (keys === undefined || newest === undefined || ledgers.length === 0) return '';
  if (ledgers.length > FEW)
    return `\nAuditors verify the ledgers with the keys of "${calledAs()} signing-keys list".\n`;
  const lines = ledgers.map(async (ledger) =>
    formatVerifierKey(await verifierKeyOf(newest, originOf(origin ?? keys.name, ledger))),
  );
  return `\nCheckpoints are signed with the key in ${keyFile}. Auditors verify them with:\n  ${(await Promise.all(lines)).join('\n  ')}\n`;
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a later one ends the process at once. */
async function stopSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    onStopSignal(exitCodes.failed, () => {
      progress('stopping');
      resolve(undefined);
    });
  });
}

/**
 * Runs every step also when one fails, so that the error which ended the start is the one that is reported. All steps together end
 * within the time that a process has to stop.
 */
async function stopAll(undo: Undo): Promise<void> {
  const until = performance.now() + STOP_MS - MARGIN_MS;
  for (const step of undo.reverse()) {
    try {
      await step(until - performance.now());
    } catch (error) {
      progress(`did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
