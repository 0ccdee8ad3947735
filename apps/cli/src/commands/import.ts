import type { Command } from 'commander';
import { leafDigest } from '#proofs/compactRange';
import { type FileHandle, open } from 'node:fs/promises';
import type pg from 'pg';
import { openBundle } from '#audit/bundle';
import type { Item } from '#audit/items';
import { EndsEarly } from '#proofs/tarMembers';
import { GrowingTree } from '#audit/tree';
import { CannotSay, Tampered } from '#audit/verdict';
import { type Verified, Verifier } from '#audit/verifier';
import { importEvents, NotTheEnd } from '#journal/importing';
import { readHead } from '#journal/reader';
import { readNodes } from '#journal/tree';
import { onNode } from '#proofs/onNode';
import { sameBytes } from '#proofs/primitives';
import { ED25519 } from '#proofs/signedNote';
import { Malformed } from '#proofs/text';
import { rootHash } from '#proofs/treeProofs';
import { reasonOf } from '../client.ts';
import { withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { counted, formatNumber } from '../table.ts';
import { say } from '../terminal.ts';
import { keysGiven, parseKeys } from '../verifierKeys.ts';
import { withPool } from '../withPool.ts';

interface ImportOptions {
  readonly verifierKey?: readonly string[];
}

/** Events, and bytes of them, that one transaction takes. */
const BATCH = 500;
const BATCH_BYTES = 4_194_304;

export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('take in a bundle, byte for byte: into a ledger that is not there yet, or as the continuation of one')
    .argument('<bundle>', 'a whole ledger as "lading export" wrote it')
    .option('--verifier-key <key...>', 'of the ledger (LADING_VERIFIER_KEY; default: those that the bundle names)')
    .action(importBundle);
  withExamples(command, 'lading import nvidia.bundle --verifier-key "$KEY"');
}

async function importBundle(path: string, options: ImportOptions): Promise<void> {
  const file = await open(path).catch((error: unknown) => {
    throw new UserError(`${path} cannot be read: ${reasonOf(error)}`);
  });
  try {
    const { ledger, verified } = await checked(file, path, options);
    await withPool((pool) => taken(pool, ledger, file, verified));
  } catch (error) {
    throw asOutcome(error, path);
  } finally {
    await file.close();
  }
}

const fromStart = (file: FileHandle) =>
  openBundle(file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1_048_576 }));

/** All of it is verified before the first event is taken in. */
async function checked(file: FileHandle, path: string, options: ImportOptions) {
  const { header, keys: named, items } = await fromStart(file);
  const { ledger, kind } = header;
  if (kind !== 'whole')
    throw new UserError(`${path} has only some events of ${ledger}, and none can be taken in without those before.`);
  const given = keysGiven(options);
  if (given.length === 0) say('No verifier key was given: the bundle is held against the keys that it names itself.');
  const keys = (await parseKeys(given.length > 0 ? given : named)).filter((key) => key.kind === ED25519);
  const verifier = new Verifier({ ledger, trust: { keys, witnesses: [], quorum: 0 }, fold: true });
  return { ledger, verified: await verifier.verify(items as AsyncGenerator<Item>) };
}

async function taken(pool: pg.Pool, ledger: string, file: FileHandle, { checkpoint }: Verified): Promise<void> {
  const { size } = checkpoint;
  const head = (await readHead(pool, ledger)) ?? 0;
  // Of both there are so many events: they must be the same.
  const common = Math.min(head, size);
  const own = common === 0 ? undefined : await rootHash(common, readNodes(pool, ledger, common), onNode);
  const client = await pool.connect();
  try {
    const { items } = await fromStart(file);
    const tree = new GrowingTree();
    for await (const batch of batchesOf(items as AsyncGenerator<Item>, size, common)) {
      const first = tree.size + 1;
      for (const bytes of batch) tree.append(leafDigest(bytes));
      if (tree.size === common && own !== undefined && !sameBytes(tree.root(), own))
        throw new OtherEvents(ledger, head);
      if (tree.size <= common) continue;
      const root = await importEvents(client, ledger, first, batch);
      if (!sameBytes(root, tree.root()))
        throw new Error(`the tree of ${ledger} is not that of the bundle after event ${tree.size}`);
    }
    if (!sameBytes(tree.root(), checkpoint.root)) throw new Error('the file was changed while it was read');
    if (head >= size) say(`${ledger} has the ${counted(size, 'event')} of the bundle already: nothing was imported.`);
    else
      say(
        `${counted(size - head, 'event')} of ${ledger} ${size - head === 1 ? 'was' : 'were'} imported: it has ${formatNumber(size)}, with the root that ${checkpoint.signedBy[0]?.name ?? ''} signed.`,
      );
  } finally {
    client.release();
  }
}

/** The first `size` events, some at a time; a batch ends where what is there already does. */
async function* batchesOf(items: AsyncIterable<Item>, size: number, common: number): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = [];
  let [read, bytes] = [0, 0];
  for await (const item of items) {
    if (item.kind !== 'entries') continue;
    for (const entry of item.entries) {
      if (read === size) break;
      batch.push(Buffer.from(entry.buffer, entry.byteOffset, entry.length));
      read += 1;
      bytes += entry.length;
      if (batch.length < BATCH && bytes < BATCH_BYTES && read !== common) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

class OtherEvents extends Error {
  constructor(ledger: string, head: number) {
    super(`${ledger} is there with ${counted(head, 'event')}, not the first ones of the bundle`);
  }
}

function asOutcome(error: unknown, path: string): unknown {
  const nothing = 'Nothing was imported';
  if (error instanceof Tampered)
    return new UserError(`${nothing}: event ${error.first} of ${path} is wrong: ${error.what}.`, exitCodes.broken);
  if (error instanceof CannotSay || error instanceof EndsEarly)
    return new UserError(
      `${nothing}: whether ${path} is as it was signed cannot be said: ${error.message}.`,
      exitCodes.unknown,
    );
  if (error instanceof OtherEvents) return new UserError(`${nothing}: ${error.message}.`, exitCodes.broken);
  if (error instanceof NotTheEnd)
    return new UserError(`Stopped: ${error.message}. Somebody else writes to it.`, exitCodes.rejected);
  if (error instanceof Malformed) return new UserError(`${nothing}: ${path} is no bundle: ${error.message}.`);
  return error;
}
