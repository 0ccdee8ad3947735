import { Malformed } from '#proofs/text';

// POSIX ustar (IEEE Std 1003.1, pax interchange format without its extensions): what every tar reads.

const BLOCK = 512;
/** An entry bundle of 256 entries of 65,535 bytes, each after its length, and no more. */
const MAX_MEMBER = 256 * 65_537;

export interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The archive ends where more should come: it was cut off, or is still being written. */
export class EndsEarly extends Error {
  override readonly name = 'EndsEarly';
}

/** A file of the archive, as it stands there. The same name and bytes are the same blocks: no time, no user. */
export function tarMember({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long for the name of a member`);
  const blocks = Buffer.alloc(BLOCK + Math.ceil(bytes.length / BLOCK) * BLOCK);
  blocks.write(name, 0);
  const number = (value: number, at: number, digits: number) =>
    blocks.write(value.toString(8).padStart(digits, '0'), at);
  number(0o644, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(bytes.length, 124, 11);
  number(0, 136, 11);
  blocks.write('0', 156);
  blocks.write('ustar\u000000', 257);
  number(checksum(blocks), 148, 6);
  blocks.write('\0 ', 154);
  blocks.set(bytes, BLOCK);
  return blocks;
}

/** Two empty blocks. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** The sum of the header's bytes, with blanks in the place of the sum. */
function checksum(header: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += header[at] ?? 0;
  return sum;
}

/**
 * The members of an archive that `tarMember` wrote, or any tar that writes plain files.
 *
 * @throws {EndsEarly} when the archive ends before its end is marked
 * @throws {Malformed} when it is not such an archive
 */
export async function* tarMembers(source: AsyncIterable<Buffer>): AsyncGenerator<Member> {
  const reader = new BlockReader(source);
  for (;;) {
    const header = await reader.take(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const { name, size, isFile } = parseHeader(header);
    const bytes = (await reader.take(Math.ceil(size / BLOCK) * BLOCK)).subarray(0, size);
    if (isFile) yield { name, bytes };
  }
}

function parseHeader(header: Buffer): { name: string; size: number; isFile: boolean } {
  const text = (from: number, length: number) =>
    header
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
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
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async take(bytes: number): Promise<Buffer> {
    if (this.#rest.length < bytes) return this.#gathered(bytes);
    const piece = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return piece;
  }

  /** A piece that is in several chunks. */
  async #gathered(bytes: number): Promise<Buffer> {
    const piece = Buffer.allocUnsafe(bytes);
    let have = 0;
    for (;;) {
      const taken = this.#rest.copy(piece, have);
      have += taken;
      this.#rest = this.#rest.subarray(taken);
      if (have === bytes) return piece;
      const next = await this.#chunks.next();
      if (next.done === true) throw new EndsEarly('the archive ends before its end is marked');
      this.#rest = next.value;
    }
  }
}
