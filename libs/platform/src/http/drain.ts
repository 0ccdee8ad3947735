import { Injectable } from '@nestjs/common';

/** Lets a process stop without breaking off what it has begun to answer. */
@Injectable()
export class Drain {
  readonly #controller = new AbortController();
  #inFlight = 0;
  #emptied: (() => void) | undefined;

  /** Aborted when the process is about to stop: what would never end by itself (a stream of events) ends on it. */
  readonly signal = this.#controller.signal;

  get draining(): boolean {
    return this.signal.aborted;
  }

  begin(): void {
    this.#inFlight++;
  }

  end(): void {
    this.#inFlight--;
    if (this.#inFlight === 0) this.#emptied?.();
  }

  /** Resolves when nothing is being answered any more, after `patienceMs` at the latest. */
  async finish(patienceMs: number): Promise<void> {
    this.#controller.abort();
    if (this.#inFlight === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      timer = setTimeout(resolve, patienceMs);
    });
    clearTimeout(timer);
  }
}
