import { checksum } from '#proofs/tarMembers';

// POSIX ustar (IEEE Std 1003.1, pax interchange format without its extensions): what every tar reads.

const BLOCK = 512;

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
