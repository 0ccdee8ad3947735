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

/** How the ledger begins every event: flat texts in this order. */
const BEGIN =
  /^\{"specversion":"1[.]0","id":"[^"]*","source":"[^"]*","type":"[^"]*","subject":"[^"]*","time":"[^"]*","datacontenttype":"application\/json","ledger":"([^"]*)","sequence":"(\d{16})","/;

/**
 * Whether an event, written as the ledger writes them, says that it is that one: in a tenth of the time that it takes to parse it. False
 * also where it cannot be told at once, because something is escaped, or could be said twice.
 */
export function isAtOnce(bytes: Uint8Array, ledger: string, sequence: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const [begin = '', said, number] = BEGIN.exec(text) ?? [];
  if (said !== ledger || Number(number) !== sequence || text.includes('\\')) return false;
  return !text.includes('"sequence":"', begin.length) && !text.includes('"ledger":', begin.length);
}

/** @throws {Malformed} when the bytes are no JSON object */
export function parseTold(bytes: Uint8Array): Told {
  if (!isUtf8(bytes)) throw new Malformed('it is not UTF-8');
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
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
