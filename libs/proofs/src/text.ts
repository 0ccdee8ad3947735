/** A text that is not what it should be. It says where and how, and is never guessed at. */
export class Malformed extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'Malformed';
  }
}

/** `1 event`, `2 events`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {Malformed} when the bytes are not UTF-8 */
export function textOf(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Malformed('it is not UTF-8');
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/**
 * Standard base64 (RFC 4648 §4), as only one encoder writes it: padded, without blanks, the unused bits zero.
 *
 * @throws {Malformed}
 */
export function fromBase64(text: string, what: string): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Said below.
  }
  if (bytes === undefined || toBase64(bytes) !== text) throw new Malformed(`${what} is not canonical base64`);
  return bytes;
}

/** @throws {Malformed} when it is not the base64 of 32 bytes */
export function hashFrom(text: string, what: string): Uint8Array {
  const bytes = fromBase64(text, what);
  if (bytes.length !== 32) throw new Malformed(`${what} has ${bytes.length} bytes, and a hash has 32`);
  return bytes;
}

/** A whole number in ASCII digits, without leading zeros. @throws {Malformed} also when it is beyond 2⁵³ − 1 */
export function numberFrom(text: string, what: string): number {
  if (!/^(0|[1-9][0-9]*)$/.test(text)) throw new Malformed(`${what} is not a whole number without leading zeros`);
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Malformed(`${what} is larger than 2^53 - 1`);
  return number;
}
