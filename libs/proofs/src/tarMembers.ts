import { Malformed } from './text.ts';

// The members of a tar archive, read as they come: on Node and in a browser. POSIX ustar (IEEE Std 1003.1) without extensions.

const BLOCK = 512;
/** An entry bundle of 256 entries of 65,535 bytes, each after its length, and no more. */
const MAX_MEMBER = 256 * 65_537;

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The archive ends where more should come: it was cut off, or is still being written. */
export class EndsEarly extends Error {
  override readonly name = 'EndsEarly';
}

const isEmpty = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** The sum of a header's bytes, with blanks in the place of the sum. */
export function checksum(header: Uint8Array): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return sum;
}

/**
 * The members of an archive of plain files, whichever tar wrote it.
 *
 * @throws {EndsEarly} when the archive ends before its end is marked
 * @throws {Malformed} when it is not such an archive
 */
export async function* tarMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<Member> {
  const reader = new BlockReader(source);
  for (;;) {
    const header = await reader.take(BLOCK);
    if (isEmpty(header)) {
      await reader.end();
      return;
    }
    const { name, size, isFile } = parseHeader(header);
    const bytes = (await reader.take(Math.ceil(size / BLOCK) * BLOCK)).subarray(0, size);
    if (isFile) yield { name, bytes };
  }
}

function parseHeader(header: Uint8Array): { name: string; size: number; isFile: boolean } {
  const text = (from: number, length: number) =>
    new TextDecoder().decode(header.subarray(from, from + length)).replace(/\0.*$/s, '');
  if (parseInt(text(148, 8), 8) !== checksum(header))
    throw new Malformed('a header of the archive does not have its own checksum');
  const size = text(124, 12).trim();
  const isSize = /^[0-7]{1,11}$/.test(size) && parseInt(size, 8) <= MAX_MEMBER;
  if (!isSize) throw new Malformed(`a member of the archive is larger than ${MAX_MEMBER} bytes`);
  const [type, prefix] = [text(156, 1), text(345, 155)];
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`.replace(/^\.\//, '');
  return { name, size: parseInt(size, 8), isFile: type === '0' || type === '' };
}

/** Cuts a stream of chunks into pieces of the sizes that are asked for, without a copy where a piece is in one chunk. */
class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async take(bytes: number): Promise<Uint8Array> {
    if (this.#rest.length < bytes) return this.#gathered(bytes);
    const piece = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return piece;
  }

  /** The second empty block, and the rest: what compresses the archive may have a sum at its end, and is whole only with that. */
  async end(): Promise<void> {
    let rest = await this.take(BLOCK);
    for (;;) {
      if (!isEmpty(rest) || !isEmpty(this.#rest)) throw new Malformed('something stands after the end of the archive');
      const next = await this.#chunks.next();
      if (next.done === true) return;
      rest = next.value;
      this.#rest = new Uint8Array(0);
    }
  }

  /** A piece that is in several chunks. */
  async #gathered(bytes: number): Promise<Uint8Array> {
    const piece = new Uint8Array(bytes);
    let have = 0;
    for (;;) {
      const taken = this.#rest.subarray(0, bytes - have);
      piece.set(taken, have);
      have += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
      if (have === bytes) return piece;
      const next = await this.#chunks.next();
      if (next.done === true) throw new EndsEarly('the archive ends before its end is marked');
      this.#rest = next.value;
    }
  }
}
