/** How long may be worked between two looks at the connections. Milliseconds. */
const TURN_MS = 5;

/** Requests that came when there was no time left for them, in their order. */
const come: (() => void)[] = [];
/** Whose next turn has not begun, in the order in which they gave up their last one. */
const waiting: (() => void)[] = [];
/** When the first piece of work since the last look at the connections began; undefined: there was none yet. */
let began: number | undefined;
/** Whether those that wait will be seen to. */
let isAttended = false;

/**
 * Whether all that was done since the last look at the connections took long enough, whoever did it. One look finds requests of all
 * connections: twenty large events that came at once were read and checked in one go of 260 ms, although each took 13.
 */
function isOver(): boolean {
  const now = performance.now();
  if (began !== undefined) return now - began > TURN_MS;
  began = now;
  attend();
  return false;
}

function attend(): void {
  if (isAttended) return;
  isAttended = true;
  setImmediate(() => {
    isAttended = false;
    beginSome(come, () => {
      beginSome(waiting, () => {
        began = undefined;
        if (come.length + waiting.length > 0) attend();
      });
    });
  });
}

/**
 * Begins what waits until it took as long as one turn may: twenty long ones between two looks at the connections would hold these up
 * for 100 ms, and a look after each of many short ones would be slow.
 */
function beginSome(queue: (() => void)[], then: () => void): void {
  began = performance.now();
  const next = (): void => {
    if (queue.length === 0 || isOver()) {
      then();
      return;
    }
    queue.shift()?.();
    // A tick that is asked for by a microtask comes when all microtasks are done: when this turn is over.
    queueMicrotask(() => {
      process.nextTick(next);
    });
  };
  next();
}

/** Does what a request asks for: at once, or, when there is no time left before the next look at the connections, soon after it. */
export function beginInTime(work: () => void): void {
  if (!isOver()) {
    work();
    return;
  }
  come.push(work);
  attend();
}

/**
 * Divides the work on many events into turns, so that nothing holds up the others. By time, and not by number: an event takes
 * between 10 µs and some milliseconds. All such work of a process has its turns one after the other, a few milliseconds of them
 * between two looks at the connections.
 */
export class Turns {
  /** Whether others should have their turn. */
  get over(): boolean {
    return isOver();
  }

  /** Lets others run, and begins the next turn. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      attend();
    });
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
