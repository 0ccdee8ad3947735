import { setImmediate } from 'node:timers/promises';

/** How long the events of one request or batch may be worked on before others get their turn. Milliseconds. */
const TURN_MS = 5;

/**
 * Divides the work on many events into turns, so that nothing holds up the others. By time, and not by number: an event takes
 * between 10 µs and some milliseconds.
 */
export class Turns {
  #began = performance.now();

  /** Whether this turn was long enough. */
  get over(): boolean {
    return performance.now() - this.#began > TURN_MS;
  }

  /** Lets others run, and begins the next turn. */
  async next(): Promise<void> {
    await setImmediate();
    this.#began = performance.now();
  }

  /** Does all steps of some work. */
  async through(steps: Iterable<unknown>): Promise<void> {
    for (const _ of steps) if (this.over) await this.next();
  }
}

/** The bytes of a long text that is made piece by piece, in turns. Each turn's pieces become bytes at once, so that no long string is kept. */
export async function bytesOf(pieces: Iterable<string>): Promise<Buffer> {
  const turns = new Turns();
  const bytes: Buffer[] = [];
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (!turns.over) continue;
    bytes.push(Buffer.from(text));
    text = '';
    await turns.next();
  }
  return Buffer.concat([...bytes, Buffer.from(text)]);
}
