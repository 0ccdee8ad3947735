/**
 * @typedef {object} Life of a process, from one start to its end
 * @property {number} pid
 * @property {Promise<unknown>} exited
 * @property {() => Promise<void>} stop cleanly; also clears up after one that was killed
 */

/** A process of the topology: it may be stopped or killed and started again, with the same address and data. */
export class Member {
  #start;
  /** @type {Life | undefined} */
  #life;

  /**
   * @param {string} name
   * @param {() => Promise<Life>} start
   */
  constructor(name, start) {
    this.name = name;
    this.#start = start;
  }

  async start() {
    this.#life = await this.#start();
  }

  /** Of the life that it lives now; 0 before the first. */
  get pid() {
    return this.#life?.pid ?? 0;
  }

  /** Resolves when the life that it lives now has ended. @returns {Promise<unknown>} */
  get exited() {
    return this.#life?.exited ?? Promise.resolve();
  }

  async stop() {
    await this.#life?.stop();
  }

  /**
   * SIGSTOP freezes it, SIGCONT lets it go on.
   * @param {NodeJS.Signals} signal
   */
  signal(signal) {
    process.kill(this.pid, signal);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill() {
    this.signal('SIGKILL');
    await this.stop();
  }
}
