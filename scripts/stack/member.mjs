/**
 * @typedef {object} Life one run of a process, from its start to its end
 * @property {number} pid
 * @property {Promise<unknown>} exited
 * @property {() => Promise<void>} stop ends it cleanly, or clears up after it was killed
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

  /** The process id of the current run; 0 before the first start. */
  get pid() {
    return this.#life?.pid ?? 0;
  }

  /** Resolves when the current run has ended. @returns {Promise<unknown>} */
  get exited() {
    return this.#life?.exited ?? Promise.resolve();
  }

  async stop() {
    await this.#life?.stop();
  }

  /**
   * Sends a signal: SIGSTOP freezes the process, SIGCONT continues it.
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
