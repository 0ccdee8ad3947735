import { once } from 'node:events';
import type { Writable } from 'node:stream';

interface Slot {
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
 * Writes results in the order in which they were asked for, whichever comes first. What comes together is written together:
 * the journal answers a whole batch at once, and a write a line would cost more than the line.
 */
export class OrderedResults {
  private readonly slots: Slot[] = [];
  private weight = 0;
  private scheduled = false;
  private waiting: (() => void) | undefined;

  constructor(
    private readonly output: Writable,
    private readonly bounds: Bounds,
  ) {
    output.on('close', () => {
      this.wake();
    });
  }

  /** Takes the place for a result. `result` never rejects; a line end is added to it. */
  add(result: Promise<string> | string, weight: number): void {
    const slot: Slot = { text: typeof result === 'string' ? result : undefined, weight };
    this.slots.push(slot);
    this.weight += weight;
    if (typeof result === 'string') this.schedule();
    else {
      void result.then((text) => {
        slot.text = text;
        this.schedule();
      });
    }
  }

  /** Resolves when another one may be added: there is room, and the one who reads keeps up. False: nobody reads any more. */
  async room(): Promise<boolean> {
    while (this.slots.length >= this.bounds.inFlight || this.weight >= this.bounds.inFlightBytes) await this.progress();
    if (this.output.writableNeedDrain && !this.output.destroyed) await this.drained();
    return !this.output.destroyed;
  }

  /** Whether `room` would have to wait. */
  get full(): boolean {
    return (
      this.slots.length >= this.bounds.inFlight ||
      this.weight >= this.bounds.inFlightBytes ||
      this.output.writableNeedDrain ||
      this.output.destroyed
    );
  }

  /** Resolves when every result is there and was written, or nobody reads any more. */
  async finished(): Promise<void> {
    while (this.slots.length > 0) await this.progress();
  }

  private async progress(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.waiting = resolve;
    });
  }

  private async drained(): Promise<void> {
    const gone = new AbortController();
    const close = (): void => {
      gone.abort();
    };
    this.output.once('close', close);
    await once(this.output, 'drain', { signal: gone.signal }).catch(() => undefined);
    this.output.off('close', close);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    let text = '';
    let done = 0;
    for (const slot of this.slots) {
      if (slot.text === undefined) break;
      text += slot.text + '\n';
      this.weight -= slot.weight;
      done++;
    }
    if (done === 0) return;
    this.slots.splice(0, done);
    if (!this.output.destroyed) this.output.write(text);
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }
}
