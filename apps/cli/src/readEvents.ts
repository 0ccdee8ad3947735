import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UserError } from './exitCodes.ts';
import { reasonOf } from './client.ts';

/** One event of a file. Its text is sent to the ledger unchanged. */
export interface FileEvent {
  readonly text: string;
  /** The place of the event in messages: `orders.ndjson:17`. */
  readonly where: string;
}

/** A larger file is read line by line, so it must be NDJSON. */
const WHOLE_FILE_BYTES = 64 * 1024 * 1024;

/** The events of a file, or of standard input (`-`): one event, a JSON array of them, or one a line (NDJSON). */
export async function* readEvents(file: string): AsyncGenerator<FileEvent, void> {
  const name = file === '-' ? '(stdin)' : file;
  const size = file === '-' ? 0 : await sizeOf(file);
  if (size > WHOLE_FILE_BYTES) return yield* linesOf(createInterface({ input: createReadStream(file) }), name);

  const text = file === '-' ? await readStdin() : await readFile(file, 'utf8');
  if (text.trim() === '')
    throw new UserError(`${name} is empty: it should hold one event, an array of events, or one event a line.`);
  const whole = parseWhole(text);
  if (whole === undefined) return yield* linesOf(text.split('\n'), name);
  const events = Array.isArray(whole) ? whole : [whole];
  for (const [index, event] of events.entries()) yield { text: JSON.stringify(event), where: `${name}[${index}]` };
}

async function* linesOf(
  lines: Iterable<string> | AsyncIterable<string>,
  name: string,
): AsyncGenerator<FileEvent, void> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() !== '') yield { text: line.trim(), where: `${name}:${number}` };
  }
}

/** The text parsed as one JSON value; undefined if it is not one: NDJSON, or broken JSON, whose place the ledger reports. */
function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const first = text.trimStart();
    // Without this check a broken array would be reported as a thousand broken lines.
    if (first.startsWith('[')) throw new UserError(`The array of events is not JSON: ${reasonOf(error)}`);
    return undefined;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const { size } = await stat(file);
    return size;
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${reasonOf(error)}`);
  }
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
