import { type Command, Option } from 'commander';
import {
  inventedName,
  type KeyFile,
  makeSigningKeys,
  originOf,
  readSigningKeys,
  rotateSigningKeys,
  verifierKeyOf,
} from '#checkpoints/signingKeys';
import { readSigningSettings, type SigningSettings } from '#checkpoints/signingSettings';
import { readHeads } from '#journal/reader';
import { readConfig } from '#platform/service/config';
import { makeDataFolder } from '#platform/service/dataFolder';
import { formatVerifierKey } from '#proofs/signedNote';
import { calledAs, withExamples } from '../examples.ts';
import { UserError } from '../exitCodes.ts';
import { readDuration } from '../readDuration.ts';
import { print, printJson, say } from '../terminal.ts';
import { withPool } from '../withPool.ts';

interface ListOptions {
  readonly ledger?: readonly string[];
  readonly json?: boolean;
}

const GRACE = '30d';

export function addSigningKeys(program: Command): void {
  const keys = program
    .command('signing-keys')
    .description(
      'make, list and rotate the keys that checkpoints are signed with (works on a file: LADING_SIGNING_KEY)',
    );
  withExamples(keys, 'lading signing-keys list --ledger nvidia');

  const makes = keys
    .command('make')
    .description('make a key, unless there is one; its private half is in the file and nowhere else')
    .action(make);
  withExamples(makes, 'LADING_ORIGIN=supplier.example/lading lading signing-keys make');
  const lists = keys
    .command('list')
    .description('the verifier key of each ledger, a line each: what an auditor needs, and may have from you only')
    .option('--ledger <ledger...>', 'of which ledgers (all that the database has)')
    .option('--json', 'print them as JSON, with when each was made and until when it signs')
    .action(list);
  withExamples(lists, 'lading signing-keys list --ledger nvidia > nvidia.vkey');
  const rotates = keys
    .command('rotate')
    .description('make another key, which signs from now on; the one before it signs beside it for a grace time')
    .addOption(
      new Option('--grace <time>', 'how long: 24h, 30d; 0s when it may be known to others')
        .argParser(readDuration)
        .default(readDuration(GRACE), GRACE),
    )
    .action(rotate);
  withExamples(rotates, 'lading signing-keys rotate --grace 90d');
}

async function make(): Promise<void> {
  const { dataDir } = readConfig();
  const settings = readSigningSettings(dataDir);
  if (settings.keySetting === 'LADING_DATA') await makeDataFolder(dataDir);
  const made = await makeSigningKeys(fileOf(settings), settings.origin ?? inventedName());
  say(
    `${made ? 'Made' : 'There is'} a signing key in ${settings.keyFile}. Keep a copy of the file where you keep secrets.`,
  );
  say(`Auditors need the verifier key of their ledger: ${calledAs()} signing-keys list --ledger LEDGER`);
}

async function rotate({ grace }: { grace: number }): Promise<void> {
  const settings = readSigningSettings(readConfig().dataDir);
  await rotateSigningKeys(fileOf(settings), grace);
  say(`A new key signs from now on, in ${settings.keyFile}. Tell auditors: ${calledAs()} signing-keys list`);
  say(
    grace === 0
      ? 'The key before it signs no more. What it signed stays verifiable with its verifier key.'
      : `The key before it signs beside it until ${new Date(Date.now() + grace).toISOString()}.`,
  );
}

async function list({ ledger, json }: ListOptions): Promise<void> {
  const settings = readSigningSettings(readConfig().dataDir);
  const keys = await readSigningKeys(fileOf(settings));
  if (keys === undefined)
    throw new UserError(`There is no signing key in ${settings.keyFile}: ${calledAs()} signing-keys make`);
  const ledgers = ledger ?? (await allLedgers());
  const rows = ledgers.flatMap((one) => keys.keys.map((key) => ({ ledger: one, key })));
  const lines = await Promise.all(
    rows.map(async ({ ledger: one, key }) => ({
      ledger: one,
      verifierKey: formatVerifierKey(await verifierKeyOf(key, originOf(settings.origin ?? keys.name, one))),
      made: key.made.toISOString(),
      ...(key.until !== undefined && { until: key.until.toISOString() }),
    })),
  );
  if (json) printJson(lines, 2);
  else if (lines.length === 0) say('No ledger is open yet. Name one with --ledger.');
  else lines.forEach(printLine);
}

function printLine({ verifierKey, until }: { readonly verifierKey: string; readonly until?: string }): void {
  print(verifierKey);
  if (until !== undefined) say(`(the key above was rotated; it signs until ${until})`);
}

const allLedgers = (): Promise<readonly string[]> => withPool(async (pool) => [...(await readHeads(pool)).keys()]);

const fileOf = ({ keyFile, keySetting }: SigningSettings): KeyFile => ({ path: keyFile, setting: keySetting });
