import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { UserError } from './exitCodes.ts';
import { reasonOf } from './client.ts';
import { elementsOf } from './jsonElements.ts';
import { say } from './terminal.ts';

/** One event of a file. Its text is sent to the ledger unchanged; only line feeds between its tokens become blanks. */
export interface FileEvent {
  readonly text: string;
  /** The place of the event in messages: `orders.ndjson:17`. */
  readonly where: string;
}

/** A larger file is read line by line, so it must be NDJSON. */
const WHOLE_FILE_BYTES = 64 * 1024 * 1024;
const LF = 0x0a;
/** Only these are white space in JSON. */
const BLANK = /^[ \t\r]*$/;

/**
 * The events of a file, or of standard input (`-`): one event, a JSON array of them, or one a line (NDJSON).
 * @throws UserError when it cannot be read or is not UTF-8. A file is checked as a whole before its first event is given.
 */
export async function* readEvents(file: string): AsyncGenerator<FileEvent, void> {
  const name = file === '-' ? '(stdin)' : file;
  const size = file === '-' ? 0 : await sizeOf(file);
  if (size > WHOLE_FILE_BYTES) {
    for await (const line of linesIn(file)) decode(line.bytes, name, line);
    return yield* eventsIn(decoded(file, name), name);
  }

  const bytes = file === '-' ? await readStdin() : await readWhole(file);
  const lines = [...splitLines(bytes)].map((line) => decode(line.bytes, name, line));
  const text = lines.join('\n').replace(/^\uFEFF/, '');
  if (BLANK.test(text.replaceAll('\n', '')))
    throw new UserError(`${name} is empty: it should hold one event, an array of events, or one event a line.`);
  const isArray = isWhole(text, name);
  if (isArray === undefined) return yield* eventsIn(lines, name);
  if (lines[0]?.startsWith('\uFEFF')) sayByteOrderMark(name);
  const elements = isArray ? elementsOf(text, text.indexOf('[')) : [text];
  for (const [index, event] of elements.entries())
    yield { text: event.replaceAll('\n', ' '), where: `${name}[${index}]` };
}

async function* eventsIn(
  lines: Iterable<string> | AsyncIterable<string>,
  name: string,
): AsyncGenerator<FileEvent, void> {
  let number = 0;
  let blank = 0;
  for await (const given of lines) {
    number += 1;
    const line = number === 1 ? given.replace(/^\uFEFF/, '') : given;
    if (line !== given) sayByteOrderMark(name);
    if (BLANK.test(line)) blank += 1;
    else yield { text: line, where: `${name}:${number}` };
  }
  if (blank > 0) say(`${name}: ${blank} blank ${blank === 1 ? 'line was' : 'lines were'} passed over.`);
}

function sayByteOrderMark(name: string): void {
  say(`${name}: the byte order mark at its beginning was passed over.`);
}

interface Line {
  readonly bytes: Uint8Array;
  readonly number: number;
  /** Where the line begins in the file, in bytes. */
  readonly offset: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws UserError that names the first byte which is not UTF-8 */
function decode(bytes: Uint8Array, name: string, { number, offset }: Omit<Line, 'bytes'>): string {
  try {
    return utf8.decode(bytes);
  } catch {
    // The text up to the first wrong byte comes back with the same bytes.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const right = Buffer.from(text);
    const at = bytes.findIndex((byte, index) => byte !== right[index]);
    throw new UserError(
      `${name}:${number} is not UTF-8 at byte ${offset + Math.max(0, at) + 1} of the file: save it as UTF-8. Nothing of it was sent.`,
    );
  }
}

/** Splits at line feeds alone. A line feed at the end begins no further line. */
function* splitLines(bytes: Uint8Array): Generator<Line> {
  let [number, offset] = [0, 0];
  while (offset < bytes.length) {
    const end = bytes.indexOf(LF, offset);
    const next = end === -1 ? bytes.length : end;
    number += 1;
    yield { bytes: bytes.subarray(offset, next), number, offset };
    offset = next + 1;
  }
}

/** The lines of a large file, a piece at a time. */
async function* linesIn(file: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let [number, offset] = [0, 0];
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.lastIndexOf(LF) + 1;
    for (const line of splitLines(bytes.subarray(0, whole)))
      yield { bytes: line.bytes, number: number + line.number, offset: offset + line.offset };
    number += bytes.subarray(0, whole).filter((byte) => byte === LF).length;
    offset += whole;
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) yield { bytes: rest, number: number + 1, offset };
}

async function* decoded(file: string, name: string): AsyncGenerator<string> {
  for await (const line of linesIn(file)) yield decode(line.bytes, name, line);
}

/** Whether the text is one JSON value, and that an array; undefined if it is not one: NDJSON, or broken JSON, whose place the ledger reports. */
function isWhole(text: string, name: string): boolean | undefined {
  const startsArray = /^\s*\[/.test(text);
  try {
    JSON.parse(text);
    return startsArray;
  } catch (error) {
    // Without this check a broken array would be reported as a thousand broken lines.
    if (startsArray) throw new UserError(`The array of events in ${name} is not JSON: ${reasonOf(error)}`);
    return undefined;
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => {
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  });
  if (found.isDirectory()) throw new UserError(`${file} is a folder: name the files in it`);
  return found.size;
}

/** Whoever may see that a file is there may still not read it. */
async function readWhole(file: string): Promise<Buffer> {
  return await readFile(file).catch((error: unknown) => {
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  });
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
