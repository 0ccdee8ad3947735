import { isUtf8 } from 'node:buffer';
import { Malformed } from '#proofs/text';
import { Tampered } from './verdict.ts';

/** What an event says of itself. */
type Told = Readonly<Record<string, unknown>>;

/** What stands in the place of an event. @throws {Tampered} when it is no event, or not that one */
export function readTold(bytes: Uint8Array, ledger: string, sequence: number): Told {
  const wrong = (what: string) => new Tampered({ first: sequence, what: `what stands there ${what}` });
  let told: Told;
  try {
    told = parseTold(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw wrong(`is no event: ${error.message}`);
  }
  if (told.ledger !== ledger) throw wrong(`says that it is of ledger ${String(told.ledger)}`);
  const says = sequenceIn(told);
  if (says !== sequence) throw wrong(`says that it is event ${says ?? 'without a sequence'}`);
  return told;
}

const PLAIN = '[^"\\\\\\x00-\\x1f]*';
const ESCAPED = `${PLAIN}(?:\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4})${PLAIN})*`;

/**
 * JSON as the ledger writes an event, whole, as one expression: no blanks, and keys without escapes, so that a key is said in one way
 * only. Those that count stand there once; the moves are its third group.
 */
function eventOf(text: typeof PLAIN | typeof ESCAPED): RegExp {
  const scalar = `"${text}"|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`;
  /** After a member of an object or a list: a comma before the next one, or the end. */
  const next = (end: string) => `(?:,(?!\\${end})|(?=\\${end}))`;
  const member = (value: string, not = '') => `"${not}${PLAIN}":(?:${value})${next('}')}`;
  const list = (value: string) => `\\[(?:(?:${value})${next(']')})*\\]`;
  const value = (depth: number): string =>
    depth === 0 ? scalar : `${scalar}|\\{(?:${member(value(depth - 1))})*\\}|${list(value(depth - 1))}`;
  const others = `(?:"(?!ledger"|sequence"|data")${PLAIN}":(?:${scalar}),)*`;
  const fields = `(?:${member(value(5), '(?!moves")')})*`;
  return new RegExp(
    `^\\{${others}"ledger":"(${PLAIN})","sequence":"(\\d{16})",${others}` +
      `"data":\\{${fields}(?:"moves":(${list(value(3))})${next('}')}${fields})?\\}\\}$`,
  );
}

/** Most events have no escape, and this one takes half of the time. */
const PLAIN_EVENT = eventOf(PLAIN);
const EVENT = eventOf(ESCAPED);

/**
 * The moves of an event, as the text that stands in it, when it is written as the ledger writes it and says that it is that one: in a
 * third of the time that it takes to parse it. Empty when it has none. Undefined when it is something else, or cannot be told at once.
 */
export function movesAtOnce(bytes: Uint8Array, ledger: string, sequence: number): string | undefined {
  const text = textIn(bytes);
  // What is no UTF-8 became this character, and to look for it costs less.
  if (text.includes('\ufffd') && !isUtf8(bytes)) return undefined;
  const found = (text.includes('\\') ? EVENT : PLAIN_EVENT).exec(text);
  return found?.[1] === ledger && Number(found[2]) === sequence ? (found[3] ?? '') : undefined;
}

const textIn = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString('utf8');

/** @throws {Malformed} when the bytes are no JSON object */
export function parseTold(bytes: Uint8Array): Told {
  if (!isUtf8(bytes)) throw new Malformed('it is not UTF-8');
  let read: unknown;
  try {
    read = JSON.parse(textIn(bytes));
  } catch {
    throw new Malformed('it is not JSON');
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new Malformed('it is no JSON object');
  return read as Told;
}

/** What it says its sequence is; undefined when it says none. */
export const sequenceIn = ({ sequence }: Told): number | undefined =>
  typeof sequence === 'string' && /^\d{16}$/.test(sequence) ? Number(sequence) : undefined;

/** What it says that it moves. */
export const movesIn = ({ data }: Told): unknown =>
  typeof data === 'object' && data !== null ? (data as Told).moves : undefined;
