import type { Command } from 'commander';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { compressed, selectionArchive, wholeArchive } from '#audit/bundle';
import { type Choice, chooses } from '#audit/chosen';
import { fromJournal } from '#audit/from/journal';
import { latestCheckpoint, verifierKeysOf } from '#checkpoints/checkpoints';
import { parseEvent } from '#contracts/cloudEvent';
import { Moment } from '#contracts/scalars';
import { readHead } from '#journal/reader';
import { PageReader } from '#journal/tail';
import { readNodes } from '#journal/tree';
import { parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { Malformed } from '#proofs/text';
import { formatTlogProof } from '#proofs/tlogProof';
import { inclusionProof } from '#proofs/treeProofs';
import { storedCheckpoints } from '../auditSource.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { reasonOf } from '../client.ts';
import { counted } from '../table.ts';
import { say } from '../terminal.ts';
import { withPool } from '../withPool.ts';

interface ExportOptions extends Omit<Choice, 'recordedFrom' | 'recordedTo'> {
  readonly ledger: string;
  readonly out: string;
  readonly recordedFrom?: string;
  readonly recordedTo?: string;
}

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write a ledger with its checkpoints, or some of its events with a proof each, into one file')
    .requiredOption('-l, --ledger <ledger>', 'the ledger to export')
    .requiredOption('-o, --out <file>', 'the file to write; - for standard output')
    .option('--first <sequence>', 'only from this event on', sequenceOf)
    .option('--last <sequence>', 'only up to this event', sequenceOf)
    .option('--recorded-from <moment>', 'only what was recorded from then on: a moment with its offset')
    .option('--recorded-to <moment>', 'only what was recorded by then')
    .option('--order <order>', 'only what is about this order')
    .option('--party <party>', 'only what names this party')
    .option('--shipment <shipment>', 'only what is about this shipment')
    .option('--swap <swap>', 'only what is about this swap')
    .option('--serial <serial>', 'only what moved the unit with this serial number (with --item)')
    .option('--item <item>', 'the item of --serial')
    .action(exportLedger);
  withExamples(
    command,
    'lading export --ledger nvidia --out nvidia.bundle',
    'lading export --ledger nvidia --swap SW-1 --out swap.bundle',
  );
}

async function exportLedger({ ledger, out, ...asked }: ExportOptions): Promise<void> {
  const choice = checkedChoice(asked);
  await withPool(async (pool) => {
    const where = out === '-' ? 'standard output' : out;
    if (Object.keys(choice).length > 0) {
      const { archive, count } = await selectionOf(pool, ledger, choice);
      await written(archive, out);
      const [are, each] = count() === 1 ? ['is', 'with its proof'] : ['are', 'each with its proof'];
      say(`${counted(count(), 'event')} of ${ledger} ${are} in ${where}, ${each}.`);
      return;
    }
    const { archive, size, covered } = await wholeOf(pool, ledger);
    await written(archive, out);
    say(`${counted(size, 'event')} of ${ledger} ${size === 1 ? 'is' : 'are'} in ${where}.`);
    if (!covered) say('No checkpoint is among them, because none was signed yet: nobody can verify them by this file.');
  });
}

function checkedChoice(asked: Choice): Choice {
  const { recordedFrom, recordedTo, serial, item } = asked;
  for (const moment of [recordedFrom, recordedTo])
    if (moment !== undefined && !Moment.safeParse(moment).success)
      throw new UserError(`"${moment}" is no moment: write one with its offset, 2023-12-31T10:00:00Z.`);
  if ((serial === undefined) !== (item === undefined)) throw new UserError('A unit is named by --item and --serial.');
  return asked;
}

function sequenceOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UserError(`A sequence is a number from 1 on, not "${text}".`);
  return Number(text);
}

/** Some events that the newest checkpoint covers, each with its proof. */
async function selectionOf(pool: pg.Pool, ledger: string, choice: Choice) {
  if ((await readHead(pool, ledger)) === undefined) throw new UserError(`There is no ledger ${ledger} here.`);
  const newest = await latestCheckpoint(pool, ledger);
  if (newest === undefined)
    throw new UserError(`No checkpoint of ${ledger} was signed yet, so nothing can be proved.`, exitCodes.unknown);
  const { size, note } = newest;
  const read = readNodes(pool, ledger, size);
  const checkpoint = parseCheckpoint(note);
  const isChosen = chooses(choice);
  let count = 0;
  async function* proofs() {
    for await (const { events } of new PageReader(pool).all(ledger, 0, { events: 2_000, bytes: 8_388_608 }))
      for (const { sequence, bytes } of events) {
        if (sequence > size) return;
        if (!isChosen(readable(sequence, bytes))) continue;
        const inclusion = await inclusionProof(sequence - 1, size, read, onNode);
        count += 1;
        yield { sequence, proof: formatTlogProof({ index: sequence - 1, inclusion, checkpoint, extra: bytes }) };
      }
  }
  const { log, witnesses } = await verifierKeysOf(pool, ledger);
  const selection = Object.fromEntries(Object.entries(choice).map(([name, value]) => [name, String(value)]));
  const header = { kind: 'selection' as const, ledger, size, selection, keys: [...log, ...witnesses] };
  return { archive: selectionArchive(header, note, proofs()), count: () => count };
}

/** @throws {Malformed} when it was changed, and is no event any more */
function readable(sequence: number, bytes: Buffer): ReturnType<typeof parseEvent> {
  try {
    return parseEvent(bytes);
  } catch (error) {
    throw new Malformed(`event ${sequence} cannot be read (${reasonOf(error)})`);
  }
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
    // What was damaged is not exported: whoever gets the file could not tell where that was done.
    if (error instanceof Malformed)
      throw new UserError(
        `Nothing was exported, because the journal is damaged: ${error.message}. Run "lading verify".`,
        exitCodes.broken,
      );
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`${out} cannot be written: ${reasonOf(error)}.`, exitCodes.usage);
  }
}
