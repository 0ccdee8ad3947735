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
  #parts: Buffer[] = [];
  #length = 0;
  #number = 1;
  #overlong = false;

  /** @param limit - bytes of one line at most */
  constructor(private readonly limit: number) {}

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<StreamLine> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      yield* this.#take();
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
      this.#parts = [];
    } else if (part.length > 0) this.#parts.push(part);
  }

  *#take(): Generator<StreamLine> {
    const number = this.#number++;
    const overlong = this.#overlong;
    const parts = this.#parts;
    this.#overlong = false;
    this.#parts = [];
    this.#length = 0;
    if (overlong) {
      yield { number, tooLong: true };
      return;
    }
    const [only] = parts;
    if (only === undefined) return;
    const whole = parts.length === 1 ? only : Buffer.concat(parts);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (!isBlank(bytes)) yield { number, bytes };
  }
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9) return false;
  return true;
}
