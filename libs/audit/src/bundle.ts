import { leafDigest } from '#proofs/compactRange';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { sameBytes } from '#proofs/primitives';
import { EndsEarly, type Member, tarMembers } from '#proofs/tarMembers';
import { counted, Malformed, textOf } from '#proofs/text';
import { entriesIn, entryBundle, hashesIn, parseTilePath, tilePath } from '#proofs/tiles';
import { sizeIn } from './checkpoints.ts';
import type { Entries, Item } from './items.ts';
import { TAR_END, tarMember } from './tar.ts';
import { GrowingTree } from './tree.ts';

// A bundle is a ledger, or some events of it, as one file: docs/bundle.md says what is in it.

const TILE = 256;
const FORMAT = 'lading.bundle.v1';

/** `lading.json`, the first member. Nothing of it is proved: what is proved stands in the checkpoints. */
interface BundleHeader {
  readonly format: typeof FORMAT;
  /** All events from the first on, or some with a proof each. */
  readonly kind: 'whole' | 'selection';
  readonly ledger: string;
  /** Of the ledger: how many events it has, or had of which these were selected. */
  readonly size: number;
  /** What was asked for. */
  readonly selection?: Readonly<Record<string, string>>;
}

interface Written extends Omit<BundleHeader, 'format'> {
  /** Verifier keys of the ledger and its witnesses, a line each. */
  readonly keys: readonly string[];
}

const HEADER = 'lading.json';
const KEYS = 'keys';
const CHECKPOINT = 'checkpoint';
const PROOF = /^events\/(\d{16})\.tlog-proof$/;

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

function* opening({ keys, ...header }: Written): Generator<Buffer> {
  yield tarMember({ name: HEADER, bytes: json({ format: FORMAT, ...header }) });
  yield tarMember({ name: KEYS, bytes: Buffer.from(keys.map((key) => `${key}\n`).join('')) });
}

/**
 * A whole ledger up to `size` events as an archive, of what a source gives. Unpacked it is a log of C2SP as static files.
 *
 * @throws {Malformed} when an event is missing, or what is there cannot be read
 */
export async function* wholeArchive(written: Written, items: AsyncIterable<Item>): AsyncGenerator<Buffer> {
  yield* opening(written);
  const tree = new GrowingTree();
  let entries: Uint8Array[] = [];
  let newest: Uint8Array | undefined;
  for await (const item of items) {
    if (item.kind === 'broken' || item.kind === 'damaged') throw new Malformed(item.why);
    if (item.kind === 'hashes' || item.kind === 'roots') continue;
    if (item.kind === 'checkpoint') {
      if (sizeIn(item.note) > written.size) continue;
      // Its events are not written yet, so it stands before them.
      newest = item.note;
      yield tarMember({ name: `checkpoints/${sizeIn(item.note)}`, bytes: item.note });
      continue;
    }
    if (item.first !== tree.size + 1) throw new Malformed(`after event ${tree.size} comes event ${item.first}`);
    for (const bytes of item.entries) {
      if (tree.size === written.size) break;
      entries.push(bytes);
      tree.append(leafDigest(bytes));
      if (entries.length < TILE) continue;
      yield* bundleAndTiles(entries, tree, false);
      entries = [];
    }
  }
  yield* bundleAndTiles(entries, tree, true);
  if (newest !== undefined) yield tarMember({ name: CHECKPOINT, bytes: newest });
  yield TAR_END;
}

function* bundleAndTiles(entries: readonly Uint8Array[], tree: GrowingTree, atEnd: boolean): Generator<Buffer> {
  const index = Math.floor((tree.size - 1) / TILE);
  if (entries.length > 0)
    yield tarMember({
      name: tilePath({ level: 'entries', index, width: entries.length }),
      bytes: entryBundle(entries),
    });
  // Without new entries, the full tiles were written with the last ones.
  for (const { level, index: tile, hashes } of tree.tiles(atEnd))
    if (entries.length > 0 || hashes.length < TILE * 32)
      yield tarMember({ name: tilePath({ level, index: tile, width: hashes.length / 32 }), bytes: hashes });
}

/** Some events of a ledger as an archive: each is evidence by itself. */
export async function* selectionArchive(
  written: Written,
  checkpoint: Uint8Array,
  proofs: AsyncIterable<{ readonly sequence: number; readonly proof: Uint8Array }>,
): AsyncGenerator<Buffer> {
  yield* opening(written);
  yield tarMember({ name: CHECKPOINT, bytes: checkpoint });
  for await (const { sequence, proof } of proofs)
    yield tarMember({ name: `events/${String(sequence).padStart(16, '0')}.tlog-proof`, bytes: proof });
  yield TAR_END;
}

/** The archive, compressed. */
export const compressed = (archive: AsyncIterable<Buffer>): Readable =>
  pipeline(archive, createGzip(), () => undefined);

/** A member of a selection: an event with its proof. */
export interface Proof {
  readonly kind: 'proof';
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

interface OpenBundle {
  readonly header: BundleHeader;
  /** What the bundle says: who verifies has them from somewhere else. */
  readonly keys: readonly string[];
  readonly items: AsyncGenerator<Item | Proof>;
}

/** What makes a file a bundle: that it is compressed by gzip. An export in lines begins with a brace. */
export const isBundle = (begin: Uint8Array): boolean => begin[0] === 0x1f && begin[1] === 0x8b;

/** @throws {Malformed} when the file is no bundle @throws {EndsEarly} when not even its header is there */
export async function openBundle(file: Readable): Promise<OpenBundle> {
  const members = tarMembers(unpacked(file));
  const header = await members.next();
  if (header.done === true || header.value.name !== HEADER)
    throw new Malformed(`the first member of a bundle is ${HEADER}`);
  const read = parseHeader(header.value.bytes);
  const keys = await members.next();
  if (keys.done === true || keys.value.name !== KEYS) throw new Malformed(`the second member of a bundle is ${KEYS}`);
  const lines = textOf(keys.value.bytes)
    .split('\n')
    .filter((line) => line !== '');
  return { header: read, keys: lines, items: itemsIn(members, read) };
}

/** @throws {Malformed} */
function parseHeader(bytes: Uint8Array): BundleHeader {
  let header: Partial<BundleHeader> = {};
  try {
    header = JSON.parse(textOf(bytes)) as Partial<BundleHeader>;
  } catch {
    // Said below.
  }
  const { format, kind, ledger, size } = header;
  if ((format as string | undefined) !== FORMAT || ledger === undefined || !Number.isSafeInteger(size))
    throw new Malformed(`${HEADER} is no header of a bundle of the format ${FORMAT}`);
  if (kind !== 'whole' && kind !== 'selection')
    throw new Malformed(`a bundle is whole or a selection, not ${String(kind)}`);
  return header as BundleHeader;
}

/** What is compressed was changed: as much as is unpacked at once is not there, and where in it is not known. */
class Unreadable extends Malformed {}

/** Says of a file that was cut off, or changed, what each is. */
async function* unpacked(file: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 262_144 });
  pipeline(file, gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new EndsEarly('the file ends before the end of what is compressed in it');
    if (code === 'Z_DATA_ERROR') {
      const { message } = error as Error;
      const isNone = message === 'incorrect header check';
      if (isNone) throw new Malformed('the file is no bundle: it is not compressed by gzip');
      throw new Unreadable(`the file was changed since it was written (${message})`);
    }
    throw error;
  }
}

async function* itemsIn(members: AsyncIterable<Member>, { kind, size }: BundleHeader): AsyncGenerator<Item | Proof> {
  let [after, covered] = [0, 0];
  let newest: Uint8Array | undefined;
  try {
    for await (const { name, bytes: read } of members) {
      // What is cut out of it is a buffer then, too, which Node reads texts from at once.
      const bytes = Buffer.from(read.buffer, read.byteOffset, read.length);
      const proof = PROOF.exec(name)?.[1];
      if (name === CHECKPOINT || name.startsWith('checkpoints/')) {
        // The newest one of a whole ledger stands there once more, where a client looks for it.
        if (newest !== undefined && sameBytes(newest, bytes)) continue;
        newest = bytes;
        covered = Math.max(covered, sizeIn(bytes));
        yield { kind: 'checkpoint', note: bytes };
      } else if (name.startsWith('tile/')) {
        const item = tileIn(name, bytes, after);
        if (item.kind === 'entries') after += item.entries.length;
        yield item;
      } else if (proof !== undefined) yield { kind: 'proof', sequence: Number(proof), bytes };
    }
  } catch (error) {
    if (error instanceof EndsEarly) yield { kind: 'broken', why: error.message };
    else if (error instanceof Unreadable) yield { kind: 'damaged', why: error.message, ...until(after, size) };
    else if (error instanceof Malformed) yield { kind: 'damaged', why: error.message };
    else throw error;
    return;
  }
  if (kind === 'whole' && after < size && covered < size)
    yield { kind: 'broken', why: `the bundle says that it has ${counted(size, 'event')}, and ends after ${after}` };
}

/** The events that were not read; the last one, when all were. */
const until = (after: number, size: number) => ({ first: Math.max(1, Math.min(after + 1, size)), last: size });

/** @throws {Malformed} when it is no tile, or a bundle of entries in the wrong place */
function tileIn(name: string, bytes: Uint8Array, after: number): Entries | Extract<Item, { kind: 'hashes' }> {
  const { level, index, width } = parseTilePath(name);
  if (level !== 'entries') return { kind: 'hashes', level, first: index * TILE, hashes: hashesIn(bytes, width) };
  if (index * TILE !== after) throw new Malformed(`${name} stands after event ${after}`);
  return { kind: 'entries', first: after + 1, entries: entriesIn(bytes, width), bundle: bytes };
}
