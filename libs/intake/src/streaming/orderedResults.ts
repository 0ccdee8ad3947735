import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** The place of one result in the order. */
interface Slot {
  /** Undefined until the result is there. */
  text: string | undefined;
  readonly weight: number;
}

export interface Bounds {
  /** Results that may be awaited at once. */
  readonly inFlight: number;
  /** The sum of their weights. */
  readonly inFlightBytes: number;
}

/**
 * Writes results in the order in which they were asked for, whichever is ready first. Results that are ready at the same time
 * are written together: the journal answers a whole batch at once, and one write for each line would cost more than the line.
 */
export class OrderedResults {
  readonly #slots: Slot[] = [];
  #weight = 0;
  #scheduled = false;
  #waiting: (() => void) | undefined;

  constructor(
    private readonly output: Writable,
    private readonly bounds: Bounds,
    /** Told when results were written, and hold no memory any more. */
    private readonly onWritten: () => void = () => undefined,
  ) {
    output.on('close', () => {
      this.#signal();
    });
  }

  /** Bytes of the lines whose results are not written yet. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether results are awaited. */
  get awaiting(): boolean {
    return this.#slots.length > 0;
  }

  /** Adds a result at the end of the order. `result` never rejects; a line end is added to it. */
  add(result: Promise<string> | string, weight: number): void {
    const slot: Slot = { text: typeof result === 'string' ? result : undefined, weight };
    this.#slots.push(slot);
    this.#weight += weight;
    if (typeof result === 'string') this.#schedule();
    else {
      void result.then((text) => {
        slot.text = text;
        this.#schedule();
      });
    }
  }

  /** Resolves when another result may be added: there is room, and the reader keeps up. False: nobody reads any more. */
  async room(): Promise<boolean> {
    while (this.#slots.length >= this.bounds.inFlight || this.#weight >= this.bounds.inFlightBytes)
      await this.#signalled();
    if (this.output.writableNeedDrain && !this.output.destroyed) await this.#drained();
    return !this.output.destroyed;
  }

  /** Whether `room` would have to wait. */
  get full(): boolean {
    return (
      this.#slots.length >= this.bounds.inFlight ||
      this.#weight >= this.bounds.inFlightBytes ||
      this.output.writableNeedDrain ||
      this.output.destroyed
    );
  }

  /** Resolves when every result was written, or nobody reads any more. */
  async finished(): Promise<void> {
    while (this.#slots.length > 0) await this.#signalled();
  }

  async #signalled(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
  }

  async #drained(): Promise<void> {
    const gone = new AbortController();
    const close = (): void => {
      gone.abort();
    };
    this.output.once('close', close);
    await once(this.output, 'drain', { signal: gone.signal }).catch(() => undefined);
    this.output.off('close', close);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    let text = '';
    let done = 0;
    for (const slot of this.#slots) {
      if (slot.text === undefined) break;
      text += slot.text + '\n';
      this.#weight -= slot.weight;
      done++;
    }
    if (done === 0) return;
    this.#slots.splice(0, done);
    if (!this.output.destroyed) this.output.write(text);
    this.onWritten();
    this.#signal();
  }

  #signal(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
