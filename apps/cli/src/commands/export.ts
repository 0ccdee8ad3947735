import type { Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { compressed, wholeArchive } from '#audit/bundle';
import { fromJournal } from '#audit/from/journal';
import { verifierKeysOf } from '#checkpoints/checkpoints';
import { readHead } from '#journal/reader';
import { storedCheckpoints } from '../auditSource.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { reasonOf } from '../client.ts';
import { formatNumber } from '../table.ts';
import { say } from '../terminal.ts';
import { withPool } from '../withPool.ts';

interface ExportOptions {
  readonly ledger: string;
  readonly out: string;
}

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write a ledger, with its checkpoints, into one file that "lading verify" and "lading import" read')
    .requiredOption('-l, --ledger <ledger>', 'the ledger to export')
    .requiredOption('-o, --out <file>', 'the file to write; - for standard output')
    .action(exportLedger);
  withExamples(command, 'lading export --ledger nvidia --out nvidia.bundle');
}

async function exportLedger({ ledger, out }: ExportOptions): Promise<void> {
  await withPool(async (pool) => {
    const { archive, size, covered } = await wholeOf(pool, ledger);
    await written(archive, out);
    const where = out === '-' ? 'standard output' : out;
    say(`${formatNumber(size)} events of ${ledger} are in ${where}.`);
    if (!covered) say('No checkpoint is among them, because none was signed yet: nobody can verify them by this file.');
  });
}

/** The ledger up to its newest checkpoint; all of it while there is none. */
async function wholeOf(pool: pg.Pool, ledger: string) {
  const stored = storedCheckpoints(pool, ledger);
  const [head, newest] = [await readHead(pool, ledger), await stored.newest()];
  if (head === undefined) throw new UserError(`There is no ledger ${ledger} here.`);
  const size = newest === 0 ? head : Math.min(head, newest);
  const { log, witnesses } = await verifierKeysOf(pool, ledger);
  const header = { kind: 'whole' as const, ledger, size, keys: [...log, ...witnesses] };
  return { archive: wholeArchive(header, fromJournal(pool, ledger, stored)), size, covered: newest > 0 };
}

/** Writes the file beside its place first: what has the name is whole. */
async function written(archive: AsyncIterable<Buffer>, out: string): Promise<void> {
  if (out === '-') {
    await pipeline(compressed(archive), process.stdout, { end: false });
    return;
  }
  const beside = `${out}.${process.pid}.tmp`;
  try {
    await pipeline(compressed(archive), createWriteStream(beside, { flags: 'wx', mode: 0o600 }));
    await rename(beside, out);
  } catch (error) {
    await rm(beside, { force: true });
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`${out} cannot be written: ${reasonOf(error)}.`, exitCodes.usage);
  }
}
