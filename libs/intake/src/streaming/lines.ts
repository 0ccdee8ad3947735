import { Gathered } from '#platform/http/bodies';

/** One line of a stream, without its line end. */
export type StreamLine =
  | { readonly number: number; readonly bytes: Buffer }
  | { readonly number: number; readonly tooLong: true };

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/**
 * Cuts a stream of bytes into lines. It holds at most one unfinished line, of `limit` bytes at most. Of a longer line nothing
 * is kept: it is reported as too long, and the next line is read as usual. Blank lines are skipped, but counted.
 */
export class Lines {
  readonly #unfinished = new Gathered();
  #length = 0;
  #number = 1;
  #overlong = false;

  /** @param limit - bytes of one line at most */
  constructor(private readonly limit: number) {}

  /** The number of the line that is not finished. */
  get number(): number {
    return this.#number;
  }

  /** Bytes that it holds. */
  get held(): number {
    return this.#unfinished.length;
  }

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<StreamLine> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      start = end + 1;
      // Most lines stand in one chunk, and are not copied.
      if (this.#length === 0 && part.length <= this.limit) {
        const line = lineOf(this.#number++, part);
        if (line !== undefined) yield line;
      } else {
        this.#keep(part);
        yield* this.#take();
      }
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, when the stream ended without a line end after it. */
  *end(): Generator<StreamLine> {
    yield* this.#take();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.limit) {
      this.#overlong = true;
      this.#unfinished.take();
    } else if (part.length > 0) this.#unfinished.add(part);
  }

  *#take(): Generator<StreamLine> {
    const number = this.#number++;
    const overlong = this.#overlong;
    const bytes = this.#unfinished.take();
    this.#overlong = false;
    this.#length = 0;
    const line = overlong ? ({ number, tooLong: true } as const) : lineOf(number, bytes);
    if (line !== undefined) yield line;
  }
}

function lineOf(number: number, whole: Buffer): StreamLine | undefined {
  const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
  return isBlank(bytes) ? undefined : { number, bytes };
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9) return false;
  return true;
}
