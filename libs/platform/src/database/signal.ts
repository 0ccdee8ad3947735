/**
 * Lets one waiter sleep until somebody says that there is something to do. Setting it while nobody waits is remembered, so the
 * next wait ends at once: nothing that happens between a look and a wait is missed.
 */
export class Signal {
  #isSet = false;
  #awaken: () => void = () => undefined;

  set(): void {
    this.#isSet = true;
    this.#awaken();
  }

  /**
   * Waits until it is set, for at most `milliseconds`, or until `stop` is aborted; then it is no longer set.
   * @returns whether it was set
   */
  async wait(stop?: AbortSignal, milliseconds?: number): Promise<boolean> {
    if (!this.#isSet && stop?.aborted !== true) await this.#sleep(stop, milliseconds);
    const wasSet = this.#isSet;
    this.#isSet = false;
    return wasSet;
  }

  #sleep(stop: AbortSignal | undefined, milliseconds: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop?.removeEventListener('abort', end);
        this.#awaken = () => undefined;
        resolve();
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(end, milliseconds);
      stop?.addEventListener('abort', end);
      this.#awaken = end;
    });
  }
}
