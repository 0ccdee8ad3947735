/** Sleeps until it is woken; a wake-up that comes while nobody sleeps is kept for the next one who does. */
export class Wake {
  #woken = false;
  #sleeper: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      this.now();
    });
  }

  now(): void {
    this.#woken = true;
    this.#sleeper?.();
  }

  async wait(): Promise<void> {
    if (!this.#woken)
      await new Promise<void>((resolve) => {
        this.#sleeper = resolve;
      });
    this.#sleeper = undefined;
    this.#woken = false;
  }
}
