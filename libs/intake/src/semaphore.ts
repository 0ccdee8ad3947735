/** Lets a bounded number of tasks run at once, started in order. */
export class Semaphore {
  #running = 0;
  #waiting: (() => void) | undefined;

  constructor(private readonly permits: number) {}

  /** Starts a task when there is room, and resolves as soon as it has started, to the promise of its result. */
  async start<T>(task: () => Promise<T> | T): Promise<{ readonly result: Promise<T> }> {
    while (this.#running >= this.permits) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    this.#running++;
    const result = Promise.resolve(task()).finally(() => {
      this.#running--;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.();
    });
    return { result };
  }
}
