import { type Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUTHORIZATION, PATH } from '#test/topology/startTopology';

interface Sighting {
  readonly sequence: number;
  /** Of `performance.now()`, when the answer was here. */
  readonly at: number;
}

/**
 * Looks at a party's holdings over HTTP, again and again, and notes up to which sequence each answer stands. Each look asks for the
 * next sequence (`min-sequence`), so the service answers as soon as there is anything new, and never before it is in the rows.
 */
export class Sightings {
  readonly #seen: Sighting[] = [{ sequence: 0, at: 0 }];
  readonly #url: string;
  readonly #agent: Agent;
  #watching: Promise<void> | undefined;
  #stopped = false;

  constructor(queryUrl: string, agent: Agent) {
    this.#url = `${queryUrl}${PATH}/holdings?owner=tesla&item=H100&groupBy=stage`;
    this.#agent = agent;
  }

  /** The last sequence that was seen. */
  get sequence(): number {
    return this.#seen.at(-1)?.sequence ?? 0;
  }

  watch(): void {
    this.#watching = this.#watch();
    this.#watching.catch(() => undefined);
  }

  /** Resolves when this sequence was seen. */
  async reach(sequence: number, milliseconds: number): Promise<void> {
    const deadline = Date.now() + milliseconds;
    while (this.sequence < sequence && Date.now() < deadline) await sleep(10);
    if (this.sequence < sequence) throw new Error(`seen up to ${this.sequence}, not up to ${sequence}`);
  }

  /** Looks no more. */
  async end(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  /** When a sequence was there for the first time. */
  at(sequence: number): number {
    let [low, high] = [0, this.#seen.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seen[middle]?.sequence ?? 0) < sequence) low = middle + 1;
      else high = middle;
    }
    return this.#seen[low]?.at ?? Infinity;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const { status, sequence } = await this.#look(this.sequence + 1);
      if (status === 200) this.#seen.push({ sequence, at: performance.now() });
      // Nothing new within the patience of the service.
      else if (status !== 503) throw new Error(`the holdings were answered ${status}`);
    }
  }

  #look(sequence: number): Promise<{ status: number | undefined; sequence: number }> {
    return new Promise((resolve, reject) => {
      const url = `${this.#url}&min-sequence=${sequence}`;
      get(url, { agent: this.#agent, headers: AUTHORIZATION }, (response) => {
        response.resume();
        response.once('end', () => {
          resolve({ status: response.statusCode, sequence: Number(response.headers['lading-sequence']) });
        });
      }).once('error', reject);
    });
  }
}
