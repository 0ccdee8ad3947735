/** How long the events of one request or batch may be worked on before others get their turn. Milliseconds. */
const TURN_MS = 5;

/** Whose next turn has not begun, in the order in which they gave up their last one. */
const waiting: (() => void)[] = [];
/** Whether those that wait will be seen to: their round is coming, or goes on. */
let isAttended = false;

function attend(): void {
  isAttended = true;
  setImmediate(() => {
    beginTurns(performance.now());
  });
}

/**
 * Begins turns until those of this round took as long as one may: twenty long ones between two looks at the connections would hold
 * these up for 100 ms, and a round for each of many short ones would be slow.
 */
function beginTurns(began: number): void {
  waiting.shift()?.();
  // A tick that is asked for by a microtask comes when all microtasks are done: when this turn is over.
  queueMicrotask(() => {
    process.nextTick(() => {
      if (waiting.length === 0) isAttended = false;
      else if (performance.now() - began > TURN_MS) attend();
      else beginTurns(began);
    });
  });
}

/**
 * Divides the work on many events into turns, so that nothing holds up the others. By time, and not by number: an event takes
 * between 10 µs and some milliseconds. All such work of a process has its turns one after the other, a few milliseconds of them
 * between two looks at the connections.
 */
export class Turns {
  #began = performance.now();

  /** Whether this turn was long enough. */
  get over(): boolean {
    return performance.now() - this.#began > TURN_MS;
  }

  /** Lets others run, and begins the next turn. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (!isAttended) attend();
    });
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
