import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Digest } from '#proofs/compactRange';
import type { Hash } from '#proofs/primitives';
import { hashFrom, Malformed, toBase64 } from '#proofs/text';
import type { EarlierRun, Marks } from './earlierRun.ts';

const FORMAT = 'lading.audit.v1';
const MARK = 4;
/** Marks that are read at once. */
const READ = 16_384;

/** What a run leaves behind for the next one: a file of JSON, and beside it one with four bytes of each leaf. */
interface Kept {
  readonly format: typeof FORMAT;
  readonly ledger: string;
  /** Verifier keys: who runs it again need not name them again. */
  readonly keys: readonly string[];
  readonly witnesses: readonly string[];
  readonly checkpoint?: string;
  readonly stood?: {
    readonly size: number;
    readonly roots: readonly string[];
    /** Absent when the moves were not folded. */
    readonly balances?: readonly (readonly [string, number])[];
  };
}

interface Standing extends Pick<Kept, 'ledger' | 'keys' | 'witnesses'> {
  readonly checkpoint: Uint8Array | undefined;
  readonly size: number;
  readonly roots: readonly Hash[];
  readonly balances: Iterable<readonly [string, number]> | undefined;
}

/** @throws {Malformed} when the file is not what an earlier run wrote */
export class EarlierFile implements EarlierRun {
  readonly marks: LeafMarks;
  readonly #path: string;
  readonly #kept: Kept | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#kept = read(path);
    mkdirSync(dirname(path), { recursive: true });
    this.marks = new LeafMarks(`${path}.marks`);
  }

  get exists(): boolean {
    return this.#kept !== undefined;
  }

  get ledger(): string | undefined {
    return this.#kept?.ledger;
  }

  get keys(): readonly string[] {
    return this.#kept?.keys ?? [];
  }

  get witnesses(): readonly string[] {
    return this.#kept?.witnesses ?? [];
  }

  get checkpoint(): Uint8Array | undefined {
    return this.#kept?.checkpoint === undefined ? undefined : Buffer.from(this.#kept.checkpoint);
  }

  get stood(): EarlierRun['stood'] {
    const stood = this.#kept?.stood;
    if (stood === undefined) return undefined;
    const roots = stood.roots.map((root) => hashFrom(root, 'a hash of the tree'));
    return { size: stood.size, roots, balances: stood.balances };
  }

  /** Keeps where this run stands. What a newer checkpoint does not cover stays as an earlier run left it. */
  save({ ledger, keys, witnesses, checkpoint = this.checkpoint, size, roots, balances }: Standing): void {
    const kept: Kept = {
      format: FORMAT,
      ledger,
      keys,
      witnesses,
      ...(checkpoint && { checkpoint: Buffer.from(checkpoint).toString('utf8') }),
      stood: { size, roots: roots.map(toBase64), ...(balances && { balances: [...balances] }) },
    };
    const beside = `${this.#path}.${process.pid}.tmp`;
    const file = openSync(beside, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(kept)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, this.#path);
  }

  close(): void {
    this.marks.close();
  }
}

function read(path: string): Kept | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const kept = JSON.parse(text) as Partial<Kept>;
    if (kept.format === FORMAT && typeof kept.ledger === 'string') return kept as Kept;
  } catch {
    // Said below.
  }
  throw new Malformed(`${path} is not what an earlier run left behind: move it away to begin anew`);
}

/** Four bytes of each leaf that a checkpoint covers, in a file; zeros where a run did not read it. */
class LeafMarks implements Marks {
  readonly #file: number;
  #count: number;
  #read: Buffer = Buffer.alloc(0);
  #readFrom = 0;
  /** Of events that no checkpoint covers yet. */
  #waiting: number[] = [];
  #waitingFrom = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'a+', 0o600);
    this.#count = Math.floor(fstatSync(this.#file).size / MARK);
  }

  differs(sequence: number, leaf: Digest): boolean | undefined {
    if (sequence > this.#count) return undefined;
    const mark = this.#markOf(sequence - 1);
    return mark === 0 ? undefined : mark !== markIn(leaf);
  }

  add(sequence: number, leaf: Digest): void {
    if (sequence <= this.#count) return;
    if (this.#waiting.length === 0) this.#waitingFrom = sequence;
    this.#waiting.push(markIn(leaf));
  }

  cover(size: number): void {
    if (size <= this.#count || this.#waiting.length === 0) return;
    const marks = this.#waiting.splice(0, size - this.#waitingFrom + 1);
    if (marks.length === 0) return;
    const gap = this.#waitingFrom - 1 - this.#count;
    const bytes = Buffer.alloc((gap + marks.length) * MARK);
    for (const [i, mark] of marks.entries()) bytes.writeUInt32BE(mark, (gap + i) * MARK);
    writeSync(this.#file, bytes);
    this.#count += gap + marks.length;
    this.#waitingFrom += marks.length;
  }

  close(): void {
    closeSync(this.#file);
  }

  #markOf(index: number): number {
    const at = index - this.#readFrom;
    if (at < 0 || (at + 1) * MARK > this.#read.length) {
      const bytes = Buffer.alloc(READ * MARK);
      const length = readSync(this.#file, bytes, 0, bytes.length, index * MARK);
      this.#read = bytes.subarray(0, length);
      this.#readFrom = index;
      return this.#read.readUInt32BE(0);
    }
    return this.#read.readUInt32BE(at * MARK);
  }
}

const markIn = (leaf: Digest): number =>
  ((leaf.charCodeAt(0) << 24) | (leaf.charCodeAt(1) << 16) | (leaf.charCodeAt(2) << 8) | leaf.charCodeAt(3)) >>> 0;
