/** Lets a bounded number of tasks run at once, started in order. */
export class Window {
  private running = 0;
  private waiting: (() => void) | undefined;

  constructor(private readonly size: number) {}

  /** Starts a task when there is room; resolves as soon as it is started, to its result in the making. */
  async start<T>(task: () => Promise<T> | T): Promise<{ readonly result: Promise<T> }> {
    while (this.running >= this.size) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
    this.running++;
    const result = Promise.resolve(task()).finally(() => {
      this.running--;
      const { waiting } = this;
      this.waiting = undefined;
      waiting?.();
    });
    return { result };
  }
}
