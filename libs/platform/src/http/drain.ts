import { Injectable } from '@nestjs/common';

/** Lets a process stop without cutting off the answers that it has begun. */
@Injectable()
export class Drain {
  readonly #controller = new AbortController();
  #inFlight = 0;
  #emptied: (() => void) | undefined;

  /** Aborted when the process is about to stop. Answers that never end by themselves, such as streams of events, end then. */
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

  /** Resolves when no request is being answered any more, and after `patienceMs` at the latest. */
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
